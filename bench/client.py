"""The real server of an instance, and one client that keeps its connection: it speaks with one worker, whose cache it warms."""

import gzip
import json
import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from api.machine.home import Home
from api.machine.ports import free_port
from api.machine.server import Server
from bench.measure import WrongAnswer
from geo.filters import Bounds
from geo.settings import Settings

FIRST_PORT = 18_740
PATIENCE_S = 30
MILLISECONDS = 1_000
GZIPPED = b"\x1f\x8b"  # RFC 1952 § 2.3.1
KM_PER_DEGREE = 111.195


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds."""

    median: float
    mean: float
    p95: float
    count: int


class Client:
    """One keep-alive connection, gzip accepted as browsers do."""

    def __init__(self, address: str, patience_s: float = PATIENCE_S) -> None:
        self.address = address
        self._connection = HTTPConnection(urlsplit(address).netloc, timeout=patience_s)
        self.timing: str | None = None  # what the last answer says of whose time it was (Server-Timing)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str) -> bytes:
        """The body as it came; a tile without anything is empty."""
        self._connection.request("GET", path, headers={"accept-encoding": "gzip"})
        answer = self._connection.getresponse()
        body = answer.read()
        self.timing = answer.headers["server-timing"]
        if answer.status not in (200, 204):
            raise WrongAnswer(f"{path} : {answer.status} {body[:200].decode(errors='replace')}")
        return body

    def json(self, path: str) -> Any:
        return json.loads(_plain(self.get(path)))

    def tile(self, path: str) -> bytes:
        return _plain(self.get(path))


def _plain(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(GZIPPED) else body


@contextmanager
def served(instance: Settings, settings: Mapping[str, str] | None = None) -> Iterator[Client]:
    """The server that `./lum1 start` would run on this instance, stopped at the end; `settings`: more of its environment."""
    home = Home(instance.home)
    home.create()
    server = Server(home)
    try:
        with _environment({"LUM1_DATABASE_URL": instance.database_url} | dict(settings or {})):
            address = server.ensure(free_port(at_least=FIRST_PORT))
        with Client(address) as client:
            yield client
    finally:
        server.stop()


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """What a program that is started meanwhile is told; none of these is set before."""
    os.environ |= settings
    try:
        yield
    finally:
        for name in settings:
            del os.environ[name]


def path(address: str, **parameters: object) -> str:
    """An address with its question; a list is a parameter repeated."""
    return f"{address}?{urlencode(parameters, doseq=True)}"


def box_around(lon: float, lat: float, side_km: float) -> Bounds:
    """A box that is as wide as it is high."""
    half = side_km / 2 / KM_PER_DEGREE
    wide = half / math.cos(math.radians(lat))
    return (lon - wide, lat - half, lon + wide, lat + half)


def timed(work: Callable[[Any], object], questions: Sequence[Any]) -> Latency:
    """Each question once, one after the other."""
    taken = []
    for question in questions:
        began = time.perf_counter()
        work(question)
        taken.append((time.perf_counter() - began) * MILLISECONDS)
    return latency_of(taken)


def latency_of(taken: Sequence[float]) -> Latency:
    """Of these milliseconds."""
    ordered = sorted(taken)
    return Latency(
        statistics.median(ordered),
        statistics.fmean(ordered),
        ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))],
        len(ordered),
    )
