"""SIRENE as it was known at an earlier load, or at the newest, read back from history."""

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from etl import ledger
from etl.registers import establishments
from etl.registers.together import NEWEST, agree
from etl.sirene.records import open_frame
from etl.sirene.transform import establishments_of
from geo.history import stood
from geo.sirene import KIND, PIPELINE

FETCH_ROWS = 20_000


def go_to(connection: Connection, at: int, load_id: int, today: date) -> Mapping[str, int]:
    """`sirene_establishment` as load `at` left it; rows that this rewrites carry `load_id`."""
    establishments.open_stage(connection)
    for statement in (STOOD, LEFT):
        for opened in _opened(connection, statement, at):
            establishments.write_stage(connection, establishments_of(opened, today)[0])
    return establishments.go_back(connection, load_id, at)


def bring_forward(connection: Connection, today: date) -> int:
    """What a rollback undid is made again, so that what comes next is compared with all that is known; how many rows changed.

    Nothing of it is news: its rows carry the load that went back, and no change is told.
    """
    served = ledger.served_load(connection, PIPELINE)
    if served is None or "went_back_to" not in served.counts:
        return 0
    go_to(connection, NEWEST, served.id, today)
    return agree(connection, served.id, whole=True, at=NEWEST).changed


def _opened(connection: Connection, statement: str, at: int) -> Iterator[pl.DataFrame]:
    """Rows of OPEN; who was withheld since is in no version any more."""
    found = connection.execute(text(statement).execution_options(yield_per=FETCH_ROWS), {"kind": KIND, "at": at})
    for rows in found.scalars().partitions():
        yield open_frame(rows)


STOOD = f"""
SELECT record
FROM source_record AS r
WHERE kind = :kind AND {stood("r")}
ORDER BY key
"""
# What had left the register by then is kept as what it last was; `go_back` says that it is active no more.
LEFT = f"""
SELECT DISTINCT ON (key) record
FROM source_record AS r
WHERE kind = :kind AND ended_by <= :at AND NOT EXISTS (
    SELECT FROM source_record AS stands
    WHERE (stands.kind, stands.key) = (r.kind, r.key) AND {stood("stands")}
)
ORDER BY key, valid_from DESC
"""
