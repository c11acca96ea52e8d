"""What tiles are drawn from: each structure with a position by its place, in the order of places on disk.

It says what the grid counts, so that the grid is brought to what `structure` says by what differs between the two.
"""

from io import BytesIO

import polars as pl
import psycopg
from sqlalchemy import BigInteger, Boolean, Column, Connection, Double, Index, Integer, String, Table, Text, text

from geo.cells import FINEST_ZOOM, places, units
from geo.database import indexed_after, metadata, planned

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

# Ids of what changed since it was drawn, noted by triggers of `structure` (migration 0015) in the transaction that changes it;
# an empty one: more than is worth a list.
to_draw = Table("to_draw", metadata, Column("id", String(collation="C"), nullable=False))

COLUMNS = tuple(drawn.c.keys())
SAID = ("lon", "lat", "categorie_no", "open", "name")  # of `structure`

_SAID_OF = {each: ", ".join(f"{each}.{name}" for name in SAID) for each in "sd"}
_DIFFERENT = f"""
COPY (
    SELECT id, d.id IS NOT NULL AS was, s.lon IS NOT NULL AS is, d.place, d.x, d.y, d.categorie_no AS was_categorie_no,
           d.open AS was_open, {_SAID_OF["s"]}
    FROM {{}}
    WHERE ({_SAID_OF["s"]}) IS DISTINCT FROM ({_SAID_OF["d"]})
) TO STDOUT (FORMAT CSV, HEADER)
"""
# Asked by `differing`: a hash of each table's narrow part, whole.
DIFFERING = _DIFFERENT.format(
    f"(SELECT id, {', '.join(SAID)} FROM structure WHERE lon IS NOT NULL) AS s FULL JOIN drawn AS d USING (id)"
)
# Asked by `changed`: a few thousand rows by each table's primary key, all over the table. Those of `structure` were just written;
# those of `drawn` may not have been read since yesterday: the disk gives them four times as fast where they are asked together.
DIFFERING_OF_NOTED = _DIFFERENT.format("""
    noted
    LEFT JOIN structure AS s USING (id)
    LEFT JOIN (SELECT * FROM drawn WHERE id = ANY (ARRAY(SELECT id FROM noted ORDER BY id))) AS d USING (id)
""")
TOGETHER = {"enable_seqscan": "off", "enable_indexscan": "off", "effective_io_concurrency": "200"}
# Asked by `changed`: what is taken here is what is looked at afterwards; what others note meanwhile waits for the next time.
TAKE = "WITH taken AS (DELETE FROM to_draw RETURNING id) INSERT INTO noted SELECT DISTINCT id FROM taken"
MOST_NOTED = 100_000  # of more, all is compared as fast
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


Rows = tuple[pl.DataFrame, pl.DataFrame]  # as they are drawn, and as they should be


def differing(connection: Connection) -> Rows:
    """Where the table and `structure` disagree."""
    return _read(connection, DIFFERING)


def changed(connection: Connection, *, whole: bool = False) -> Rows:
    """The same of what was noted since this was last asked; of all of it where too much was, or if `whole` is wanted."""
    connection.execute(text('CREATE TEMPORARY TABLE noted (id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP'))
    count = connection.execute(text(TAKE)).rowcount
    everything = connection.execute(text("SELECT EXISTS (SELECT FROM noted WHERE id = '')")).scalar_one()
    connection.execute(text("ANALYZE noted"))
    if whole or everything or count > MOST_NOTED:
        rows = differing(connection)
    else:
        with planned(connection, TOGETHER):
            rows = _read(connection, DIFFERING_OF_NOTED)
    connection.execute(text("DROP TABLE noted"))
    return rows


def _read(connection: Connection, differing: str) -> Rows:
    rows = read_copied(connection, differing, SCHEMA)
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
        with indexed_after(connection, drawn):
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
