"""FINESS's staged rows into `structure`: new ones in, changed ones rewritten, vanished ones closed, the rest untouched.

What other registers gave to a rewritten row is given again afterwards (etl/registers).
"""

from collections.abc import Iterable

import msgspec
import polars as pl
from sqlalchemy import Connection, text

from etl.copying import copy_rows, create_temporary, digest
from geo.reference.load import add_unknown_categories

# The staging table's columns, in the order that transforms give them; row_hash comes last.
COLUMNS = (
    ("id", "text"),
    ("name", "text"),
    ("name_key", "text"),
    ("other_names", "text[]"),
    ("categorie_no", "int4"),
    ("finess", "text[]"),
    ("siret", "text[]"),
    ("siren", "text"),
    ("ej_finess", "text"),
    ("ej_name", "text"),
    ("ej_siren", "text"),
    ("statut", "text"),
    ("address_lines", "text[]"),
    ("postcode", "text"),
    ("commune", "text"),
    ("commune_name", "text"),
    ("departement", "text"),
    ("region", "text"),
    ("epci", "text"),
    ("phones", "text[]"),
    ("open", "bool"),
    ("opened_on", "date"),
    ("closed_on", "date"),
    ("updated_on", "date"),
    ("lon", "float8"),
    ("lat", "float8"),
    ("precision", "text"),
    ("position_source", "text"),
)
NAMES = tuple(name for name, _ in COLUMNS)
STAGED = {**dict(COLUMNS), "row_hash": "bytea"}
# The day of the last technical touch moves every night for nothing: it is kept with the change that came with it, and makes none.
TECHNICAL = NAMES.index("updated_on")


class Changes(msgspec.Struct, frozen=True):
    """How many structures a merge touched."""

    inserted: int
    updated: int
    removed: int
    deleted: int = 0  # by going back only: they were unknown then


def create_stage(connection: Connection) -> None:
    """Where a run's rows wait for the gates."""
    create_temporary(connection, "stage", STAGED)


def write_stage(connection: Connection, structures: pl.DataFrame) -> None:
    """COPY a frame of COLUMNS into the stage, each row with its hash."""
    rows = structures.select(NAMES).iter_rows()
    copy_rows(connection, "stage", STAGED, ((*row, row_hash(row)) for row in rows))


def row_hash(row: Iterable[object]) -> bytes:
    """Sixteen bytes that change when any value of the row does, the technical date apart."""
    values = list(row)
    values[TECHNICAL] = None
    return digest(values)


class Repeated(msgspec.Struct, frozen=True):
    """Rows that left the stage because their identifier stands in an earlier one."""

    rows: int
    samples: list[str]


def index_stage(connection: Connection) -> Repeated:
    """Once the stage is full: of an identifier that is there twice the first row stands, and the planner knows its size."""
    rows, samples = connection.execute(text(DROP_REPEATED)).one()
    connection.execute(text("CREATE UNIQUE INDEX ON stage (id)"))
    connection.execute(text("ANALYZE stage (id, row_hash)"))  # what joins are made on
    return Repeated(rows, samples or [])


def compare_with_served(connection: Connection) -> dict[str, int]:
    """What the stage would change of what is served, for the gates; rows withdrawn earlier are not looked at again."""
    return dict(connection.execute(text(COMPARE_WITH_SERVED)).mappings().one())


def merge(connection: Connection, load_id: int) -> Changes:
    """Make `structure` say what the stage says, in the caller's transaction; numbers that vanished are served as closed."""
    numbers = connection.execute(text("SELECT DISTINCT categorie_no FROM stage")).scalars()
    add_unknown_categories(connection, list(numbers))
    connection.execute(text(FORGET_OWN))
    return Changes(
        updated=connection.execute(text(UPDATE_CHANGED), {"load_id": load_id}).rowcount,
        inserted=connection.execute(text(INSERT_NEW), {"load_id": load_id}).rowcount,
        removed=connection.execute(text(CLOSE_VANISHED), {"load_id": load_id}).rowcount,
    )


def go_back(connection: Connection, load_id: int, to: int) -> Changes:
    """The same for the stage of an earlier load `to`: structures that were unknown then leave."""
    deleted: int = connection.execute(text(DELETE_UNKNOWN_THEN), {"to": to}).rowcount
    return msgspec.structs.replace(merge(connection, load_id), deleted=deleted)


