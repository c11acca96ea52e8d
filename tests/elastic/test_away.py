"""The search server goes away, hangs, or has nothing of what is served: what is here answers and says so, until it is back."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from api.app import create_app
from api.commands.searching import search
from api.machine.doctor import examine
from api.machine.home import Home
from geo.database import engine_for
from geo.errors import NotReady
from geo.filters import Circle, Filters
from search import breaker, embedded
from search.elastic import indexing
from search.elastic.engine import ElasticEngine
from search.guarded import GuardedEngine
from search.query import Origin, SearchQuery, Sort
from tests.builders import a_structure, insert_structures, publish
from tests.conftest import fresh_database
from tests.elastic.conftest import Both, at, search_with
from tests.opensearch.peer import Node, running_in
from tests.places import LILLE, LORIENT
from tests.ports import a_port

RESTART_S = 60.0
PHARMACIES = [a_structure(at=LILLE, name=f"PHARMACIE {street}") for street in ("DU BEFFROI", "DE LA GARE", "DU PONT")]
ROWS = [*PHARMACIES, a_structure(at=LORIENT, name="CLINIQUE DU PORT")]
NUMBER = PHARMACIES[0]["finess"][0]


@pytest.fixture
def home(server_url: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A published home with its index, whose search server is at an address where nobody listens."""
    with fresh_database(server_url, template=template) as url:
        engine = engine_for(url)
        with engine.begin() as connection:
            insert_structures(connection, ROWS)
            version = publish(connection)
            embedded.build(connection, tmp_path / "search" / str(version))
        engine.dispose()
        search_with(monkeypatch, tmp_path, url, URL=f"http://127.0.0.1:{a_port()}", TIMEOUT_S="1")
        yield tmp_path


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What the log is told of it: a server sets up its own handlers, so that pytest's hear nothing."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("lum1.search")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


@contextmanager
def served() -> Iterator[Any]:
    with TestClient(create_app()) as client:
        yield client


def found(client: Any, **asked: Any) -> Any:
    answer = client.get("/api/v1/search", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in answer["results"]]


def told(client: Any) -> tuple[str, str, bool]:
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.text
    ready = answer.json()
    return ready["status"], ready["engine"], ready["words"]


