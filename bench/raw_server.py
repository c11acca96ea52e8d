"""A server of one worker that says the same bytes to whoever asks: the floor of what ours answers from its cache."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from api.machine.ports import free_port
from geo.settings import REPOSITORY
from tests.peers import running as running_process
from tests.peers import wait_for

FIRST_PORT = 18_980


@contextmanager
def running(folder: Path, body: bytes) -> Iterator[str]:
    """Its address."""
    (folder / "body").write_bytes(body)
    port = free_port(at_least=FIRST_PORT)
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--workers",
        "1",
        "--no-ws",
        "--host",
        "127.0.0.1",
    ]
    command += ["--port", str(port), "--log-level", "error", "bench.raw:app"]
    told = dict(os.environ) | {"LUM1_BENCH_BODY": str(folder / "body"), "PYTHONPATH": str(REPOSITORY)}
    address = f"http://127.0.0.1:{port}"
    with running_process(command, folder, "asgi.log", told) as server:
        wait_for(lambda: _answers(address), server, folder / "asgi.log")
        yield address


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False
