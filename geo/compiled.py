"""A query that is asked all day, compiled once and said to the driver itself.

SQLAlchemy walks the whole of a statement each time it is executed, to know whether it was compiled before, then dresses each row:
for some of ours that takes longer than PostgreSQL's answer.
"""

from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import ClauseElement, Connection
from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect
from sqlalchemy.exc import DBAPIError

DIALECT = psycopg_dialect.dialect()  # type: ignore[no-untyped-call]


class Compiled:
    """What its query says, with names (`bindparam`) for what changes; whatever else it holds is said as it was.

    `sql`: as it is said to the driver, with the values `given`.
    """

    def __init__(self, query: ClauseElement) -> None:
        made = query.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        self.sql, self.given = str(made), made.params

    def execute(self, connection: Connection, **values: object) -> list[Any]:
        """Its rows, with the names of their columns, in the connection's transaction; values come as psycopg reads them.

        Errors are SQLAlchemy's own, as for any other statement. Who listens to the engine's statements hears this one too.
        """
        given = {**self.given, **values}
        if connection.engine.dispatch.before_cursor_execute:
            return list(connection.exec_driver_sql(self.sql, given).all())
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        try:
            with driver.cursor(row_factory=namedtuple_row) as cursor:
                return cursor.execute(self.sql.encode(), given).fetchall()
        except psycopg.Error as error:
            if driver.closed:
                connection.invalidate(error)
            raise DBAPIError.instance(self.sql, None, error, psycopg.Error, hide_parameters=True) from error
