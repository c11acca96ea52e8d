"""Programs that tests run beside ours: none outlives the tests, however these end."""

import subprocess
import sys
import time
from pathlib import Path

from api.machine.processes import Process
from geo.settings import REPOSITORY

PATIENCE_S = 20.0
# `cat` ends with its input, as tests/opensearch/Node.java does.
OURS = """
import sys, time
from pathlib import Path
from tests.peers import running

with running(["cat"], Path(sys.argv[1]), "cat.log") as beside:
    print(beside.pid, flush=True)
    time.sleep(600)
"""


def test_what_reads_its_input_ends_when_tests_are_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OURS, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as ours:
        assert ours.stdout
        beside = Process.of(int(ours.stdout.readline()))
        assert beside.is_alive()
        ours.kill()
    end = time.monotonic() + PATIENCE_S
    while beside.is_alive() and time.monotonic() < end:
        time.sleep(0.05)
    assert not beside.is_alive()
