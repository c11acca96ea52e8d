"""A data.gouv of the tests' own on a free port: its catalogue, its stable addresses, its files, and every way to fail.

    with Producer() as producer:
        producer.publish(STRUCTURES, date(2026, 11, 24), content)  # what it announces is true unless told otherwise
        producer.next_files(cut(1_000), status(503, retry_after="2"))  # the next two requests for a file; then it is honest
        …  # LUM1_DATAGOUV_URL=producer.url
        assert [each.status for each in producer.files_asked] == [200, 503, 206]

By hand: `python -m tests.etl.producer FOLDER` serves every file of a folder that has the name of a flow's.
"""

import hashlib
import json
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from etl.download import FLOWS, Flow
from tests.local_server import LocalServer

TITLES = {
    "structures": "finess-structures-journalier-{:%Y%m%d}.json.gz",
    "activites": "finess-activites-journalier-{:%Y%m%d}.json.gz",
    "ancien-csv": "etalab-cs1100507-stock-{:%Y%m%d}-0339.csv",
}
AS_IT_IS: Any = object()
PIECE = 1 << 16


@dataclass
class Published:
    """One file online, and what the catalogue says of it."""

    flow: Flow
    title: str
    path: str
    content: bytes
    modified: datetime
    resource: dict[str, Any]
    etag: str | None = AS_IT_IS

    def headers(self) -> dict[str, str]:
        tag = f'"{hashlib.sha1(self.content).hexdigest()}"' if self.etag is AS_IT_IS else self.etag
        dated = {"Last-Modified": format_datetime(self.modified, usegmt=True), "Accept-Ranges": "bytes"}
        return dated | ({"ETag": tag} if tag else {})


@dataclass
class Asked:
    """One request, as it came and as it was answered."""

    path: str
    headers: dict[str, str]
    status: int = 0
    sent: int = 0


@dataclass(frozen=True)
class Serving:
    """How a file is sent."""

    ranges: bool = True
    conditions: bool = True
    sized: bool = True  # else in chunks, without Content-Length
    cut_at: int | None = None  # bytes of the body, then the connection ends
    stall_at: int | None = None  # bytes of the body, then nothing more until the producer closes
    headers: dict[str, str] = field(default_factory=dict)


Behaviour = Callable[["Exchange"], None]


