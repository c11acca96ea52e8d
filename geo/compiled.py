"""A query that is asked all day, compiled once.

SQLAlchemy walks the whole of a statement each time it is executed, to know whether it was compiled before: for some of ours that
takes longer than PostgreSQL's answer.
"""

from typing import Any

from sqlalchemy import Connection, CursorResult, Select
from sqlalchemy.dialects.postgresql import psycopg

DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]


class Compiled:
    """What its query says, with names (`bindparam`) for what changes; whatever else it holds is said as it was."""

    def __init__(self, query: Select[Any]) -> None:
        made = query.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        self._sql, self._given = str(made), made.params

    def execute(self, connection: Connection, **values: object) -> CursorResult[Any]:
        """Its rows, by the names of their columns; values come as psycopg reads them."""
        return connection.exec_driver_sql(self._sql, {**self._given, **values})
