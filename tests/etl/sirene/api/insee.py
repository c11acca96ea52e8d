"""Insee's API Sirene 3.11 of the tests' own on a free port: cursors, fields, quota, key, mornings, and ways to fail.

with Insee() as insee:
    insee.establishments = [an_establishment(1), an_establishment(2)]
    insee.next_answers(status(503), truncated())  # the next two answers; then it is honest
    insee.before_page(2, insee.flip)  # what happens at Insee's just before it answers the second page
    …  # LUM1_SIRENE_API=insee.url, LUM1_SIRENE_API_KEY=KEY
    assert insee.asked[0].endpoint == "siret"
"""

import base64
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.local_server import LocalServer

KEY = "cle-de-test-0123456789abcdef"
KEY_HEADER = "X-INSEE-Api-Key-Integration"
PER_MINUTE = 30
LONGEST_ADDRESS = 2_700  # some eighty communes and their variable's name
NESTED = ("uniteLegale", "adresseEtablissement", "periodesEtablissement", "periodesUniteLegale")
PATH = "/api-sirene/3.11/"


@dataclass
class Asked:
    """One question, as it came and as it was answered."""

    endpoint: str
    question: dict[str, str]
    headers: dict[str, str]
    address: str
    at: float
    status: int = 0


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None  # bytes of the body, then the connection ends


Behaviour = Callable[["Insee", Asked], Answer | None]


class Insee(LocalServer):
    """Starts with `with`; one thread per question. `clock` counts the quota's minutes."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0, per_minute: int = PER_MINUTE) -> None:
        self.establishments: list[dict[str, Any]] = []
        self.units: list[dict[str, Any]] = []
        self.made_available = datetime(2026, 11, 21, 7, 40, 12)
        self.treated_until = datetime(2026, 11, 20, 23, 58, 1)
        self.mass_treated: datetime | None = datetime(2026, 1, 6)
        self.ends_empty = False  # whether a list ends with an empty page, as it may, or with the same cursor again
        self.asked: list[Asked] = []
        self._clock, self._per_minute = clock, per_minute
        self._counted: list[float] = []
        self._next: deque[Behaviour] = deque()
        self._before_page: dict[int, Callable[[], None]] = {}
        super().__init__(_handler(self))
        self.url = f"{self.address}{PATH.rstrip('/')}"

    def next_answers(self, *behaviours: Behaviour) -> None:
        """One behaviour for each of the next questions."""
        self._next.extend(behaviours)

    def before_page(self, rank: int, happening: Callable[[], None]) -> None:
        """Something happens once, before the answer to the `rank`-th question about the register."""
        self._before_page[rank] = happening

    def flip(self) -> None:
        """The next morning: what was J-2 is J-1."""
        self.made_available += timedelta(days=1)

    @property
    def pages_asked(self) -> list[Asked]:
        """The questions about the register, informations aside."""
        return [each for each in self.asked if each.endpoint != "informations"]

    @property
    def cursors_asked(self) -> list[str]:
        """Of establishments, in order."""
        return [each.question["curseur"] for each in self.asked if each.endpoint == "siret"]

    def answer(self, asked: Asked) -> Answer:
        """Honestly, unless a behaviour waits for its turn."""
        if asked.headers.get(KEY_HEADER.lower()) != KEY:
            return Answer(401, b'{"message":"Unauthorized","http_status_code":401}')
        if len(asked.address) > LONGEST_ADDRESS:
            return Answer(414, b"<html><h1>414 Request-URI Too Large</h1></html>")
        if wait := self._wait(asked.at):
            return Answer(429, b"", {"Retry-After": str(int(wait) + 1)})
        if self._next and (given := self._next.popleft()(self, asked)):
            return given
        return self.honest(asked)

    def honest(self, asked: Asked) -> Answer:
        """What Insee says on a good day."""
        if asked.endpoint == "informations":
            return Answer(200, _json(self._informations()))
        if asked.endpoint not in ("siret", "siren"):
            return Answer(404, b"<html>no Route matched</html>")
        if happening := self._before_page.pop(len(self.pages_asked), None):
            happening()
        return self._page(asked)

    def _wait(self, now: float) -> float:
        """Seconds before this key may ask again, 0 when it may now."""
        self._counted = [moment for moment in self._counted if now - moment < 60]
        if len(self._counted) >= self._per_minute:
            return 60 - (now - self._counted[0])
        self._counted.append(now)
        return 0

    def _informations(self) -> dict[str, Any]:
        dates = {
            "dateDerniereMiseADisposition": self.made_available.isoformat(),
            "dateDernierTraitementMaximum": self.treated_until.isoformat(),
            "dateDernierTraitementDeMasse": self.mass_treated and self.mass_treated.isoformat(),
        }
        titles = ("Unités Légales", "Établissements", "Liens de succession")
        return {
            "header": {"statut": 200, "message": "OK"},
            "etatService": "UP",
            "etatsDesServices": [{"Collection": title, "etatCollection": "UP"} for title in titles],
            "versionService": "3.11.17",
            "datesDernieresMisesAJourDesDonnees": [{"collection": title, **dates} for title in titles],
        }

    def _page(self, asked: Asked) -> Answer:
        identifier, member = asked.endpoint, {"siret": "etablissements", "siren": "unitesLegales"}[asked.endpoint]
        entries = {"siret": self.establishments, "siren": self.units}[identifier]
        found = sorted((each for each in entries if _answers(each, asked.question["q"])), key=lambda e: e[identifier])
        if not found:
            said = f"Aucun élément trouvé pour q={asked.question['q']}"
            return Answer(404, _json({"header": {"statut": 404, "message": said}}))
        cursor = asked.question["curseur"]
        rest = [each for each in found if cursor == "*" or each[identifier] > _read_cursor(cursor)]
        given = rest[: int(asked.question.get("nombre", 20))]
        goes_on = given and (len(given) < len(rest) or self.ends_empty)
        header = {
            "statut": 200,
            "message": "OK",
            "total": len(found),
            "debut": 0,
            "nombre": len(given),
            "curseur": cursor,
            "curseurSuivant": _cursor(given[-1][identifier]) if goes_on else cursor,
        }
        fields = set(asked.question["champs"].split(",")) if "champs" in asked.question else None
        return Answer(200, _json({"header": header, member: [_only(fields, each) for each in given]}))


def status(code: int, **headers: str) -> Behaviour:
    """No more than a status, and its headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda insee, asked: Answer(code, b"<html>un proxy</html>", named)


