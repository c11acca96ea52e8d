"""The least that a load must take: unpack its file, parse it, write its rows without index, hash or check."""

import gzip
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import ijson
import msgspec
import psycopg

from bench.ground import wal_position
from geo.settings import Settings

READ_BYTES = 1 << 18  # as etl/finess/extract.py reads
WRITTEN_BY_A_LOAD = ("structure", "source_record", "tile_count", "drawn")


class Copied(msgspec.Struct, frozen=True):
    """What a bare COPY took."""

    seconds: float
    wal_bytes: int


def gunzip_seconds(file: Path) -> float:
    """To unpack the file, and nothing else."""
    with gzip.open(file) as stream:
        return _seconds(lambda: _drained(stream))


def ijson_seconds(file: Path) -> float:
    """To unpack the file and build each legal entity it holds, one after the other."""
    with gzip.open(file) as stream:
        return _seconds(lambda: sum(1 for _ in ijson.items(stream, "pmej.item", buf_size=READ_BYTES)))


def copy_rows(instance: Settings) -> Copied:
    """To COPY the rows that a first load leaves into tables without any index, and commit."""
    with psycopg.connect(instance.database_url) as connection:
        return Copied(*map(sum, zip(*(_copied(connection, table) for table in WRITTEN_BY_A_LOAD), strict=True)))


def _copied(connection: psycopg.Connection[Any], table: str) -> tuple[float, int]:
    with TemporaryFile() as rows:
        with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT BINARY)".encode()) as out:
            for block in out:
                rows.write(block)
        rows.seek(0)
        connection.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING GENERATED)".encode())
        connection.commit()
        connection.autocommit = True
        connection.execute("CHECKPOINT")
        connection.autocommit = False
        before = wal_position(connection)
        seconds = _seconds(lambda: _copy_in(connection, f"floor_{table}", rows))
        written = wal_position(connection) - before
        connection.execute(f"DROP TABLE floor_{table}".encode())
        connection.commit()
    return seconds, written


def _copy_in(connection: psycopg.Connection[Any], table: str, rows: IO[bytes]) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as into:
        while block := rows.read(READ_BYTES):
            into.write(block)
    connection.commit()


def _drained(stream: Any) -> None:
    while stream.read(READ_BYTES):
        pass


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
