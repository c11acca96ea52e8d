"""Which publication is served, asked beside an answer: never a wrong word, and none where PostgreSQL is gone."""

from collections.abc import Iterator

import psycopg
import pytest

from geo.asking import MOST, Asked, Asking
from geo.database import engine_for
from geo.publication import PublicationReader
from tests.builders import publish
from tests.conftest import fresh_database


@pytest.fixture
def url(server_url: str, template: str) -> Iterator[str]:
    with fresh_database(server_url, template=template) as url:
        yield url


@pytest.fixture
def asking(url: str) -> Iterator[Asking]:
    asking = Asking(url)
    yield asking
    asking.close()


def publish_one(url: str) -> str:
    """A publication more; what WHICH says of it."""
    engine, reader = engine_for(url), PublicationReader()
    with engine.begin() as connection:
        publish(connection)
    with engine.connect() as connection:
        reader.read(connection)
    engine.dispose()
    return reader.last[0]


def ended(asking: Asking) -> str | None:
    asked = asking.ask()
    try:
        return asked.answer()
    finally:
        asked.give_up()


def test_it_says_what_a_transaction_reads(url: str, asking: Asking) -> None:
    for _ in range(2):
        served = publish_one(url)
        asking.make_ready()
        assert ended(asking) == served
        assert ended(asking) == served


def test_nothing_is_said_before_the_first_publication_and_by_nobody(asking: Asking) -> None:
    assert ended(asking) is None
    asking.make_ready()
    assert ended(asking) is None


def test_what_is_told_is_there_without_waiting_in_the_end(url: str, asking: Asking) -> None:
    served = publish_one(url)
    asking.make_ready()
    asked = asking.ask()
    while not asked.is_told():
        pass
    assert asked.answer() == served
    assert asked.answer() is None  # once


def test_a_connection_that_postgresql_ended_says_nothing_and_is_replaced(url: str, asking: Asking) -> None:
    served = publish_one(url)
    asking.make_ready()
    with psycopg.connect(url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert ended(asking) is None
    asking.make_ready()
    assert ended(asking) == served


def test_one_that_was_given_up_is_asked_nothing_more(url: str, asking: Asking) -> None:
    served = publish_one(url)
    asking.make_ready()
    asking.ask().give_up()
    assert asking.ask().is_of_nobody
    asking.make_ready()
    assert ended(asking) == served


def test_no_more_connections_are_opened_than_said(url: str, asking: Asking) -> None:
    publish_one(url)
    held: list[Asked] = []
    for _ in range(MOST + 2):
        asking.make_ready()
        held.append(asking.ask())
    assert [each.is_of_nobody for each in held] == [False] * MOST + [True] * 2
    for each in held:
        each.give_up()
    asking.make_ready()
    assert ended(asking)
