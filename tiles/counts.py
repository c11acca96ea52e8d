"""The grid per zoom: how many open structures stand in each cell, for each category, each family that is asked for, and all.

A row holds the sum of its members' units, so that rows of several layers add up to one cluster with an exact count and the
members' own centre: a cluster of islanders stands on the island.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache

import polars as pl
from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, SmallInteger, Table, Text, text

from geo.cells import CELL_BITS, CLUSTER_MAX_ZOOM, EXTENT, FINEST_ZOOM, first_tile, places_of_cell, tile_number
from geo.database import metadata
from tiles import drawn
from tiles.layers import ALL, TOGETHER_MAX_ZOOM, together

# One range of the primary key per tile and layer answers tiles/sql/clusters*.sql. It changes in place, in the transaction
# that changes `structure`: a reader's snapshot sees both or neither.
tile_count = Table(
    "tile_count",
    metadata,
    Column("sx", BigInteger, nullable=False),
    Column("sy", BigInteger, nullable=False),
    Column("tile", Integer, primary_key=True, autoincrement=False),  # geo.cells.tile_number
    Column("layer", Integer, primary_key=True, autoincrement=False),  # tiles/layers.py
    Column("n", Integer, nullable=False),
    Column("cell", SmallInteger, primary_key=True, autoincrement=False),  # of the tile's 256, in Morton's order
    Column("id", Text),  # of the one member, when there is one: a click opens it
)
# What the grid was made by: another program may count other layers.
grid = Table(
    "grid",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("form", Text, nullable=False),
)
COUNTED = {
    "tile": pl.Int32,
    "layer": pl.Int32,
    "cell": pl.Int16,
    "n": pl.Int32,
    "sx": pl.Int64,
    "sy": pl.Int64,
    "id": pl.String,
}
TABLES = ("tile_count", "drawn", "grid")
CELLS_OF_TILE = 256
ZOOMS = range(CLUSTER_MAX_ZOOM + 1)


def form() -> str:
    """It changes with the cells and the layers that are counted."""
    told = (FINEST_ZOOM, CLUSTER_MAX_ZOOM, CELL_BITS, EXTENT, TOGETHER_MAX_ZOOM, sorted(together().items()))
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()


def is_current(connection: Connection) -> bool:
    """Whether the grid is one that this program reads."""
    return connection.execute(text("SELECT form FROM grid")).scalar_one_or_none() == form()


def build(connection: Connection) -> int:
    """Make what is drawn and the grid say what `structure` says, in the caller's transaction; how many cells were written."""
    if is_new := not is_current(connection):
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("INSERT INTO grid (form) VALUES (:form)"), {"form": form()})
    was, now = drawn.differing(connection)
    drawn.write(connection, was, now)
    written = _write_whole(connection, now) if is_new else _write_changes(connection, was, now)
    if written > drawn.ROWS_WORTH_ANALYZING:
        connection.execute(text("ANALYZE tile_count"))
    return written


def _write_whole(connection: Connection, points: pl.DataFrame) -> int:
    """In the order of the primary key, which then grows at its end alone."""
    written = 0
    for cells in counted(points):
        drawn.write_copied(connection, "tile_count", cells.select(list(COUNTED)))
        written += len(cells)
    return written


def _write_changes(connection: Connection, was: pl.DataFrame, now: pl.DataFrame) -> int:
    """Only the cells that gain or lose; those that then hold one structure are told which."""
    same = was.join(now, on=["id", "place", "categorie_no", "open"]).select("id")  # another name, a hair's breadth
    signed = pl.concat(
        each.join(same, on="id", how="anti").with_columns(by=pl.lit(by)).select(*POINT, "by", "open")
        for each, by in ((was, -1), (now, 1))
    )
    if signed.is_empty():
        return 0
    connection.execute(
        text("CREATE TEMPORARY TABLE counted (LIKE tile_count, first bigint, wide bigint) ON COMMIT DROP")
    )
    for cells in counted(signed):
        drawn.write_copied(connection, "counted", cells)
    connection.execute(text("ANALYZE counted"))
    written: int = connection.execute(text(MERGE)).rowcount
    _name_alone(connection)
    connection.execute(text("DROP TABLE counted"))
    return written


def _name_alone(connection: Connection) -> None:
    rows = [{"layer": layer, "categories": list(numbers)} for layer, numbers in together().items()]
    connection.execute(text("CREATE TEMPORARY TABLE of_layer (layer integer, categories integer[]) ON COMMIT DROP"))
    connection.execute(text("INSERT INTO of_layer VALUES (:layer, :categories)"), rows)
    connection.execute(text(NAME_ALONE))
    connection.execute(text("DROP TABLE of_layer"))


