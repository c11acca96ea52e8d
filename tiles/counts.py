"""The grid per zoom: how many open structures stand in each cell, for each category and for all.

A row holds the sum of its members' units, so that rows of several categories add up to one cluster with an exact count and
the members' own centre: a cluster of islanders stands on the island.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import psycopg
from sqlalchemy import BigInteger, Column, Connection, Integer, SmallInteger, Table, Text, text

from geo.cells import CELL_BITS, CELLS, CLUSTER_MAX_ZOOM, EXTENT, Floats, units
from geo.database import metadata

ALL = 0  # the category number of the rows that count every category

# One range of the primary key per tile and category answers tiles/sql/clusters*.sql. It changes in place, in the transaction
# that changes `structure`: a reader's snapshot sees both or neither.
tile_count = Table(
    "tile_count",
    metadata,
    Column("z", SmallInteger, primary_key=True, autoincrement=False),
    Column("tx", Integer, primary_key=True, autoincrement=False),
    Column("ty", Integer, primary_key=True, autoincrement=False),
    Column("categorie_no", Integer, primary_key=True, autoincrement=False),
    Column("cell", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    Column("sx", BigInteger, nullable=False),
    Column("sy", BigInteger, nullable=False),
    Column("id", Text),  # of the one member, when there is one: a click opens it
)
COLUMNS = tuple(tile_count.c.keys())
# Asked by `build`: every open structure with a position.
POINTS = "SELECT lon, lat, categorie_no, id FROM structure WHERE open AND lon IS NOT NULL ORDER BY id"


def build(connection: Connection) -> int:
    """Make the grid say what `structure` says, in the caller's transaction; how many cells were written."""
    points = _points(connection)
    connection.execute(text("CREATE TEMPORARY TABLE counted (LIKE tile_count) ON COMMIT DROP"))
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor, cursor.copy(f"COPY counted ({', '.join(COLUMNS)}) FROM STDIN (FORMAT CSV)") as copy:
        for grid in grids(points):
            for piece in grid.iter_slices(COPIED_ROWS):
                copy.write(piece.write_csv(include_header=False).encode())
    connection.execute(text("ANALYZE counted"))
    gone = connection.execute(text(DELETE_GONE)).rowcount
    written: int = connection.execute(text(WRITE_CHANGED)).rowcount
    connection.execute(text("DROP TABLE counted"))
    if written + gone > CELLS_WORTH_ANALYZING:
        connection.execute(text("ANALYZE tile_count"))
    return written + gone


CELLS_WORTH_ANALYZING = 50_000
COPIED_ROWS = 20_000
FETCHED_ROWS = 10_000

# Asked by `build`. Two merges of sorted keys; only cells that differ are written, so that a day's few hundred changes cost a
# few thousand rows of journal, not the whole grid.
DELETE_GONE = """
DELETE FROM tile_count AS t
WHERE NOT EXISTS (
    SELECT FROM counted AS c
    WHERE (c.z, c.tx, c.ty, c.categorie_no, c.cell) = (t.z, t.tx, t.ty, t.categorie_no, t.cell)
)
"""
WRITE_CHANGED = """
INSERT INTO tile_count (z, tx, ty, categorie_no, cell, n, sx, sy, id)
SELECT c.z, c.tx, c.ty, c.categorie_no, c.cell, c.n, c.sx, c.sy, c.id
FROM counted AS c
LEFT JOIN tile_count AS t USING (z, tx, ty, categorie_no, cell)
WHERE (t.n, t.sx, t.sy, t.id) IS DISTINCT FROM (c.n, c.sx, c.sy, c.id)
ORDER BY c.z, c.tx, c.ty, c.categorie_no, c.cell
ON CONFLICT (z, tx, ty, categorie_no, cell)
DO UPDATE SET n = excluded.n, sx = excluded.sx, sy = excluded.sy, id = excluded.id
"""


def verify(connection: Connection) -> list[str]:
    """Where the grid disagrees with `structure`, zoom by zoom and category by category; empty when it doesn't."""
    return [
        f"zoom {row.z}, catégorie {row.categorie_no or 'toutes'} : {row.counted} dans la grille, {row.expected} structures"
        for row in connection.execute(text(VERIFY))
    ]


# Asked by `verify`: rows only where a zoom's sum differs from the number of open, placed structures.
VERIFY = """
WITH expected AS (
    SELECT coalesce(categorie_no, 0) AS categorie_no, count(*) AS n
    FROM structure
    WHERE open AND lon IS NOT NULL
    GROUP BY GROUPING SETS ((categorie_no), ())
), counted AS (
    SELECT z, categorie_no, sum(n) AS n FROM tile_count GROUP BY z, categorie_no
)
SELECT z, categorie_no, coalesce(counted.n, 0) AS counted, coalesce(expected.n, 0) AS expected
FROM (SELECT generate_series(0, 13) AS z) AS zooms
CROSS JOIN expected
FULL JOIN counted USING (z, categorie_no)
WHERE coalesce(counted.n, 0) <> coalesce(expected.n, 0)
ORDER BY z, categorie_no
"""


def grids(points: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """For each zoom, the rows by category, then the rows of all; points carry x, y at zoom 13."""
    together = points.with_columns(categorie_no=pl.lit(ALL, pl.Int32))
    for zoom in range(CLUSTER_MAX_ZOOM + 1):
        yield cells(points, zoom).select(COLUMNS)
        yield cells(together, zoom).select(COLUMNS)


def cells(points: pl.DataFrame, zoom: int) -> pl.DataFrame:
    """Points (x, y in units of zoom 13, categorie_no, id) counted in the cells of a zoom."""
    shift = 1 << (CLUSTER_MAX_ZOOM - zoom)
    x, y = pl.col("x") // shift, pl.col("y") // shift
    column, row = x % EXTENT // (1 << CELL_BITS), y % EXTENT // (1 << CELL_BITS)
    placed = points.select(
        "categorie_no",
        "id",
        tx=x // EXTENT,
        ty=y // EXTENT,
        cell=row * CELLS + column,
        ux=x % EXTENT,
        uy=y % EXTENT,
    )
    grouped = placed.group_by("tx", "ty", "categorie_no", "cell").agg(
        n=pl.len(), sx=_sum_of("ux"), sy=_sum_of("uy"), id=pl.col("id").first()
    )
    return grouped.with_columns(z=pl.lit(zoom), id=pl.when(pl.col("n") == 1).then("id"))


def _sum_of(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int64).sum()  # half a million points in one tile outgrow 32 bits


def frame_of(lon: Floats, lat: Floats, categorie_no: Sequence[int], ids: Sequence[str]) -> pl.DataFrame:
    """Points as `cells` takes them."""
    x, y = units(lon, lat)
    return pl.DataFrame({"x": x, "y": y, "categorie_no": pl.Series(categorie_no, dtype=pl.Int32), "id": ids})


def _points(connection: Connection) -> pl.DataFrame:
    """Some thirty bytes a structure."""
    found = connection.execute(text(POINTS).execution_options(yield_per=FETCHED_ROWS))
    pieces = [_piece(*zip(*rows, strict=True)) for rows in found.partitions(FETCHED_ROWS)]
    return pl.concat([_piece((), (), (), ()), *pieces]).rechunk()


def _piece(lon: Sequence[float], lat: Sequence[float], numbers: Sequence[int], ids: Sequence[str]) -> pl.DataFrame:
    placed = frame_of(np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64), numbers, ids)
    return placed.cast({"x": pl.Int32, "y": pl.Int32, "id": pl.String})