_LIST = ", ".join(f'"{name}"' for name in NAMES)

# Asked once a run: one hash aggregate. A row's place in the stage is its place in the file.
DROP_REPEATED = """
WITH twice AS (
    SELECT id, min(ctid) AS first FROM stage GROUP BY id HAVING count(*) > 1
), gone AS (
    DELETE FROM stage USING twice WHERE stage.id = twice.id AND stage.ctid <> twice.first RETURNING stage.id
)
SELECT count(*), (SELECT array_agg(id) FROM (SELECT DISTINCT id FROM gone ORDER BY id LIMIT 5) AS first_ones) FROM gone
"""

# A rewritten row says again what its own register says.
FORGET_OWN = """
DELETE FROM structure_own AS o
USING structure AS s, stage AS g
WHERE o.id = s.id AND g.id = s.id AND g.row_hash <> s.row_hash
"""

UPDATE_CHANGED = f"""
UPDATE structure AS s
SET ({_LIST}, row_hash, load_id) = ({", ".join(f'g."{name}"' for name in NAMES)}, g.row_hash, :load_id)
FROM stage AS g
WHERE g.id = s.id AND g.row_hash <> s.row_hash
"""

# In Hilbert order (how PostGIS sorts geometries), so that a map's neighbours are neighbours on disk.
INSERT_NEW = f"""
INSERT INTO structure ({_LIST}, row_hash, load_id)
SELECT {_LIST}, row_hash, :load_id
FROM stage AS g
WHERE NOT EXISTS (SELECT FROM structure AS s WHERE s.id = g.id)
ORDER BY ST_SetSRID(ST_MakePoint(lon, lat), 4326)
"""

# The register keeps its closed establishments, so a number that vanishes is withdrawn, not closed on a date we know. The
# empty hash makes it come back as a change if it is published again.
CLOSE_VANISHED = """
UPDATE structure AS s
SET open = false, row_hash = '', load_id = :load_id
WHERE register = 'finess' AND row_hash <> '' AND NOT EXISTS (SELECT FROM stage AS g WHERE g.id = s.id)
"""

# The founding number of a structure is its id without the letter (docs/adr/0002); ids are in the "C" collation, which the key's
# index does not answer.
DELETE_UNKNOWN_THEN = """
DELETE FROM structure AS s
WHERE register = 'finess' AND NOT EXISTS (SELECT FROM stage AS g WHERE g.id = s.id)
  AND NOT EXISTS (
      SELECT FROM source_record AS r WHERE r.kind = 'ege' AND r.key = substr(s.id, 2) COLLATE "default" AND r.load_id <= :to
  )
"""

# Asked once a run, before anything moves: one hash join. Half a kilometre is reckoned on a plane tangent to the place, which
# errs by less than a metre there.
COMPARE_WITH_SERVED = """
WITH served AS (
    SELECT id, open, lon, lat, position_source = 'finess' AS by_flow
    FROM structure
    WHERE register = 'finess' AND row_hash <> ''
), given AS (
    SELECT id, open, lon, lat, position_source = 'finess' AS by_flow FROM stage
)
SELECT
    count(served.id) AS previous,
    count(*) FILTER (WHERE served.open) AS previous_open,
    count(*) FILTER (WHERE served.by_flow) AS previous_placed_by_flow,
    count(*) FILTER (WHERE given.id IS NULL) AS removed,
    count(*) FILTER (WHERE served.open AND NOT given.open) AS closed,
    count(*) FILTER (WHERE served.by_flow AND given.by_flow) AS common_placed,
    count(*) FILTER (
        WHERE served.by_flow AND given.by_flow
        AND sqrt((given.lat - served.lat) ^ 2 + ((given.lon - served.lon) * cos(radians(served.lat))) ^ 2) * 111195 > 500
    ) AS moved,
    count(*) FILTER (WHERE given.open) AS open,
    count(*) FILTER (WHERE given.open AND given.lon IS NOT NULL) AS open_placed,
    count(*) FILTER (WHERE given.by_flow) AS placed_by_flow
FROM served
FULL JOIN given USING (id)
"""
