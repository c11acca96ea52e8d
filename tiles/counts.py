"""The grid per zoom: how many open structures stand in each cell, for each category and for all.

A row holds the sum of its members' units, so that rows of several categories add up to one cluster with an exact count and
the members' own centre: a cluster of islanders stands on the island.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import psycopg
from sqlalchemy import Connection, text

from tiles.grid import CELL_BITS, CELLS, CLUSTER_MAX_ZOOM, EXTENT, Floats, units

ALL = 0  # the category number of the rows that count every category
COLUMNS = ("z", "tx", "ty", "categorie_no", "cell", "n", "sx", "sy", "id")

# Usage: tiles/sql/clusters*.sql, one range of the primary key per tile and category; rows of a tile are neighbours on disk.
CREATE = """
CREATE TABLE {table} (
    z smallint, tx integer, ty integer, categorie_no integer, cell smallint,
    n integer NOT NULL, sx bigint NOT NULL, sy bigint NOT NULL,
    id text -- of the one member, when there is one: a click opens it
)
"""
# Asked by `build`: every open structure with a position.
POINTS = "SELECT lon, lat, categorie_no, id FROM structure WHERE open AND lon IS NOT NULL ORDER BY id"


def table_of(version: int) -> str:
    """The grid of one publication."""
    return f"tile_count_{int(version)}"


def build(connection: Connection, version: int) -> None:
    """Create and fill the grid of a publication from `structure`, in the caller's transaction."""
    table = table_of(version)
    points = _points(connection)
    connection.execute(text(CREATE.format(table=table)))
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT CSV)") as copy:
        for frame in grids(points):
            copy.write(frame.write_csv(include_header=False).encode())
    connection.execute(text(f"ALTER TABLE {table} ADD PRIMARY KEY (z, tx, ty, categorie_no, cell)"))
    connection.execute(text(f"ANALYZE {table}"))


def drop(connection: Connection, version: int) -> None:
    """Forget the grid of a publication nobody reads any more."""
    connection.execute(text(f"DROP TABLE IF EXISTS {table_of(version)}"))


def verify(connection: Connection, version: int) -> list[str]:
    """Where the grid disagrees with `structure`, zoom by zoom and category by category; empty when it doesn't."""
    counted = connection.execute(text(VERIFY.format(table=table_of(version))))
    return [
        f"zoom {row.z}, catégorie {row.categorie_no or 'toutes'} : {row.counted} dans la grille, {row.expected} structures"
        for row in counted
    ]


# Asked by `verify`: rows only where a zoom's sum differs from the number of open, placed structures.
VERIFY = """
WITH expected AS (
    SELECT coalesce(categorie_no, 0) AS categorie_no, count(*) AS n
    FROM structure
    WHERE open AND lon IS NOT NULL
    GROUP BY GROUPING SETS ((categorie_no), ())
), counted AS (
    SELECT z, categorie_no, sum(n) AS n FROM {table} GROUP BY z, categorie_no
)
SELECT z, categorie_no, coalesce(counted.n, 0) AS counted, coalesce(expected.n, 0) AS expected
FROM (SELECT generate_series(0, 13) AS z) AS zooms
CROSS JOIN expected
FULL JOIN counted USING (z, categorie_no)
WHERE coalesce(counted.n, 0) <> coalesce(expected.n, 0)
ORDER BY z, categorie_no
"""


def grids(points: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """For each zoom, the rows by category then the rows of all, sorted as the primary key; points carry x, y at zoom 13."""
    for zoom in range(CLUSTER_MAX_ZOOM + 1):
        by_category = cells(points, zoom)
        both = pl.concat([by_category, cells(points.with_columns(categorie_no=pl.lit(ALL, pl.Int32)), zoom)])
        yield both.sort(COLUMNS[:5]).select(COLUMNS)


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
        n=pl.len(), sx=pl.col("ux").sum(), sy=pl.col("uy").sum(), id=pl.col("id").first()
    )
    return grouped.with_columns(z=pl.lit(zoom), id=pl.when(pl.col("n") == 1).then("id"))


def frame_of(lon: Floats, lat: Floats, categorie_no: Sequence[int], ids: Sequence[str]) -> pl.DataFrame:
    """Points as `cells` takes them."""
    x, y = units(lon, lat)
    return pl.DataFrame({"x": x, "y": y, "categorie_no": pl.Series(categorie_no, dtype=pl.Int32), "id": ids})


def _points(connection: Connection) -> pl.DataFrame:
    rows = connection.execute(text(POINTS)).all()
    lon, lat = (np.array([row[axis] for row in rows], dtype=np.float64) for axis in (0, 1))
    return frame_of(lon, lat, [row[2] for row in rows], [row[3] for row in rows])
