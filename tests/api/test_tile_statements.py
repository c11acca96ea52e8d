"""Connections of the event loop: kept while nobody asks, let go when PostgreSQL has."""

import asyncio
import os
import signal

import psycopg
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


async def asked_while_it_stands_still(url: str) -> bool:
    asking = Statements(url)
    try:
        (first,) = await asking.row(WHO, {})
        os.kill(first, signal.SIGSTOP)  # what a disk that does not answer does
        try:
            with pytest.raises(psycopg.errors.QueryCanceled, match="ne répond pas"):
                await asking.row(WHO, {})
        finally:
            os.kill(first, signal.SIGCONT)
        (second,) = await asking.row(WHO, {})
        return bool(second != first)
    finally:
        await asking.close()


def test_one_that_says_nothing_is_not_waited_for_without_end(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "ANSWERED_WITHIN_S", 0.5)
    assert asyncio.run(asked_while_it_stands_still(database_url))
