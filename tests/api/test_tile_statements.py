"""Connections of the event loop: kept while nobody asks, let go when PostgreSQL has."""

import asyncio

import pytest
from sqlalchemy import Connection, text

from api.tiles import statements
from api.tiles.statements import Statements
from geo.compiled import Compiled

WHO = Compiled(text("SELECT pg_backend_pid()"))


async def asked_twice(url: str, between: Connection | None) -> list[int]:
    asking = Statements(url)
    try:
        (first,) = await asking.row(WHO, {})
        if between is not None:
            between.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
        return [first, *await asking.row(WHO, {})]
    finally:
        await asking.close()


@pytest.fixture(autouse=True)
def long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was asked was asked too long ago to be trusted."""
    monkeypatch.setattr(statements, "IDLE_S", -1)


def test_one_that_nobody_used_for_a_while_answers_the_next(database_url: str) -> None:
    first, second = asyncio.run(asked_twice(database_url, None))
    assert first == second


def test_one_that_postgresql_closed_meanwhile_gives_way_to_another(database_url: str, connection: Connection) -> None:
    first, second = asyncio.run(asked_twice(database_url, connection))
    assert first != second
