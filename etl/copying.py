"""Rows into PostgreSQL by COPY, and what tells whether one changed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import psycopg
from sqlalchemy import Connection


def copy_rows(connection: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
    """Binary COPY into a table, in the caller's transaction; `columns` are names and PostgreSQL types, in the rows' order."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    names = ", ".join(f'"{name}"' for name in columns)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def create_temporary(connection: Connection, table: str, columns: Mapping[str, str]) -> None:
    """A table of this transaction's own: nothing of an interrupted run survives it."""
    written = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {table} ({written}) ON COMMIT DROP")


def digest(content: object) -> bytes:
    """Sixteen bytes that change when any of these values does."""
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=16).digest()
