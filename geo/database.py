"""The one metadata all tables hang on, and engines to PostgreSQL through psycopg 3."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

IDLE_S = 1.0  # as long as a connection is trusted without being asked
LONGEST_MS = 10_000  # of a statement that somebody waits for, locks included; loads and commands have no limit

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def engine_for(url: str, *, pool_size: int = 8) -> Engine:
    """An engine on a `postgresql://` or `postgresql+psycopg://` address."""
    # a failing statement's values may be somebody's name: they are in no traceback
    return create_engine(
        _driver_url(url), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True
    )


def reading_engine_for(url: str, *, pool_size: int = 8) -> Engine:
    """An engine whose connections only read, each transaction from one snapshot, no statement for longer than LONGEST_MS.

    Made for many small answers a second: connections are opened in that mode, where options would set and reset it for each
    answer, and one that was idle for IDLE_S is asked whether it still answers, where `pool_pre_ping` would ask each time. When
    PostgreSQL restarts, at most the answers of the last second fail (503), then the whole pool is left.
    """
    engine = create_engine(
        _driver_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,
        isolation_level="REPEATABLE READ",
        hide_parameters=True,
        connect_args={"options": reading_options(url)},
    )
    event.listen(engine, "connect", _only_reads)
    event.listen(engine, "checkin", _since)
    event.listen(engine, "checkout", _answers)
    return engine


def reading_options(url: str) -> str:
    """What those who only read begin their connections with, after what the operator's address says.

    Compiling a statement (jit, which a server of one's own has on) takes longer than any of ours.
    """
    theirs = make_url(url).query.get("options", "")
    return f"{theirs} -c default_transaction_read_only=on -c jit=off -c statement_timeout={LONGEST_MS}".strip()


def _driver_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _only_reads(connection: "psycopg.Connection[Any]", record: Any) -> None:
    connection.read_only = True
    record.info["idle_since"] = monotonic()


def _since(_: object, record: Any) -> None:
    record.info["idle_since"] = monotonic()


def _answers(connection: "psycopg.Connection[Any]", record: Any, _: object) -> None:
    if monotonic() - record.info["idle_since"] < IDLE_S:
        return
    try:
        connection.execute("")
        connection.rollback()
    except psycopg.Error as gone:
        raise InvalidatePoolError from gone


@contextmanager
def indexed_after(connection: Connection, table: Table) -> Iterator[None]:
    """Of a table that was never written, or was truncated: key and indexes are made once its rows are there, in the caller's
    transaction, for which whoever reads it waits. One whose rows were deleted keeps its own: somebody may be reading them.

    Twenty million rows are sorted into an index in a fifth of the time that adding them one by one takes.
    """
    if connection.execute(select(func.pg_relation_size(func.to_regclass(table.name)))).scalar_one():
        yield
        return
    # these statements take what they are about out of its table: this program's own description of it stays whole
    described = table.to_metadata(MetaData(naming_convention=table.metadata.naming_convention))
    key, indexes = described.primary_key, [*described.indexes]
    connection.execute(DropConstraint(key))
    for index in indexes:
        connection.execute(DropIndex(index))
    yield
    connection.execute(AddConstraint(key))
    for index in indexes:
        connection.execute(CreateIndex(index))


@contextmanager
def planned(connection: Connection, settings: Mapping[str, str]) -> Iterator[None]:
    """What the planner may do, in the caller's transaction, for what is asked within; then what it could before."""
    before = {name: connection.execute(select(func.current_setting(name))).scalar_one() for name in settings}
    for name, value in settings.items():
        connection.execute(select(func.set_config(name, value, True)))
    yield
    for name, value in before.items():
        connection.execute(select(func.set_config(name, value, True)))


def vacuum(engine: Engine, *tables: str, options: str = "") -> None:
    """After thousands of rows: mark them as visible to all, once, rather than in the journal of the days that first read them.

    With page checksums PostgreSQL writes a page to its journal the first time a reader marks it, and index-only scans need
    the marks of a vacuum. `options` as PostgreSQL names them, commas between.
    """
    with engine.connect() as connection:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        plain.execute(text(f"VACUUM {f'({options}) ' if options else ''}{', '.join(tables)}"))
