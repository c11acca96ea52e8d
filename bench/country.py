"""A country of invented structures in an instance that the real server answers from, without a register's load.

Rows go by COPY into `structure`, its indexes are made again as migrations made them, and the publication is the project's own.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import polars as pl
import psycopg
from sqlalchemy import Connection, insert, text

from bench.drawn import LISTS, drawn
from etl import publish
from geo import activites, sirene
from geo.database import engine_for
from geo.publication import load
from geo.settings import Settings
from search import embedded

PIPELINES = ("finess", activites.PIPELINE, sirene.PIPELINE)  # what is filtered and counted must have been loaded
PRODUCED_AT = datetime(2026, 11, 1, tzinfo=UTC)
COPIED_ROWS = 50_000
TRUTH = "structures.parquet"  # beside the search index: what is asked by brute force

# Of the table as it is migrated, but for its key.
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename = 'structure' AND indexname <> 'structure_pkey'
"""
# In Hilbert order, as loads write (etl/merge.py).
INSERT = """
INSERT INTO structure ({columns}, row_hash, load_id)
SELECT {columns}, '', {load} FROM invented ORDER BY ST_SetSRID(ST_MakePoint(lon, lat), 4326)
"""


class Country(msgspec.Struct, frozen=True):
    """The instance, and the rows that were drawn."""

    instance: Settings
    rows: pl.DataFrame


def fill(instance: Settings, count: int, say: publish.Step) -> Country:
    """Draw `count` structures into a database that is migrated and empty, and publish them."""
    say(f"{count:_} structures tirées".replace("_", " "))
    rows = drawn(count)
    engine = engine_for(instance.database_url)
    with engine.begin() as connection:
        loads = {pipeline: _load(connection, pipeline, count) for pipeline in PIPELINES}
        say("copie")
        indexes = connection.execute(text(INDEXES)).all()
        for name, _ in indexes:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        _insert(connection, rows, loads["finess"])
        say("index de la table")
        for _, definition in indexes:
            connection.exec_driver_sql(definition)
        publish.publish(connection, instance.search_root, loads, fictitious=True, changed=None, step=say)
    publish.tidy(engine)
    engine.dispose()
    rows.write_parquet(instance.home / TRUTH)
    return opened(instance)


def opened(instance: Settings) -> Country:
    """A country that was filled."""
    return Country(instance, pl.read_parquet(instance.home / TRUTH))


def index_again(instance: Settings, say: publish.Step) -> None:
    """The words index of a country that was filled by another version of the program, under the version that is served."""
    say("index de recherche")
    engine = engine_for(instance.database_url)
    with engine.connect() as connection:
        embedded.build(connection, words_folder(connection, instance))
    engine.dispose()


def is_indexed(instance: Settings) -> bool:
    """Whether the words index is whole, as this version of the program reads it."""
    return embedded.opens(served_folder(instance))


def served_folder(instance: Settings) -> Path:
    """Where the index is that an instance serves from."""
    engine = engine_for(instance.database_url)
    with engine.connect() as connection:
        folder = words_folder(connection, instance)
    engine.dispose()
    return folder


def words_folder(connection: Connection, instance: Settings) -> Path:
    """Where the index of the served version is."""
    version = connection.execute(text("SELECT version FROM current_publication")).scalar_one()
    return instance.search_root / str(version)


def _load(connection: Connection, pipeline: str, count: int) -> int:
    row = {
        "pipeline": pipeline,
        "origin": "demo",
        "fictitious": True,
        "source": "structures tirées",
        "licence": "lov2",
        "state": "published",
        "produced_at": PRODUCED_AT,
        "counts": {"read": count, "kept": count},
    }
    return int(connection.execute(insert(load).values(row).returning(load.c.id)).scalar_one())


def _insert(connection: Connection, rows: pl.DataFrame, load_id: int) -> None:
    written = rows.drop("centre_lon", "centre_lat").with_columns(_as_array(name) for name in LISTS)
    columns = ", ".join(f'"{name}"' for name in written.columns)
    connection.exec_driver_sql("CREATE TEMPORARY TABLE invented (LIKE structure) ON COMMIT DROP")
    for name in ("row_hash", "load_id", "register"):
        connection.exec_driver_sql(f"ALTER TABLE invented DROP COLUMN {name}")
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor, cursor.copy(f"COPY invented ({columns}) FROM STDIN (FORMAT CSV)".encode()) as copy:
        for piece in written.iter_slices(COPIED_ROWS):
            copy.write(piece.write_csv(include_header=False).encode())
    connection.exec_driver_sql(INSERT.format(columns=columns, load=load_id))


def _as_array(name: str) -> pl.Expr:
    """An array as PostgreSQL writes it: codes, numbers and plain words, in which nothing needs more than quotes."""
    quoted = pl.col(name).list.eval(pl.format('"{}"', pl.element())).list.join(",")
    return pl.concat_str(pl.lit("{"), quoted, pl.lit("}")).alias(name)
