"""A geocoder of the tests' own with the BAN's contract, on a free port: honest, or failing in each way that one can.

with FaultyGeocoder() as server:
    server.next_answers(status(429, retry_after="5"), cut(40))  # the next two requests; then it is honest
    server.always = refuses_rows("BROKEN")  # before honesty, for as long as it is set
    …  # Geocoder(server.url)
    assert [each.rows for each in server.asked] == [4, 2, 2]

It finds every address that begins with a number: at the number's thousandth of a degree east of Paris.
"""

import csv
import gzip
import io
import json
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.local_server import LocalServer

RESULTS = (
    "longitude", "latitude", "result_score", "result_score_next", "result_label", "result_type", "result_id",
    "result_housenumber", "result_name", "result_street", "result_postcode", "result_city", "result_context",
    "result_citycode", "result_oldcitycode", "result_oldcity", "result_district", "result_status", "banID",
)  # fmt: skip
PATH = "/geocodage"


@dataclass
class Asked:
    """One request, as it came."""

    endpoint: str
    fields: dict[str, list[str]]
    table: list[dict[str, str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    size: int = 0
    authorization: str | None = None

    @property
    def rows(self) -> int:
        return len(self.table)

    def words(self, row: dict[str, str]) -> str:
        """What a server puts together of a row."""
        return " ".join(filter(None, (row[column] for column in self.fields["columns"])))


@dataclass
class Said:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None  # bytes of the body, then the connection ends
    trickles: str | None = None  # a byte at a time and without end: « headers », « sized » or « chunked »


Behaviour = Callable[["FaultyGeocoder", Asked], Said | None]


class FaultyGeocoder(LocalServer):
    """Starts with `with`; one thread per request."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.always: Behaviour | None = None
        self._next: deque[Behaviour] = deque()
        super().__init__(_handler(self))
        self.url = f"{self.address}{PATH}"

    def next_answers(self, *behaviours: Behaviour) -> None:
        self._next.extend(behaviours)

    def answer(self, asked: Asked, authorization: str | None = None) -> Said:
        asked.authorization = authorization
        self.asked.append(asked)
        behaviour = self._next.popleft() if self._next else self.always
        return (behaviour(self, asked) if behaviour else None) or honest(asked)


def honest(asked: Asked) -> Said:
    """What a good server says."""
    if asked.endpoint == "search/csv":
        unknown = [
            name for name in (*asked.fields["columns"], *asked.fields.get("citycode", ())) if name not in asked.columns
        ]
        return Said(400, b'{"code":400}') if unknown else table(asked, [row | found(asked, row) for row in asked.table])
    if asked.endpoint == "reverse":
        return features([_feature("12 Rue des Lilas", "12", float(asked.fields["lon"][0]))])
    [words] = asked.fields["q"]
    number = words.split()[0]
    return features([_feature(words, number, 2 + int(number) / 1000)] if number.isdigit() else [])


def found(asked: Asked, row: dict[str, str]) -> dict[str, str]:
    words = asked.words(row)
    number = words.split()[0] if words else ""
    if not number.isdigit():
        return {"result_status": "not-found"}
    return {
        "longitude": str(2 + int(number) / 1000), "latitude": "48.8", "result_score": "0.93", "result_score_next": "0.5",
        "result_label": words, "result_type": "housenumber", "result_id": f"75056_1234_{int(number):05d}",
        "result_housenumber": number, "result_name": words, "result_street": "Rue des Lilas", "result_status": "ok",
        "banID": "9b4ff4b6", "result_citycode": "75056",
    }  # fmt: skip


def knows(places: Mapping[str, tuple[float, float]], citycode: str) -> Behaviour:
    """A commune's addresses alone, written as they are asked: « 12 RUE DES LILAS » at a longitude and latitude."""

    def row_of(asked: Asked, row: dict[str, str]) -> dict[str, str]:
        words = asked.words(row)
        text = next((each for each in sorted(places, key=len, reverse=True) if words.startswith(each)), None)
        if text is None:
            return row | {"result_status": "not-found"}
        number, _, street = text.partition(" ") if text[:1].isdigit() else ("", "", text)
        lon, lat = places[text]
        return row | {
            "longitude": str(lon), "latitude": str(lat), "result_score": "0.95", "result_score_next": "0.5",
            "result_label": text, "result_type": "housenumber" if number else "street", "result_housenumber": number,
            "result_name": text, "result_street": street, "result_status": "ok", "result_citycode": citycode,
        }  # fmt: skip

    return lambda _, asked: table(asked, [row_of(asked, row) for row in asked.table]) if asked.table else None


def table(asked: Asked, rows: list[dict[str, str]], results: tuple[str, ...] = RESULTS) -> Said:
    out = io.StringIO()
    writer = csv.DictWriter(out, [*asked.columns, *results], restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return Said(200, out.getvalue().encode(), {"Content-Type": "text/csv; charset=utf-8"})


def features(found: list[dict[str, object]]) -> Said:
    body = {"type": "FeatureCollection", "features": found}
    return Said(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _feature(label: str, number: str, lon: float) -> dict[str, object]:
    properties = {"label": label, "score": 0.9, "type": "housenumber", "housenumber": number, "name": label}
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, 48.8]}, "properties": properties}


def status(code: int, retry_after: str | None = None, body: bytes = b"") -> Behaviour:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return lambda *_: Said(code, body, headers)


def redirect(address: str) -> Behaviour:
    return lambda *_: Said(307, headers={"Location": address})


def cut(at: int) -> Behaviour:
    """So many bytes, then the connection ends."""
    return lambda _, asked: Said(200, honest(asked).body, cut_at=at)


def shortened(characters: int) -> Behaviour:
    """The end is missing, and nothing of HTTP says so."""
    return lambda _, asked: Said(200, honest(asked).body[:-characters])


def permuted(_: FaultyGeocoder, asked: Asked) -> Said:
    return table(asked, [row | found(asked, row) for row in reversed(asked.table)])


def a_row_less(_: FaultyGeocoder, asked: Asked) -> Said:
    return table(asked, [row | found(asked, row) for row in asked.table[:-1]])


def without(*columns: str) -> Behaviour:
    kept = tuple(name for name in RESULTS if name not in columns)
    return lambda _, asked: table(asked, [row | found(asked, row) for row in asked.table], kept)


def trickling(what: str) -> Behaviour:
    """Never silent, never done."""
    return lambda *_: Said(200, trickles=what)


def unfolding(size: int) -> Behaviour:
    """Some bytes that become so many."""
    body = gzip.compress(b"x" * size)
    return lambda *_: Said(200, body, {"Content-Encoding": "gzip"})


def silent(server: FaultyGeocoder, _: Asked) -> Said | None:
    server.wait_for_the_end()
    return None


def on_rows_with(word: str, behaviour: Behaviour) -> Behaviour:
    """Only where a row has the word: 400, a crash, silence…"""

    def chosen(server: FaultyGeocoder, asked: Asked) -> Said | None:
        return behaviour(server, asked) if any(word in asked.words(row) for row in asked.table) else None

    return chosen


def above(size: int, code: int) -> Behaviour:
    """A proxy before it takes no larger body."""
    return lambda _, asked: Said(code) if asked.size > size else None


def says_error_of(word: str, times: int) -> Behaviour:
    """Of rows with the word, so many times."""
    left = [times]

    def said(_: FaultyGeocoder, asked: Asked) -> Said | None:
        if left[0] <= 0 or not any(word in asked.words(row) for row in asked.table):
            return None
        left[0] -= 1
        failed = {"result_status": "error"}
        return table(asked, [row | (failed if word in asked.words(row) else found(asked, row)) for row in asked.table])

    return said


def _handler(server: FaultyGeocoder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            split = urlsplit(self.path)
            asked = Asked(_endpoint(split.path), parse_qs(split.query))
            self._say(server.answer(asked, self.headers["Authorization"]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = _of_form(_endpoint(self.path), self.headers["Content-Type"], body)
            self._say(server.answer(asked, self.headers["Authorization"]))

        def _say(self, said: Said) -> None:
            if said.trickles:
                return self._trickle(said.trickles)
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            with suppress(OSError):  # who asked may have heard enough
                self.wfile.write(said.body[: said.cut_at])
            self.close_connection = True

        def _trickle(self, what: str) -> None:
            self.close_connection = True
            begun = {
                "headers": b"X-Slow: ",
                "sized": b"Content-Length: 1000000\r\n\r\n",
                "chunked": b"Transfer-Encoding: chunked\r\n\r\n100000\r\n",
            }[what]
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + begun)
            with suppress(OSError):
                while not server.is_over(0.05):
                    self.wfile.write(b"x")

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _endpoint(path: str) -> str:
    return path.removeprefix(f"{PATH}/")


def _of_form(endpoint: str, content_type: str, body: bytes) -> Asked:
    asked = Asked(endpoint, {}, size=len(body))
    for part in BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body).walk():
        if not part.is_multipart():
            _add(asked, part)
    return asked


def _add(asked: Asked, part: Message) -> None:
    name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
    assert isinstance(name, str)
    assert isinstance(content, bytes)
    if part.get_filename():
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        asked.table, asked.columns = list(rows), list(rows.fieldnames or ())
    else:
        asked.fields.setdefault(name, []).append(content.decode())