def test_a_node_is_killed_and_started_again_and_no_question_fails(
    node: Node,  # where none can run, this is skipped
    home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    said: list[str],
) -> None:
    folder, port = tmp_path_factory.mktemp("noeud"), a_port()
    monkeypatch.setenv("LUM1_SEARCH_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("LUM1_SEARCH_TIMEOUT_S", "20")  # one that has just started compiles its scripts first
    monkeypatch.setattr(breaker, "PAUSE_S", 0.2)
    monkeypatch.setattr(breaker, "LONGEST_PAUSE_S", 0.2)
    with running_in(folder, port) as killed:
        assert CliRunner().invoke(search, ["build"], catch_exceptions=False).exit_code == 0
        with served() as client:
            assert told(client) == ("ok", "elasticsearch", True)
            first = found(client, q="pharmacie", limit=2)
            whole = found(client, q="pharmacie", facets="categorie")
            assert (first["engine"], whole["total"]) == ("elasticsearch", 4)

            killed.process.kill()
            killed.process.wait()
            meanwhile = found(client, q="pharmacie", facets="categorie")
            assert meanwhile == whole | {"engine": "embedded"}
            assert ids(first) + ids(found(client, q="pharmacie", limit=2, cursor=first["next"])) == ids(whole)
            assert found(client, lat=LORIENT.lat, lon=LORIENT.lon, limit=1)["results"][0]["name"] == "CLINIQUE DU PORT"
            lines = client.get("/api/v1/suggest", params={"q": "clinique du p"}).json()["suggestions"]
            assert "CLINIQUE DU PORT – Lorient" in [each["label"] for each in lines]
            assert client.get("/tiles/structures/6/32/21.mvt", params={"q": "pharmacie"}).status_code == 200
            assert "PHARMACIE DU PONT" in client.get("/", params={"q": "pharmacie"}).text
            assert told(client) == ("degraded", "embedded", True)
            assert "lum1_search_fallback 1\n" in client.get("/metrics").text

            with running_in(folder, port):
                end = time.monotonic() + RESTART_S
                while told(client)[1] != "elasticsearch" and time.monotonic() < end:
                    time.sleep(0.1)
                assert told(client) == ("ok", "elasticsearch", True)
                assert found(client, q="pharmacie", facets="categorie") == whole
                assert "lum1_search_fallback 0\n" in client.get("/metrics").text
    assert len(said) == 2, said
    assert "ne répond pas" in said[0]
    assert "répond de nouveau" in said[1]
    assert not any("127.0.0.1" in each for each in said)


def test_a_node_that_hangs_makes_one_question_wait_and_no_other(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are made, and nobody ever reads them
        monkeypatch.setenv("LUM1_SEARCH_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with served() as client:
            for _ in range(5):
                assert found(client, q="pharmacie")["engine"] == "embedded"
            assert told(client) == ("degraded", "embedded", True)
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_without_a_fallback_words_wait_and_everything_else_is_answered(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUM1_SEARCH_FALLBACK", "none")
    with served() as client:
        for path in ("/api/v1/search", "/api/v1/suggest", "/tiles/structures/6/32/21.mvt", "/"):
            refused = client.get(path, params={"q": "pharmacie"})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5"), path
        problem = client.get("/api/v1/search", params={"q": "pharmacie"})
        assert problem.headers["content-type"].startswith("application/problem+json")
        assert problem.json()["detail"].startswith("Le moteur de recherche ne répond pas")
        assert found(client, facets="categorie")["total"] == 4
        assert ids(found(client, lat=LORIENT.lat, lon=LORIENT.lon))[0] == ROWS[-1]["id"]
        assert ids(found(client, q=NUMBER)) == [PHARMACIES[0]["id"]]
        assert client.get("/api/v1/suggest", params={"q": NUMBER}).json()["suggestions"]
        assert client.get("/tiles/structures/6/32/21.mvt").status_code == 204  # no grid was made of this publication
        assert client.get("/").status_code == 200
        assert told(client) == ("degraded", "embedded", False)


def test_without_an_index_here_either_postgis_answers_what_has_no_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUM1_HOME", str(home / "ailleurs"))
    with served() as client:
        assert found(client)["total"] == 4
        refused = client.get("/api/v1/search", params={"q": "pharmacie"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert told(client) == ("degraded", "embedded", False)


def test_doctor_says_what_answers_meanwhile(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        return next(each.found for each in examine(Home(home)) if each.name == "moteur de recherche")

    assert "l’index d’ici répond" in said()
    monkeypatch.setenv("LUM1_SEARCH_FALLBACK", "none")
    assert "les questions avec des mots attendent" in said()


def guarded(both: Both, server: Any) -> GuardedEngine:
    return GuardedEngine(ElasticEngine(at(server)), both.embedded)


def asked(answering: Any) -> int:
    return len(answering.headers_seen)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_fails_three_times_in_a_row_is_left_alone(
    both: Both, answering: Callable[..., Any], status: int
) -> None:
    both.index(a_structure())
    server = answering({"error": "trop"}, status=status)
    engine = guarded(both, server)
    for _ in range(3):
        before = asked(server)
        assert both.ask(engine, SearchQuery()).engine == "embedded"
        assert asked(server) > before
    before = asked(server)
    assert both.ask(engine, SearchQuery()).engine == "embedded"
    assert asked(server) == before
    assert engine.is_replaced


def test_one_that_refuses_our_name_is_left_alone_at_once(both: Both, answering: Callable[..., Any]) -> None:
    both.index(a_structure())
    server = answering({"error": "non"}, status=401)
    engine = guarded(both, server)
    assert [both.ask(engine, SearchQuery()).engine for _ in range(3)] == ["embedded"] * 3
    assert asked(server) == 1


def test_a_question_that_it_cannot_read_is_our_mistake_and_says_so(both: Both, answering: Callable[..., Any]) -> None:
    both.index(a_structure())
    engine = guarded(both, answering({"error": "illisible"}, status=400))
    for _ in range(5):
        with pytest.raises(NotReady, match="refuse la question"):
            both.ask(engine, SearchQuery())
    assert not engine.is_replaced


def test_what_is_served_is_answered_though_the_server_has_the_publication_before(both: Both) -> None:
    both.index(a_structure(name="AVANT"))
    insert_structures(both.connection, [a_structure(name="APRES")])
    embedded.build(both.connection, both.root / str(publish(both.connection)))
    engine = GuardedEngine(both.elastic, both.embedded)
    answer = both.ask(engine, SearchQuery())
    assert (answer.engine, answer.total) == ("embedded", 2)
    indexing.build(both.client, both.server, both.connection)
    answer = both.ask(engine, SearchQuery())
    assert (answer.engine, answer.total) == ("elasticsearch", 2)


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(words="pharmacie", sort=Sort.RELEVANCE, limit=1),
        SearchQuery(words="pharmacie", sort=Sort.NAME, limit=1),
        SearchQuery(
            origin=Origin(LILLE.lon, LILLE.lat),
            filters=Filters(circle=Circle(LILLE.lon, LILLE.lat, 5_000.0)),
            sort=Sort.DISTANCE,
            limit=1,
        ),
    ],
)
def test_pages_begun_on_the_server_go_on_here(both: Both, query: SearchQuery) -> None:
    both.index(*ROWS)
    assert both.every_hit_by_turns(query) == both.every_hit(both.embedded, query)