# Asked by `_write_changes`. Sums of sums: what was there and what is gained or lost. Of a new cell the one member is known.
MERGE = """
MERGE INTO tile_count AS t
USING (SELECT * FROM counted ORDER BY tile, layer, cell) AS c
ON t.tile = c.tile AND t.layer = c.layer AND t.cell = c.cell
WHEN MATCHED AND t.n + c.n = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET n = t.n + c.n, sx = t.sx + c.sx, sy = t.sy + c.sy, id = NULL
WHEN NOT MATCHED AND c.n > 0 THEN
    INSERT (tile, layer, cell, n, sx, sy, id) VALUES (c.tile, c.layer, c.cell, c.n, c.sx, c.sy, c.id)
"""
# Asked by `_write_changes`. Which cells now hold one structure first: for those alone, one range of drawn_place_idx each.
NAME_ALONE = """
WITH alone AS MATERIALIZED (
    SELECT c.tile, c.layer, c.cell, c.first, c.wide, o.categories
    FROM counted AS c
    JOIN tile_count AS t ON t.tile = c.tile AND t.layer = c.layer AND t.cell = c.cell
    LEFT JOIN of_layer AS o ON o.layer = c.layer
    WHERE t.n = 1 AND t.id IS NULL
)
UPDATE tile_count AS t
SET id = (
    SELECT d.id
    FROM drawn AS d
    WHERE d.place >= a.first AND d.place < a.first + a.wide AND d.open
      AND (a.layer IN (0, d.categorie_no) OR d.categorie_no = ANY (a.categories))
    LIMIT 1
)
FROM alone AS a
WHERE t.tile = a.tile AND t.layer = a.layer AND t.cell = a.cell
"""
POINT = ("place", "x", "y", "categorie_no", "id")