class Producer(LocalServer):
    """Starts with `with`; one thread per request."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.licence: Any = "lov2"
        self.catalogue: Behaviour | None = None  # instead of the honest one, for as long as it is set
        self.files: Behaviour | None = None
        self.published: list[Published] = []
        self._next: dict[str, deque[Behaviour]] = {"catalogue": deque(), "stable": deque(), "file": deque()}
        super().__init__(_handler(self))
        self.url = self.address

    def publish(
        self, flow: Flow, day: date, content: bytes | Path, title: str | None = None, named: str = "", **lies: Any
    ) -> Published:
        """Put a file online and announce it; `named` where its title is a sentence.

        `lies` replace members of what is announced, None removes them.
        """
        content = content.read_bytes() if isinstance(content, Path) else content
        title = title or TITLES[flow.name].format(day)
        moment = datetime(day.year, day.month, day.day, 2, 16, tzinfo=UTC) + timedelta(seconds=len(self.published))
        path = f"/resources/{flow.dataset}/{moment:%Y%m%d-%H%M%S}/{named or title}"  # a new address at each publication
        true = {
            "id": flow.stable_id,
            "title": title,
            "url": f"{self.url}{path}",
            "filesize": len(content),
            "checksum": {"type": "sha1", "value": hashlib.sha1(content).hexdigest()},
            "last_modified": moment.isoformat(),
            "format": "json.gz",
        }
        resource = {name: value for name, value in (true | lies).items() if value is not None}
        self.published.append(Published(flow, title, path, content, moment, resource))
        return self.published[-1]

    def next_catalogues(self, *behaviours: Behaviour) -> None:
        """One behaviour for each of the next requests to the catalogue."""
        self._next["catalogue"].extend(behaviours)

    def next_stables(self, *behaviours: Behaviour) -> None:
        """One behaviour for each of the next requests to a stable address."""
        self._next["stable"].extend(behaviours)

    def next_files(self, *behaviours: Behaviour) -> None:
        """One behaviour for each of the next requests for a file."""
        self._next["file"].extend(behaviours)

    @property
    def files_asked(self) -> list[Asked]:
        """The requests for files, in order."""
        return [each for each in self.asked if each.path.startswith("/resources/")]

    def dataset(self, name: str) -> dict[str, Any]:
        """What the catalogue says of a data set, with the months and years that stand beside the days."""
        resources = [each.resource for each in self.published if each.flow.dataset == name]
        others = [
            {"id": "e0b99aac", "title": f"{name.removesuffix('-1')}-mensuel-209912.json.gz", "url": f"{self.url}/no"},
            {"id": "7b8218bc", "title": f"{name.removesuffix('-1')}-annuel-2099.json.gz", "url": f"{self.url}/no"},
        ]
        return {"id": name, "title": name, "license": self.licence, "resources": [*others, *resources]}

    def answer(self, exchange: "Exchange") -> None:
        """Honestly, unless a behaviour waits for its turn."""
        path = exchange.asked.path.partition("?")[0]
        behave: Behaviour
        if path.startswith("/api/1/datasets/r/"):
            kind, behave = "stable", redirect_to_newest
        elif path.startswith("/api/"):
            kind, behave = "catalogue", self.catalogue or announce
        else:
            kind, behave = "file", self.files or serve()
        (self._next[kind].popleft() if self._next[kind] else behave)(exchange)

    def wait_for_the_end(self, seconds: float) -> None:
        """Hold an answer back, but not longer than the producer lives."""
        self._closing.wait(seconds)


class Exchange:
    """One request under way."""

    def __init__(self, handler: BaseHTTPRequestHandler, producer: Producer) -> None:
        self.handler = handler
        self.producer = producer
        self.asked = Asked(handler.path, dict(handler.headers.items()))

    @property
    def file(self) -> Published | None:
        return next((each for each in self.producer.published if each.path == self.asked.path), None)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.asked.status = status
        self.handler.send_response(status)
        for name, value in (headers | {"Connection": "close"}).items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def send(self, status: int, body: bytes = b"", /, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.head(status, {"Content-Length": str(len(body))} | named)
        self.body(body)

    def body(self, content: bytes, *, chunked: bool = False) -> None:
        for start in range(0, len(content), PIECE):
            piece = content[start : start + PIECE]
            self.asked.sent += len(piece)  # who has received it may count at once
            self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)


def serve(**how: Any) -> Behaviour:
    """The file asked for, as static hosts do (ranges, If-Range, 304, 416), or short of what `Serving` says."""
    return lambda exchange: _serve(exchange, Serving(**how))


def cut(after: int, **how: Any) -> Behaviour:
    """The connection ends after so many bytes of the body."""
    return serve(cut_at=after, **how)


def stall(after: int, **how: Any) -> Behaviour:
    """Nothing comes any more after so many bytes of the body, and the connection stays open."""
    return serve(stall_at=after, **how)


def status(code: int, retry_after: str | None = None) -> Behaviour:
    """No more than a status, with a Retry-After where one is given."""
    asked: dict[str, str] = {"Retry_After": retry_after} if retry_after else {}
    return lambda exchange: exchange.send(code, **asked)


def page(content_type: str = "text/html; charset=utf-8") -> Behaviour:
    """A page instead of what was asked, as maintenance or a hotel's network send, its type said or not."""
    return lambda exchange: exchange.send(200, b"<!doctype html><title>Maintenance</title>", Content_Type=content_type)


def document(content: Any) -> Behaviour:
    """This JSON."""
    return lambda exchange: exchange.send(200, json.dumps(content).encode(), Content_Type="application/json")


