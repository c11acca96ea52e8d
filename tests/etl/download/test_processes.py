"""Killed, restarted, twice at once: processes share the archive's folder, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from etl.download import STRUCTURES, fetch, latest
from geo.settings import REPOSITORY
from tests.etl.download.conftest import DAY, TITLE, Calm, a_gzip
from tests.etl.producer import Producer, late, serve, stall

CONTENT = a_gzip(size=2_000_000)
COMMAND = """
import sys
from pathlib import Path
from etl.download import STRUCTURES, obtain
obtain(sys.argv[1], STRUCTURES, Path(sys.argv[2]))
"""


def a_process(producer: Producer, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", COMMAND, producer.url, str(folder)], cwd=REPOSITORY)


def wait_until_it_holds(file: Path, size: int) -> None:
    deadline = time.monotonic() + 60
    while not (file.exists() and file.stat().st_size >= size):
        assert time.monotonic() < deadline, f"{file} n’a pas atteint {size} octets"
        time.sleep(0.02)


def test_a_killed_download_goes_on_where_it_stopped(producer: Producer, folder: Path, calm: Calm) -> None:
    producer.publish(STRUCTURES, DAY, CONTENT)
    producer.next_files(stall(1_500_000))
    process = a_process(producer, folder)
    wait_until_it_holds(folder / f"{TITLE}.partial", 1_000_000)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    had = (folder / f"{TITLE}.partial").stat().st_size
    assert not (folder / TITLE).exists()
    fetch(latest(producer.url, STRUCTURES), folder, None, calm.patience())
    assert (folder / TITLE).read_bytes() == CONTENT
    assert producer.files_asked[-1].headers["Range"] == f"bytes={had}-"
    assert producer.files_asked[-1].sent == len(CONTENT) - had


def test_of_two_processes_at_once_one_downloads_and_both_have_the_file(producer: Producer, folder: Path) -> None:
    producer.publish(STRUCTURES, DAY, CONTENT)
    producer.next_files(late(0.5, serve()))
    both = [a_process(producer, folder) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert (folder / TITLE).read_bytes() == CONTENT
    assert [each.status for each in producer.files_asked] == [200]