def truncated(after: int = 100) -> Behaviour:
    """The connection ends in the middle of the body."""

    def behave(insee: Insee, asked: Asked) -> Answer:
        answer = insee.honest(asked)
        answer.cut_at = after
        return answer

    return behave


def broken_json(after: int = 100) -> Behaviour:
    """A body that is whole to HTTP, and half of its JSON."""

    def behave(insee: Insee, asked: Asked) -> Answer:
        return Answer(200, insee.honest(asked).body[:after])

    return behave


def first_page_again(insee: Insee, asked: Asked) -> Answer:
    """What a cache between Insee and us may answer."""
    return insee.honest(replace(asked, question=asked.question | {"curseur": "*"}))


def honest(insee: Insee, asked: Asked) -> None:
    """A turn without trouble."""


def silent(insee: Insee, asked: Asked) -> Answer:
    """No answer as long as the server lives."""
    insee.wait_for_the_end()
    return Answer(503, b"")


def _answers(entry: dict[str, Any], question: str) -> bool:
    variable, _, wanted = question.partition(":")
    if wanted.startswith("("):
        return entry[variable] in re.split(r" OR ", wanted.strip("()"))
    return str(entry[variable]).startswith(wanted)


def _only(fields: set[str] | None, entry: dict[str, Any]) -> dict[str, Any]:
    """What `champs` keeps, nested members included."""
    if fields is None:
        return entry
    kept = {name: value for name, value in entry.items() if name in fields}
    for name in NESTED:
        if isinstance(entry.get(name), dict):
            kept[name] = {inner: value for inner, value in entry[name].items() if inner in fields}
        elif name in entry:
            kept[name] = [{inner: value for inner, value in each.items() if inner in fields} for each in entry[name]]
    return {name: value for name, value in kept.items() if value not in ({}, [{}])}


def _cursor(last: str) -> str:
    return "AoE" + base64.b64encode(last.encode()).decode()


def _read_cursor(cursor: str) -> str:
    return base64.b64decode(cursor.removeprefix("AoE")).decode()


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _handler(insee: Insee) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            question = {name: values[0] for name, values in parse_qs(address.query).items()}
            asked = Asked(address.path.removeprefix(PATH), question, headers, self.path, insee._clock())
            insee.asked.append(asked)
            answer = insee.answer(asked)
            asked.status = answer.status
            self.close_connection = True
            try:
                self.send_response(answer.status)
                named = {"Content-Type": "application/json;charset=utf-8", "Content-Length": str(len(answer.body))}
                for name, value in (named | answer.headers | {"Connection": "close"}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body[: answer.cut_at])
            except (BrokenPipeError, ConnectionResetError):
                return  # the client left, or was killed

        def log_message(self, *_: Any) -> None:
            return

    return Handler