def counted(points: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Rows of COUNTED in the order of the primary key, with the places of each cell: the `first`, and how many (`wide`).

    `points`: POINT and `open`; with `by`, how many each of them counts for (-1: it leaves). A cell that one leaves and another
    comes to has a row, that counts for nothing: its one member is another.
    """
    at_once = len(ZOOMS) if len(points) <= FEW else 1
    for first in range(0, len(ZOOMS), at_once):
        yield _counted(points, ZOOMS[first : first + at_once])


FEW = 20_000  # points that are counted at every zoom at once; of more, a zoom after the other


def _counted(points: pl.DataFrame, zooms: Sequence[int]) -> pl.DataFrame:
    weighed = points if "by" in points.columns else points.with_columns(by=1)
    by_category = _cells(weighed.filter("open"), zooms)
    together_here = by_category.filter(pl.col("zoom") <= TOGETHER_MAX_ZOOM).join(_members(), on="layer")
    apart = (
        by_category,
        _summed(by_category.with_columns(layer=pl.lit(ALL, pl.Int32))),
        _summed(together_here.drop("layer").rename({"above": "layer"})),
    )
    rows = pl.concat([each.select(by_category.columns) for each in apart]).join(_scales(zooms), on="zoom")
    numbered = rows.with_columns(
        tile=pl.col("number") // CELLS_OF_TILE + pl.col("first_tile"),
        cell=pl.col("number") % CELLS_OF_TILE,
        id=pl.when(pl.col("n") == 1).then("id"),
        first=pl.col("number") * pl.col("wide"),
    )
    return numbered.select(*COUNTED, "first", "wide").cast(COUNTED).sort("tile", "layer", "cell")  # type: ignore[arg-type]


def _cells(points: pl.DataFrame, zooms: Sequence[int]) -> pl.DataFrame:
    """By zoom, cell of it, and category."""
    x, y = ((pl.col(axis).cast(pl.Int64) // pl.col("coarser") % EXTENT) * pl.col("by") for axis in "xy")
    return (
        points.join(_scales(zooms), how="cross")
        .group_by("zoom", number=pl.col("place") // pl.col("wide"), layer=pl.col("categorie_no").cast(pl.Int32))
        .agg(n=pl.col("by").sum(), sx=x.sum(), sy=y.sum(), id=pl.col("id").first())
    )


def _summed(cells: pl.DataFrame) -> pl.DataFrame:
    sums = (pl.col(name).sum() for name in ("n", "sx", "sy"))
    return cells.group_by("zoom", "number", "layer").agg(*sums, pl.col("id").first())


def _scales(zooms: Sequence[int]) -> pl.DataFrame:
    """Of each zoom: units of the finest one in one of its own, places in a cell, the number of its first tile."""
    rows = [(zoom, 1 << (FINEST_ZOOM - zoom), places_of_cell(zoom), first_tile(zoom)) for zoom in zooms]
    return pl.DataFrame(rows, schema=dict.fromkeys(("zoom", "coarser", "wide", "first_tile"), pl.Int64), orient="row")


@cache
def _members() -> pl.DataFrame:
    """The layers `above` each category's."""
    rows = [(number, layer) for layer, numbers in together().items() for number in numbers]
    return pl.DataFrame(rows, schema={"layer": pl.Int32, "above": pl.Int32}, orient="row")


def covered(connection: Connection) -> frozenset[int]:
    """The tiles of zoom COVERED_ZOOM where open structures stand: some dozens, overseas included."""
    bounds = {"first": first_tile(COVERED_ZOOM), "after": first_tile(COVERED_ZOOM + 1)}
    return frozenset(connection.execute(text(COVERED), bounds).scalars())


def may_hold(tiles: frozenset[int], z: int, x: int, y: int) -> bool:
    """Whether a tile may hold something, by what `covered` said."""
    finer = z - COVERED_ZOOM
    return finer < 0 or tile_number(COVERED_ZOOM, x >> finer, y >> finer) in tiles


COVERED_ZOOM = 7
# Asked by `covered`: one range of the grid's primary key, a few thousand rows.
COVERED = "SELECT DISTINCT tile FROM tile_count WHERE tile >= :first AND tile < :after AND layer = 0"


def verify(connection: Connection) -> list[str]:
    """Where what is drawn disagrees with `structure`, or a cell of the grid with what is drawn; empty when nothing does."""
    if not is_current(connection):
        return ["grille des tuiles : d’une autre version du programme (./lum1 search rebuild la refait)"]
    was, now = drawn.differing(connection)
    found = [f"points des tuiles : {each} diffère" for each in sorted({*was["id"].head(SHOWN), *now["id"].head(SHOWN)})]
    points = drawn.read_copied(connection, DRAWN, DRAWN_SCHEMA).with_columns(pl.col("open") == drawn.TRUE)
    for zoom in ZOOMS:
        bounds = first_tile(zoom), first_tile(zoom + 1)
        kept = drawn.read_copied(connection, KEPT.format(*bounds), COUNTED)
        found += _different(zoom, kept, _counted(points, [zoom]).select(list(COUNTED)))
    return found


SHOWN = 10
DRAWN = f"COPY (SELECT {', '.join(POINT)}, open FROM drawn ORDER BY id) TO STDOUT (FORMAT CSV, HEADER)"
DRAWN_SCHEMA: dict[str, type[pl.DataType]] = {
    "place": pl.Int64,
    "x": pl.Int64,
    "y": pl.Int64,
    "categorie_no": pl.Int32,
    "id": pl.String,
    "open": pl.String,
}
KEPT = f"""
COPY (
    SELECT {", ".join(COUNTED)} FROM tile_count WHERE tile >= {{}} AND tile < {{}} ORDER BY tile, layer, cell
) TO STDOUT (FORMAT CSV, HEADER)
"""


def _different(zoom: int, kept: pl.DataFrame, expected: pl.DataFrame) -> list[str]:
    if kept.equals(expected):
        return []
    key = ["tile", "layer", "cell"]
    both = pl.concat([kept.with_columns(n=-pl.col("n")), expected])
    wrong = both.group_by("layer").agg(pl.col("n").sum()).filter(pl.col("n") != 0).sort("layer")
    if wrong.is_empty():
        cells = (
            pl.concat([kept, expected]).group_by(list(COUNTED)).len().filter(pl.col("len") == 1).select(key).unique()
        )
        return [f"zoom {zoom} : {len(cells)} cellules de la grille diffèrent"]
    totals = dict(expected.group_by("layer").agg(pl.col("n").sum()).rows())
    return [
        f"zoom {zoom}, {_named(layer)} : {totals.get(layer, 0) - missing} dans la grille, {totals.get(layer, 0)} structures"
        for layer, missing in wrong.rows()
    ]


def _named(layer: int) -> str:
    return "toutes catégories" if layer == ALL else f"catégorie {layer}" if layer > 0 else f"famille {-layer}"
