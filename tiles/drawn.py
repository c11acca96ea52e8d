"""What tiles are drawn from: each structure with a position by its place, in the order of places on disk.

It says what the grid counts, so that the grid is brought to what `structure` says by what differs between the two.
"""

from io import BytesIO

import polars as pl
import psycopg
from sqlalchemy import BigInteger, Boolean, Column, Connection, Double, Index, Integer, String, Table, Text, text

from geo.cells import FINEST_ZOOM, places, units
from geo.database import metadata

# A few dozen bytes a row where `structure` has hundreds: a tile's points are next to each other in a few pages.
drawn = Table(
    "drawn",
    metadata,
    Column("place", BigInteger, nullable=False),  # geo.cells.places
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("x", Integer, nullable=False),  # units of zoom 18
    Column("y", Integer, nullable=False),
    Column("categorie_no", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("id", String(collation="C"), primary_key=True),
    Column("name", Text, nullable=False),
)
# Usage: every point of a tile of zoom 14 and more is one range (tiles/points.py).
Index("drawn_place_idx", drawn.c.place)

COLUMNS = tuple(drawn.c.keys())
SAID = ("lon", "lat", "categorie_no", "open", "name")  # of `structure`

# Asked by `differing`: a hash of each table's narrow part, whole; a day's changes are a few hundred rows of it. `is_*`: there.
DIFFERING = f"""
COPY (
    SELECT id, d.id IS NOT NULL AS was, s.lon IS NOT NULL AS is, d.place, d.x, d.y, d.categorie_no AS was_categorie_no,
           d.open AS was_open, {", ".join(f"s.{name}" for name in SAID)}
    FROM (SELECT id, {", ".join(SAID)} FROM structure WHERE lon IS NOT NULL) AS s
    FULL JOIN drawn AS d USING (id)
    WHERE ({", ".join(f"s.{name}" for name in SAID)}) IS DISTINCT FROM ({", ".join(f"d.{name}" for name in SAID)})
) TO STDOUT (FORMAT CSV, HEADER)
"""
SCHEMA = {
    "id": pl.String,
    "was": pl.String,
    "is": pl.String,
    "place": pl.Int64,
    "x": pl.Int64,
    "y": pl.Int64,
    "was_categorie_no": pl.Int32,
    "was_open": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "categorie_no": pl.Int32,
    "open": pl.String,
    "name": pl.String,
}
TRUE = "t"


def differing(connection: Connection) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Where the table and `structure` disagree: rows as they are drawn, and as they should be."""
    rows = read_copied(connection, DIFFERING, SCHEMA)
    was = rows.filter(was=TRUE).select(
        "id", "place", "x", "y", categorie_no="was_categorie_no", open=pl.col("was_open") == TRUE
    )
    now = rows.filter(pl.col("is") == TRUE).with_columns(open=pl.col("open") == TRUE)
    x, y = units(now["lon"].to_numpy(), now["lat"].to_numpy(), FINEST_ZOOM)
    placed = now.with_columns(x=pl.Series(x), y=pl.Series(y), place=pl.Series(places(x, y)))
    return was, placed.select(COLUMNS).sort("place", "id")


def write(connection: Connection, was: pl.DataFrame, now: pl.DataFrame) -> None:
    """Put these rows in the place of those, in the caller's transaction."""
    if len(was):
        connection.execute(text('CREATE TEMPORARY TABLE undrawn (id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP'))
        write_copied(connection, "undrawn", was.select("id"))
        connection.execute(text("ANALYZE undrawn"))
        connection.execute(text("DELETE FROM drawn AS d USING undrawn AS u WHERE d.id = u.id"))
        connection.execute(text("DROP TABLE undrawn"))
    if len(now):
        write_copied(connection, "drawn", now)
    if len(was) + len(now) > ROWS_WORTH_ANALYZING:
        connection.execute(text("ANALYZE drawn"))


ROWS_WORTH_ANALYZING = 50_000
COPIED_ROWS = 50_000


def read_copied(connection: Connection, copy: str, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    """What a `COPY … TO STDOUT (FORMAT CSV, HEADER)` says."""
    whole = BytesIO()
    with _driver(connection).cursor() as cursor, cursor.copy(copy.encode()) as said:
        for block in said:
            whole.write(block)
    whole.seek(0)
    return pl.read_csv(whole, schema=schema)


def write_copied(connection: Connection, table: str, rows: pl.DataFrame) -> None:
    """Rows added to a table, in their order and the caller's transaction."""
    copy = f"COPY {table} ({', '.join(rows.columns)}) FROM STDIN (FORMAT CSV)"
    with _driver(connection).cursor() as cursor, cursor.copy(copy.encode()) as said:
        for piece in rows.iter_slices(COPIED_ROWS):
            said.write(piece.write_csv(include_header=False).encode())


def _driver(connection: Connection) -> "psycopg.Connection[tuple[object, ...]]":
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver
