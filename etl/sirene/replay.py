"""SIRENE as it was known at an earlier load, read back from history."""

from collections.abc import Iterator

import polars as pl
from sqlalchemy import Connection, text

from etl.registers.links import open_frame
from geo.sirene import KIND

FETCH_ROWS = 20_000


def opened_at_load(connection: Connection, load_id: int) -> Iterator[pl.DataFrame]:
    """Rows of OPEN that stood at that load; who was withheld since is in no version any more."""
    asked = {"kind": KIND, "load_id": load_id}
    found = connection.execute(text(RECORDS).execution_options(yield_per=FETCH_ROWS), asked)
    for rows in found.scalars().partitions():
        yield open_frame(rows)


RECORDS = """
SELECT record
FROM source_record
WHERE kind = :kind AND load_id <= :load_id AND (ended_by IS NULL OR ended_by > :load_id)
ORDER BY key
"""
