"""`sirene_establishment` made to say what SIRENE's rows say, rewritten only where they differ."""

from datetime import datetime

import msgspec
import polars as pl
from sqlalchemy import Connection, text

from etl import planner
from etl.copying import copy_rows, create_temporary, digest
from geo.history import stood

COLUMNS = {
    "siret": "text",
    "siren": "text",
    "active": "bool",
    "natural_person": "bool",
    "statut": "text",
    "naf": "text[]",
    "categorie_no": "int4",
    "name": "text",
    "name_key": "text",
    "other_names": "text[]",
    "address_lines": "text[]",
    "postcode": "text",
    "commune": "text",
    "commune_name": "text",
    "departement": "text",
    "region": "text",
    "epci": "text",
    "opened_on": "date",
    "closed_on": "date",
    "lon": "float8",
    "lat": "float8",
    "precision": "text",
    "position_source": "text",
}
# Insee's last technical touch: what tells which of two sayings is the newer one; it makes no change by itself.
TECHNICAL = {"updated_on": "date", "treated_at": "timestamp"}
NAMES = (*COLUMNS, *TECHNICAL)


class Changes(msgspec.Struct, frozen=True):
    """How many establishments changed."""

    inserted: int
    updated: int
    ceased: int


def open_stage(connection: Connection) -> None:
    """Where a run's rows wait for the gates."""
    create_temporary(connection, "establishment_stage", {**COLUMNS, **TECHNICAL, "row_hash": "bytea"})


def write_stage(connection: Connection, establishments: pl.DataFrame) -> None:
    """Add rows of NAMES, each with its hash."""
    rows = establishments.select(NAMES).iter_rows()
    types = {**COLUMNS, **TECHNICAL, "row_hash": "bytea"}
    copy_rows(connection, "establishment_stage", types, ((*row, digest(row[: len(COLUMNS)])) for row in rows))


def newer_than(connection: Connection, moments: pl.DataFrame, whole_at: datetime | None) -> set[str]:
    """The SIRET among `moments` (siret, treated_at) that we know from a later treatment than theirs.

    A stock, `whole_at` a moment, knows all that was treated before it, even of the legal unit, which no row of ours dates.
    """
    given = {"sirets": moments["siret"].to_list(), "moments": moments["treated_at"].to_list(), "whole_at": whole_at}
    return set(connection.execute(text(NEWER), given).scalars())


def treated_since(connection: Connection, moment: datetime) -> list[str]:
    """The SIRET that we know from a treatment of this moment or later."""
    return list(connection.execute(text(SINCE), {"moment": moment}).scalars())


def apply(connection: Connection, load_id: int, stock_day: datetime | None) -> Changes:
    """The stage into the table. `stock_day`: of a whole stock, whose absent establishments are no longer in the register."""
    connection.execute(text("CREATE UNIQUE INDEX ON establishment_stage (siret)"))
    connection.execute(text("ANALYZE establishment_stage (siret, row_hash)"))
    load = {"load_id": load_id}
    updated: int = connection.execute(text(UPDATE), load).rowcount
    connection.execute(text(TOUCH))
    inserted: int = connection.execute(text(INSERT), load).rowcount
    ceased: int = 0
    if stock_day is not None:
        ceased = connection.execute(text(CEASE), load | {"stock_day": stock_day}).rowcount
    planner.tell(connection, "sirene_establishment", inserted + updated)
    return Changes(inserted, updated, ceased)


def go_back(connection: Connection, load_id: int, at: int) -> dict[str, int]:
    """The stage of an earlier load `at` into the table: what was unknown then leaves. The stage is for this alone."""
    changes = apply(connection, load_id, None)
    connection.execute(text(CEASE_LEFT), {"at": at})
    deleted: int = connection.execute(text(DELETE_UNKNOWN_THEN)).rowcount
    connection.execute(text("DROP TABLE establishment_stage"))
    return {"inserted": changes.inserted, "updated": changes.updated, "deleted": deleted}


_LIST = ", ".join((*NAMES, "row_hash"))

NEWER = """
SELECT e.siret
FROM unnest(CAST(:sirets AS text[]), CAST(:moments AS timestamp[])) AS given (siret, treated_at)
JOIN sirene_establishment AS e USING (siret)
WHERE e.treated_at > greatest(given.treated_at, CAST(:whole_at AS timestamp))
"""
# Once a stock: the whole table is read, as it is by what follows.
SINCE = "SELECT siret FROM sirene_establishment WHERE treated_at >= :moment"
UPDATE = f"""
UPDATE sirene_establishment AS e
SET ({_LIST}, load_id) = ({", ".join(f"g.{name}" for name in (*NAMES, "row_hash"))}, :load_id)
FROM establishment_stage AS g
WHERE e.siret = g.siret AND e.row_hash <> g.row_hash
"""
TOUCH = """
UPDATE sirene_establishment AS e
SET treated_at = g.treated_at
FROM establishment_stage AS g
WHERE e.siret = g.siret AND e.treated_at < g.treated_at
"""
INSERT = f"""
INSERT INTO sirene_establishment ({_LIST}, load_id)
SELECT {_LIST}, :load_id
FROM establishment_stage AS g
WHERE NOT EXISTS (SELECT FROM sirene_establishment AS e WHERE e.siret = g.siret)
"""
# Insee keeps its closed establishments: one that is absent has left our scope, or the register. What the API created since the
# stock was made is not in it yet. The empty hash makes it come back as a change.
CEASE = """
UPDATE sirene_establishment AS e
SET active = false, row_hash = '', load_id = :load_id
WHERE row_hash <> '' AND treated_at < :stock_day
  AND NOT EXISTS (SELECT FROM establishment_stage AS g WHERE g.siret = e.siret)
"""
# As CEASE left it.
CEASE_LEFT = f"""
UPDATE sirene_establishment AS e
SET active = false, row_hash = ''
FROM establishment_stage AS g
WHERE g.siret = e.siret AND NOT EXISTS (
    SELECT FROM source_record AS r
    WHERE r.kind = 'siret' AND r.key = e.siret AND {stood("r")}
)
"""
DELETE_UNKNOWN_THEN = """
DELETE FROM sirene_establishment AS e WHERE NOT EXISTS (SELECT FROM establishment_stage AS g WHERE g.siret = e.siret)
"""
