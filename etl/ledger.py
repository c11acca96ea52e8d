"""The run ledger: one row per load, from "running" to what became of it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, func, insert, select, text, update

from etl.gates import Verdict
from geo.discretion import said
from geo.errors import Lum1Error
from geo.publication import load

ONE_LOAD_AT_A_TIME = 0x6C756D32  # advisory lock key: "lum2"


class LoadUnderWay(Lum1Error):
    """Another load holds the lock."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A published file as credited and checked later: never its path on this machine."""

    name: str
    origin: str  # live, file, demo
    fictitious: bool
    sha1: str
    size: int
    produced_at: datetime | None = None
    licence: str = "lov2"


def source_of(path: Path, **about: Any) -> Source:
    """The source that a file is, its sum computed."""
    with path.open("rb") as stream:
        sha1 = hashlib.file_digest(stream, "sha1").hexdigest()
    return Source(name=path.name, sha1=sha1, size=path.stat().st_size, **about)


def told(source: Source, *, produced_at: datetime, fictitious: bool) -> Source:
    """The source with what its file says of itself."""
    origin = "demo" if fictitious else source.origin
    return msgspec.structs.replace(source, produced_at=produced_at, fictitious=fictitious, origin=origin)


@contextmanager
def only_load(engine: Engine) -> Iterator[Connection]:
    """Hold the lock that lets one load run at a time; a session's lock falls with its process, however it ends.

    What a dead run left "running" is marked as interrupted.
    """
    with engine.connect() as lock:
        if not lock.execute(select(func.pg_try_advisory_lock(ONE_LOAD_AT_A_TIME))).scalar_one():
            raise LoadUnderWay("Un autre chargement est en cours : attendez sa fin (./lum1 loads le montre).")
        interrupted = {"state": "interrupted", "ended_at": func.now(), "error": "arrêt brutal"}
        lock.execute(update(load).where(load.c.state == "running").values(interrupted))
        lock.commit()
        try:
            yield lock
        finally:
            lock.rollback()
            lock.execute(select(func.pg_advisory_unlock(ONE_LOAD_AT_A_TIME)))
            lock.commit()


def open_load(engine: Engine, pipeline: str, source: Source) -> int:
    """Record that a load begins; its id."""
    with engine.begin() as connection:
        return begin_load(connection, pipeline, source)


def begin_load(connection: Connection, pipeline: str, source: Source) -> int:
    """The same in the caller's transaction, for a load that is part of another."""
    load_id: int = connection.execute(
        insert(load)
        .values(
            pipeline=pipeline,
            origin=source.origin,
            fictitious=source.fictitious,
            source=source.name,
            sha1=source.sha1,
            bytes=source.size,
            produced_at=source.produced_at,
            licence=source.licence,
            state="running",
        )
        .returning(load.c.id)
    ).scalar_one()
    return load_id


def close_load(
    connection: Connection,
    load_id: int,
    state: str,
    *,
    counts: dict[str, Any] | None = None,
    verdicts: list[Verdict] | None = None,
    error: str | None = None,
) -> None:
    """Record what became of a load, in the caller's transaction: published with its data, or not at all."""
    connection.execute(
        update(load)
        .where(load.c.id == load_id)
        .values(
            state=state,
            counts=counts or {},
            gates=[msgspec.to_builtins(verdict) for verdict in verdicts or []],
            error=error,
            ended_at=datetime.now(UTC),
        )
    )


def served_load(connection: Connection, pipeline: str) -> Row[Any] | None:
    """The load of this pipeline that is being served."""
    return connection.execute(
        select(load).where(
            load.c.pipeline == pipeline,
            text("load.id = ANY (SELECT unnest(loads) FROM publication JOIN current_publication USING (version))"),
        )
    ).one_or_none()


def was_published(connection: Connection, pipeline: str, sha1: str) -> bool:
    """Whether a file with this sum was ever published."""
    known = select(load.c.id).where(load.c.pipeline == pipeline, load.c.sha1 == sha1, load.c.state == "published")
    return connection.execute(known.limit(1)).one_or_none() is not None


@contextmanager
def failure_recorded(engine: Engine, load_id: int) -> Iterator[None]:
    """Whatever breaks inside is the load's end in the ledger, then goes on its way."""
    try:
        yield
    except KeyboardInterrupt:
        with engine.begin() as connection:
            close_load(connection, load_id, "interrupted", error="arrêt demandé")
        raise
    except BaseException as error:
        with engine.begin() as connection:
            close_load(connection, load_id, "failed", error=said(error))
        raise
