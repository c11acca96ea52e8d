"""The real server of an instance, and one client that keeps its connection: it speaks with one worker, whose cache it warms.

What it costs itself is in whatever it times, of ours and of others: a parser in C, where `http.client` takes 0.25 ms an answer.
"""

import gzip
import json
import math
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httptools
import msgspec

from api.machine.home import Home
from api.machine.ports import free_port
from api.machine.server import Server
from bench.measure import WrongAnswer
from geo.filters import Bounds
from geo.settings import Settings

FIRST_PORT = 18_740
PATIENCE_S = 30
READ_BYTES = 1 << 20
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
        self._host = urlsplit(address).netloc
        self._patience_s = patience_s
        self._socket: socket.socket | None = None
        self.timing: str | None = None  # what the last answer says of whose time it was (Server-Timing)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def get(self, path: str) -> bytes:
        """The body as it came; a tile without anything is empty."""
        asked = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        answer = _Answer()
        try:
            connection = self._socket = self._socket or self._connected()
            connection.sendall(asked)
            while not answer.is_whole:
                if not (block := connection.recv(READ_BYTES)):
                    raise ConnectionError(f"{self.address} ferme la connexion au milieu d’une réponse.")
                answer.parser.feed_data(block)
        except BaseException:  # what comes later would be taken for the next answer
            self._close()
            raise
        if not answer.parser.should_keep_alive():
            self._close()
        body, status = b"".join(answer.blocks), answer.parser.get_status_code()
        self.timing = answer.timing
        if status not in (200, 204):
            raise WrongAnswer(f"{path} : {status} {body[:200].decode(errors='replace')}")
        return body

    def _connected(self) -> socket.socket:
        name, _, port = self._host.partition(":")
        connection = socket.create_connection((name, int(port)), timeout=self._patience_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def json(self, path: str) -> Any:
        return json.loads(_plain(self.get(path)))

    def tile(self, path: str) -> bytes:
        return _plain(self.get(path))


class _Answer:
    """What its parser calls, as an answer comes."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.blocks: list[bytes] = []
        self.timing: str | None = None
        self.is_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"server-timing":
            self.timing = value.decode("latin-1")

    def on_body(self, block: bytes) -> None:
        self.blocks.append(block)

    def on_message_complete(self) -> None:
        self.is_whole = True


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