def moved(to: str | None = None) -> Behaviour:
    """A redirect, to the same address by default: the next behaviour answers there."""
    return lambda exchange: exchange.send(302, Location=to or exchange.asked.path)


def late(seconds: float, then: Behaviour) -> Behaviour:
    """An answer that comes after a silence."""

    def behave(exchange: Exchange) -> None:
        exchange.producer.wait_for_the_end(seconds)
        then(exchange)

    return behave


def dropped(exchange: Exchange) -> None:
    """A connection that ends without an answer."""


def replaced_by(content: bytes, then: Behaviour | None = None) -> Behaviour:
    """The file changes at its address just before this request, and the catalogue does not know."""

    def behave(exchange: Exchange) -> None:
        if exchange.file:
            exchange.file.content = content
            exchange.file.modified += timedelta(hours=1)
        (then or serve())(exchange)

    return behave


def announce(exchange: Exchange) -> None:
    """The data set, as its catalogue page in JSON."""
    document(exchange.producer.dataset(exchange.asked.path.strip("/").rpartition("/")[2]))(exchange)


def redirect_to_newest(exchange: Exchange) -> None:
    """Where a stable address leads."""
    files = [each for each in exchange.producer.published if exchange.asked.path.endswith(each.flow.stable_id)]
    exchange.send(302, Location=files[-1].path) if files else exchange.send(404)


def _serve(exchange: Exchange, how: Serving) -> None:
    file = exchange.file
    if file is None:
        exchange.send(404)
        return
    headers, content = file.headers() | how.headers, file.content
    if how.conditions and _still_the_same(exchange.asked.headers, headers):
        exchange.send(304, **{name.replace("-", "_"): value for name, value in headers.items()})
        return
    start = _start(exchange.asked.headers, headers) if how.ranges else 0
    if start and start >= len(content):
        exchange.send(416, Content_Range=f"bytes */{len(content)}")
        return
    part = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
    length = {"Content-Length": str(len(content) - start)} if how.sized else {"Transfer-Encoding": "chunked"}
    exchange.head(206 if start else 200, {"Content-Type": "application/octet-stream"} | headers | part | length)
    stop = how.cut_at if how.cut_at is not None else how.stall_at
    exchange.body(content[start:][:stop], chunked=not how.sized)
    if how.stall_at is not None:
        exchange.producer.wait_for_the_end(600)
    elif how.cut_at is None and not how.sized:
        exchange.handler.wfile.write(b"0\r\n\r\n")


def _still_the_same(asked: dict[str, str], headers: dict[str, str]) -> bool:
    if "If-None-Match" in asked:  # the date is then not looked at (RFC 9110 § 13.1.3)
        return asked["If-None-Match"] == headers.get("ETag")
    return "Last-Modified" in headers and asked.get("If-Modified-Since") == headers["Last-Modified"]


def _start(asked: dict[str, str], headers: dict[str, str]) -> int:
    condition = asked.get("If-Range")
    if "Range" not in asked or (condition and condition not in (headers.get("ETag"), headers.get("Last-Modified"))):
        return 0
    return int(asked["Range"].removeprefix("bytes=").partition("-")[0])


def _handler(producer: Producer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            exchange = Exchange(self, producer)
            producer.asked.append(exchange.asked)
            self.close_connection = True
            try:
                producer.answer(exchange)
            except (BrokenPipeError, ConnectionResetError):
                return  # the client left, or was killed

        def log_message(self, *_: Any) -> None:
            return

    return Handler


def main(folder: Path) -> None:
    """Serve a folder until Ctrl-C."""
    with Producer() as producer:
        for file in sorted(folder.iterdir()):
            for flow in FLOWS:
                if day := flow.day_of(file.name):
                    producer.publish(flow, day, file, title=file.name)
        print(f"LUM1_DATAGOUV_URL={producer.url}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
