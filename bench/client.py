"""The real server of an instance, and one client that keeps its connection: it speaks with one worker, whose cache it warms."""

import gzip
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from api.machine.home import Home
from api.machine.ports import free_port
from api.machine.server import Server
from bench.measure import WrongAnswer
from geo.settings import Settings

FIRST_PORT = 18_740
PATIENCE_S = 30
MILLISECONDS = 1_000


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds."""

    median: float
    p95: float
    count: int


class Client:
    """One keep-alive connection, gzip accepted as browsers do."""

    def __init__(self, address: str) -> None:
        self._connection = HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)

    def get(self, path: str) -> bytes:
        """The body as it came; a tile without anything is empty."""
        self._connection.request("GET", path, headers={"accept-encoding": "gzip"})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status not in (200, 204):
            raise WrongAnswer(f"{path} : {answer.status} {body[:200].decode(errors='replace')}")
        return body

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def tile(self, path: str) -> bytes:
        body = self.get(path)
        return gzip.decompress(body) if body else b""


@contextmanager
def served(instance: Settings) -> Iterator[Client]:
    """The server that `./lum1 start` would run on this instance, stopped at the end."""
    home = Home(instance.home)
    home.create()
    server = Server(home)
    os.environ["LUM1_DATABASE_URL"] = instance.database_url
    try:
        yield Client(server.ensure(free_port(at_least=FIRST_PORT)))
    finally:
        server.stop()
        del os.environ["LUM1_DATABASE_URL"]


def path(address: str, **parameters: object) -> str:
    """An address with its question."""
    return f"{address}?{urlencode(parameters)}"


def timed(work: Callable[[Any], object], questions: Sequence[Any]) -> Latency:
    """Each question once, one after the other."""
    taken = []
    for question in questions:
        began = time.perf_counter()
        work(question)
        taken.append((time.perf_counter() - began) * MILLISECONDS)
    taken.sort()
    return Latency(statistics.median(taken), taken[min(len(taken) - 1, int(len(taken) * 0.95))], len(taken))
