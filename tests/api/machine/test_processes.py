"""Processes of ours, told apart from those that later take their number."""

import dataclasses
import os
import subprocess
import sys
import time

import pytest

from api.machine import processes
from api.machine.processes import Process


@pytest.fixture
def sleeper():
    """A process in a session of its own, with a child in the same session."""
    with subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo ready; wait"], stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
        processes.end(processes.members_of_session(Process.of(child.pid)) if child.poll() is None else [])


def test_a_process_is_known_by_its_number_and_the_moment_it_began():
    us = Process.of(os.getpid())
    assert us.is_alive()
    assert not dataclasses.replace(us, started=us.started - 1).is_alive()


def test_numbers_of_another_boot_mean_nothing():
    us = dataclasses.replace(Process.of(os.getpid()), boot="yesterday")
    assert not us.is_alive()
    assert processes.members_of_session(us) == []


def test_a_name_with_spaces_and_parentheses_does_not_shift_the_fields(tmp_path):
    program = tmp_path / "x) R 1 (y"
    program.symlink_to(sys.executable)
    with subprocess.Popen([program, "-c", "import time; time.sleep(60)"], stdin=subprocess.DEVNULL) as child:
        assert Process.of(child.pid).is_alive()
        child.kill()


def test_a_worker_that_outlives_its_killed_parent_is_found_by_its_session(sleeper):
    leader = Process.of(sleeper.pid)
    assert len(processes.members_of_session(leader)) == 2
    sleeper.kill()
    sleeper.wait()
    (orphan,) = processes.members_of_session(leader)
    processes.end([orphan])
    assert processes.members_of_session(leader) == []


def test_a_process_that_refuses_to_end_is_killed():
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        began = time.monotonic()
        processes.end([child.pid], patience_s=0.2)
        assert not processes.is_running(child.pid)
        assert time.monotonic() - began < 5
