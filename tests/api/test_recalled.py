"""Answers made of what the engine holds are those of the publication that is served when they are given."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import psycopg
import pytest
from litestar.testing import TestClient

from api.app import create_app
from api.dependencies import Reading
from api.search.recalled import confirmed
from etl import publish
from geo.database import engine_for
from geo.errors import NotAvailableYet
from geo.publication import Publication
from geo.settings import Settings
from tests.api.conftest import demo_with_everything
from tests.once import copy_of

QUESTIONS = (
    {"lat": 48.85, "lon": 2.35},
    {"lat": 48.85, "lon": 2.35, "categorie": "500", "radius": 200000},
    {"q": "pharmacie"},
    {"q": "pharmacie paris", "explain": "true"},
    {"sort": "name", "facets": "categorie"},
)


@pytest.fixture
def instance(server_url: str, tmp_path: Path) -> Iterator[Settings]:
    with copy_of(demo_with_everything, server_url, tmp_path) as settings:
        yield settings


@pytest.fixture
def client(instance: Settings) -> Iterator[Any]:
    with TestClient(create_app(instance), raise_server_exceptions=False) as client:
        yield client


def publish_again(instance: Settings, *statements: str) -> None:
    """What these statements leave, published."""
    engine = engine_for(instance.database_url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        publish.rebuild(connection, instance.search_root, lambda _: None)
    engine.dispose()


def refuse_transactions(client: Any) -> None:
    """Whoever opens one fails."""

    def refused() -> None:
        raise AssertionError("une transaction")

    client.app.state.engine.connect = refused


@pytest.mark.parametrize("asked", QUESTIONS)
def test_a_second_answer_takes_no_transaction_and_says_the_same(client: Any, asked: dict[str, Any]) -> None:
    first = client.get("/api/v1/search", params=asked).json()
    assert first["total"]
    refuse_transactions(client)
    assert client.get("/api/v1/search", params=asked).json() == first


@pytest.mark.parametrize("typed", ["pharm", "lil", "59"])
def test_lines_take_none_either(client: Any, typed: str) -> None:
    first = client.get("/api/v1/suggest", params={"q": typed}).json()
    assert first["suggestions"]
    refuse_transactions(client)
    assert client.get("/api/v1/suggest", params={"q": typed}).json() == first


@pytest.mark.parametrize("asked", QUESTIONS)
def test_the_next_answer_is_of_what_was_published_meanwhile(
    client: Any, instance: Settings, asked: dict[str, Any]
) -> None:
    before = client.get("/api/v1/search", params=asked).json()
    gone = before["results"][0]["id"]
    publish_again(instance, f"DELETE FROM structure WHERE id = '{gone}'")
    after = client.get("/api/v1/search", params=asked).json()
    assert after["data"]["version"] == before["data"]["version"] + 1
    assert after["total"] == before["total"] - 1
    assert gone not in [each["id"] for each in after["results"]]


def test_what_is_published_while_an_answer_is_made_is_what_it_says(client: Any, instance: Settings) -> None:
    client.get("/api/v1/search", params=QUESTIONS[0])
    versions: list[int] = []

    def slow(known: Publication) -> int:
        versions.append(known.version)
        publish_again(instance)
        return known.version

    async def said() -> int:
        state = client.app.state
        asked = state.asking.ask
        state.asking.ask = lambda: Late(asked)
        return await confirmed(state, slow, lambda view: view.publication.version)

    class Late:
        """Asked only once the answer is made, as PostgreSQL may be late to hear the question."""

        is_of_nobody = False

        def __init__(self, ask: Any) -> None:
            self._ask = ask

        def is_told(self) -> bool:
            return False

        def answer(self) -> Any:
            return self._ask().answer()

        def give_up(self) -> None:
            pass

    assert anyio.run(said) == versions[0] + 1


def test_data_that_were_loaded_since_are_available_at_once(client: Any) -> None:
    client.get("/api/v1/search", params=QUESTIONS[0])

    def refused(known: Publication) -> int:
        raise NotAvailableYet("pas encore", parameter="naf")

    async def said() -> int:
        return await confirmed(client.app.state, refused, lambda view: view.publication.version)

    assert anyio.run(said) == 2  # the second publication: activities


def test_an_answer_that_cannot_be_recalled_is_read(client: Any) -> None:
    def read(view: Reading) -> int:
        return view.publication.version

    async def said() -> int:
        return await confirmed(client.app.state, lambda known: None, read)

    client.get("/api/v1/search", params=QUESTIONS[0])
    assert anyio.run(said) >= 1


def test_connections_that_postgresql_ended_are_replaced(client: Any, instance: Settings) -> None:
    first = client.get("/api/v1/search", params=QUESTIONS[0]).json()
    client.app.state.engine.dispose()  # the pool's own are another matter (geo.database)
    with psycopg.connect(instance.database_url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert client.get("/api/v1/search", params=QUESTIONS[0]).json() == first
    refuse_transactions(client)
    assert client.get("/api/v1/search", params=QUESTIONS[0]).json() == first
