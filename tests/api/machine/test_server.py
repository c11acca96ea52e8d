"""The HTTP server of a home: detached, found again, replaced, ended with its workers."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from api.machine import processes
from api.machine.ports import free_port
from api.machine.processes import Process
from api.machine.server import Server, ServerFailed
from geo.settings import REPOSITORY

TINY = "tests.api.machine.tiny_application:create_app"
BROKEN = "tests.api.machine.tiny_application:never_starts"


@pytest.fixture
def server(home, monkeypatch):
    monkeypatch.delenv("LUM1_PORT", raising=False)
    return Server(home, application=TINY)


def process_of(server):
    return Process(**server.home.recall("server")["process"])


def answer(address):
    with urllib.request.urlopen(address, timeout=5) as response:
        return response.read()


def wait_for_an_answer(address):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return answer(address)
        time.sleep(0.1)
    pytest.fail(f"{address} ne répond pas")


def test_a_started_server_answers_at_its_address(server):
    assert answer(server.ensure(None)) == b"ok"


def test_starting_twice_keeps_the_one_that_runs(server):
    assert server.ensure(None) == server.ensure(None)
    first = process_of(server)
    server.ensure(None)
    assert process_of(server) == first


def test_asking_for_another_port_moves_it(server):
    server.ensure(None)
    port = free_port(at_least=18_640)
    assert server.ensure(port) == f"http://127.0.0.1:{port}/"
    assert answer(f"http://127.0.0.1:{port}/") == b"ok"


def test_a_stopped_server_comes_back_where_it_was(server):
    address = server.ensure(free_port(at_least=18_640))
    assert server.stop()
    assert server.address is None
    assert server.ensure(None) == address


def test_stopping_ends_every_worker(server):
    server.ensure(None)
    leader = process_of(server)
    assert len(processes.members_of_session(leader)) > 1
    assert server.stop()
    assert processes.members_of_session(leader) == []
    assert not server.stop()


def test_workers_whose_parent_was_killed_are_ended_too(server):
    address = server.ensure(None)
    leader = process_of(server)
    os.kill(leader.pid, signal.SIGKILL)
    processes.wait_until_gone([leader.pid], 5)
    assert server.address is None
    assert server.ensure(None) == address  # the port was theirs
    assert processes.members_of_session(leader) == []


def test_a_server_that_cannot_start_says_why(home):
    with pytest.raises(ServerFailed, match="il manque une pièce"):
        Server(home, application=BROKEN).ensure(None)


def test_a_port_asked_for_and_taken_is_refused(server, a_home):
    server.ensure(None)
    taken = int(server.address.rstrip("/").rpartition(":")[2])
    with pytest.raises(ServerFailed, match=f"port {taken} est pris"):
        Server(a_home("other"), application=TINY).ensure(taken)


def test_two_homes_serve_side_by_side(server, a_home):
    other = Server(a_home("other"), application=TINY)
    assert server.ensure(None) != other.ensure(None)
    other.stop()
    assert answer(server.address) == b"ok"


def test_a_stranger_with_the_server_s_number_is_left_alone(server):
    us = Process.of(os.getpid())
    server.home.remember(
        "server",
        {"process": {"pid": us.pid, "started": us.started + 1, "boot": us.boot}, "host": "127.0.0.1", "port": 1,
         "own_session": False},
    )  # fmt: skip
    assert server.address is None
    assert not server.stop()


def test_in_the_foreground_signals_reach_it(home):
    port = free_port(at_least=18_640)
    with subprocess.Popen(
        [sys.executable, "-c", IN_THE_FOREGROUND, str(home.root), TINY, str(port)], cwd=REPOSITORY
    ) as child:
        try:
            wait_for_an_answer(f"http://127.0.0.1:{port}/")
            assert Server(home).address == f"http://127.0.0.1:{port}/"
            child.terminate()
            assert child.wait(20) == 0
        finally:
            child.kill()
    assert Server(home).address is None


IN_THE_FOREGROUND = """
import sys
from pathlib import Path
from api.machine.home import Home
from api.machine.server import Server
Server(Home(Path(sys.argv[1])), application=sys.argv[2]).run_here(int(sys.argv[3]))
"""
