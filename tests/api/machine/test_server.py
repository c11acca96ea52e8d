"""The HTTP server of a home: detached, found again, replaced, ended with its workers."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.machine import processes
from api.machine.ports import claimed_port
from api.machine.processes import Process
from api.machine.server import Server, ServerFailed
from geo.errors import Lum1Error
from geo.settings import REPOSITORY
from tests.api.machine.test_listening import needs_ipv6
from tests.ports import a_port

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
    port = a_port()
    assert server.ensure(port) == f"http://127.0.0.1:{port}/"
    assert answer(f"http://127.0.0.1:{port}/") == b"ok"


def test_a_stopped_server_comes_back_where_it_was(server):
    address = server.ensure(a_port())
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


@pytest.fixture
def taken():
    """A port that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_healthy_server_survives_a_port_that_is_taken(server, taken):
    address = server.ensure(None)
    with pytest.raises(ServerFailed, match=f"port {taken} est pris"):
        server.ensure(taken)
    assert server.address == address
    assert answer(address) == b"ok"


@pytest.mark.parametrize(
    ("name", "value"), [("LUM1_PORT", "abc"), ("LUM1_HOST", "192.0.2.1"), ("LUM1_WORKERS", "deux")]
)
def test_a_healthy_server_survives_a_wrong_setting(server, monkeypatch, name, value):
    address = server.ensure(None)
    monkeypatch.setenv(name, value)
    for act in (server.ensure, server.check, server.run_here):
        with pytest.raises(Lum1Error, match=name):
            act(None)
    assert answer(address) == b"ok"


def test_a_setting_that_the_running_server_does_not_follow_is_said(server, monkeypatch):
    address = server.ensure(None)
    assert server.unheeded(None) == ""
    monkeypatch.setenv("LUM1_PORT", str(a_port()))
    monkeypatch.setenv("LUM1_HOST", "0.0.0.0")
    assert server.ensure(None) == address
    assert f"gardé, à {address}, sans LUM1_PORT=" in server.unheeded(None)
    assert "ni LUM1_HOST=0.0.0.0" in server.unheeded(None)


@needs_ipv6
def test_it_answers_at_the_address_it_prints_on_ipv6(server, monkeypatch):
    monkeypatch.setenv("LUM1_HOST", "::1")
    address = server.ensure(None)
    assert address.startswith("http://[::1]:")
    assert answer(address) == b"ok"


def test_two_homes_serve_side_by_side(server, a_home):
    other = Server(a_home("other"), application=TINY)
    assert server.ensure(None) != other.ensure(None)
    other.stop()
    assert answer(server.address) == b"ok"


def test_two_homes_that_start_at_the_same_moment_do_not_share_a_port(server, a_home):
    """Granian would let them: each would answer half of the other's visitors."""
    other = Server(a_home("other"), application=TINY)
    with ThreadPoolExecutor() as both:
        addresses = [start.result() for start in [both.submit(one.ensure, None) for one in (server, other)]]
    other.stop()
    assert len(set(addresses)) == 2


def test_a_port_that_another_home_is_starting_on_is_taken(server):
    with claimed_port([a_port()]) as port, pytest.raises(ServerFailed, match=f"port {port} est pris"):
        server.ensure(port)


def test_a_stranger_with_the_server_s_number_is_left_alone(server):
    us = Process.of(os.getpid())
    server.home.remember(
        "server",
        {"process": {"pid": us.pid, "started": us.started + 1, "boot": us.boot}, "host": "127.0.0.1", "port": 1,
         "own_session": False},
    )  # fmt: skip
    assert server.address is None
    assert not server.stop()


@contextlib.contextmanager
def in_the_foreground(home, port):
    with subprocess.Popen(
        [sys.executable, "-c", IN_THE_FOREGROUND, str(home.root), TINY, str(port)], cwd=REPOSITORY
    ) as child:
        try:
            wait_for_an_answer(f"http://127.0.0.1:{port}/")
            yield child
        finally:
            child.terminate()
            child.wait(20)


def test_in_the_foreground_signals_reach_it(home):
    port = a_port()
    with in_the_foreground(home, port) as child:
        assert Server(home).address == f"http://127.0.0.1:{port}/"
        child.terminate()
        assert child.wait(20) == 0
    assert Server(home).address is None


def test_in_the_foreground_it_takes_the_place_of_the_detached_one(server):
    detached = server.ensure(None)
    leader = process_of(server)
    port = a_port()
    with in_the_foreground(server.home, port) as child:
        assert processes.members_of_session(leader) == []
        assert server.address == f"http://127.0.0.1:{port}/" != detached
        assert server.stop()
        assert child.wait(20) == 0
    assert server.address is None


def test_a_second_one_in_the_foreground_is_told_of_the_first(home):
    port = a_port()
    with in_the_foreground(home, port) as child:
        with pytest.raises(ServerFailed, match=f"au premier plan .http://127.0.0.1:{port}/"):
            Server(home, application=TINY).run_here(None)
        assert child.poll() is None


IN_THE_FOREGROUND = """
import sys
from pathlib import Path
from api.machine.home import Home
from api.machine.server import Server
Server(Home(Path(sys.argv[1])), application=sys.argv[2]).run_here(int(sys.argv[3]))
"""
