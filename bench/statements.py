"""The SQL of an answer, and nothing else of it: what it says to PostgreSQL, then said again on one prepared connection."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, event

Statement = tuple[bytes, Any]


def said(engine: Engine, work: Callable[[], object]) -> list[Statement]:
    """The statements that this work says, with their values, in order."""
    heard: list[Statement] = []

    def hear(connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        heard.append((statement.encode(), values))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    return heard


@contextmanager
def prepared(database_url: str) -> Iterator[Callable[[Sequence[Statement]], None]]:
    """Says statements and reads all their rows, each prepared at its first time."""
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=0) as connection:

        def say(statements: Sequence[Statement]) -> None:
            for statement, values in statements:
                connection.execute(statement, values).fetchall()

        yield say
