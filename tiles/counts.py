"""The grid per zoom: how many open structures stand in each cell, for each category, each family, each domain, and all.

A row holds the sum of its members' units, so that rows of several layers add up to one cluster with an exact count and the
members' own centre: a cluster of islanders stands on the island. Rows that a publication adds and takes away wait beside, in
`tile_change`, and are taken in once it is served: a tile is the sum of the two at any moment.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import polars as pl
from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Integer, SmallInteger, Table, Text, text

from geo.cells import (
    CELL_BITS,
    CLUSTER_MAX_ZOOM,
    EXTENT,
    FINEST_ZOOM,
    places_of_cell,
    places_of_tile,
    tile_number,
    tile_numbers,
)
from geo.database import indexed_after, metadata, planned
from geo.errors import InvalidIdentifier
from tiles import alone, drawn
from tiles.layers import ALL, together


def _cells_of(name: str, *, key: bool) -> Table:
    return Table(
        name,
        metadata,
        Column("sx", BigInteger, nullable=False),
        Column("sy", BigInteger, nullable=False),
        Column("who", BigInteger, nullable=False),  # tiles/alone.py: where there is one member, a click opens it
        Column("tile", Integer, primary_key=key, autoincrement=False, nullable=False),  # geo.cells.tile_number
        Column("layer", Integer, primary_key=key, autoincrement=False, nullable=False),  # tiles/layers.py
        Column("n", Integer, nullable=False),
        Column("cell", SmallInteger, primary_key=key, autoincrement=False, nullable=False),  # Morton's, of 256
        Column("zoom", SmallInteger, nullable=False),  # of the tile, for those who ask about all of it
    )


# One range of the primary key per tile and layer answers tiles/sql/clusters*.sql.
tile_count = _cells_of("tile_count", key=True)
# What is to be added to it, or taken away (n below zero), a row for each publication that says so. Written in the transaction
# that changes `structure`: a reader's snapshot sees both or neither. It is written at one end, where the grid's own cells of
# five thousand changes are all over a table of gigabytes.
tile_change = _cells_of("tile_change", key=False)
# Usage: the same tiles; nearly always none of its rows.
Index("tile_change_tile_layer_idx", tile_change.c.tile, tile_change.c.layer)
# What the grid was made by: another program may count other layers.
grid = Table(
    "grid",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("form", Text, nullable=False),
)
COUNTED: dict[str, type[pl.DataType]] = {
    "tile": pl.Int32,
    "layer": pl.Int32,
    "cell": pl.Int16,
    "n": pl.Int32,
    "sx": pl.Int64,
    "sy": pl.Int64,
    "who": pl.Int64,
    "zoom": pl.Int16,
}
TABLES = ("tile_count", "tile_change", "drawn", "grid")
CELLS_OF_TILE = 256
ZOOMS = range(CLUSTER_MAX_ZOOM + 1)


def form() -> str:
    """It changes with the cells and the layers that are counted."""
    places_and_names = (tile_number(1, 1, 1), alone.OF_FINESS, alone.OF_LETTERS)
    told = (FINEST_ZOOM, CLUSTER_MAX_ZOOM, CELL_BITS, EXTENT, sorted(together().items()), places_and_names)
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()


def is_current(connection: Connection) -> bool:
    """Whether the grid is one that this program reads."""
    return connection.execute(text("SELECT form FROM grid")).scalar_one_or_none() == form()


def build(connection: Connection, *, whole: bool = False) -> int:
    """Make what is drawn and the grid say what `structure` says, in the caller's transaction; how many cells were written.

    `whole`: everything is compared, not only what was noted as it changed.
    """
    if is_new := not is_current(connection):
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("INSERT INTO grid (form) VALUES (:form)"), {"form": form()})
    was, now = drawn.changed(connection, whole=whole or is_new)
    drawn.write(connection, was, now)
    return _write_whole(connection, now) if is_new else _write_changes(connection, was, now)


def _write_whole(connection: Connection, points: pl.DataFrame) -> int:
    """In the order of the primary key, but for the widest zooms' few."""
    with indexed_after(connection, tile_count):
        written = _write(connection, "tile_count", points)
    connection.execute(text("ANALYZE tile_count"))
    return written


def _write_changes(connection: Connection, was: pl.DataFrame, now: pl.DataFrame) -> int:
    """Only of the cells that gain, lose or see one of their members go elsewhere within."""
    same = was.join(now, on=["id", "place", "categorie_no", "open"]).select("id")  # another name, a hair's breadth
    signed = pl.concat(
        each.join(same, on="id", how="anti").with_columns(by=pl.lit(by)).select(*POINT, "by", "open")
        for each, by in ((was, -1), (now, 1))
    )
    if written := _write(connection, "tile_change", signed):
        connection.execute(text("ANALYZE tile_change"))  # plans that were made when it was empty read all of it
    return written


def _write(connection: Connection, table: str, points: pl.DataFrame) -> int:
    written = 0
    for cells in _ahead(counted(points)):
        drawn.write_copied(connection, table, cells)
        written += len(cells)
    return written


def _ahead(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Each is counted while PostgreSQL writes the one before."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, frames, None)
        while (frame := coming.result()) is not None:
            coming = pool.submit(next, frames, None)
            yield frame


def take_in(connection: Connection) -> int:
    """Add to the grid what waits beside, in the caller's transaction, under the lock of loads; how many cells change.

    Tiles are the same before and after, to the byte.
    """
    if not connection.execute(text("SELECT EXISTS (SELECT FROM tile_change)")).scalar_one():
        return 0
    connection.execute(text("CREATE TEMPORARY TABLE taken (LIKE tile_count) ON COMMIT DROP"))
    count: int = connection.execute(text(TAKE)).rowcount
    if count:
        connection.execute(text("ANALYZE taken"))
        with planned(connection, {"enable_memoize": "off"}):  # no cell is looked for twice
            connection.execute(text(MERGE))
    connection.execute(text("DROP TABLE taken"))
    if count > drawn.ROWS_WORTH_ANALYZING:
        connection.execute(text("ANALYZE tile_count"))
    return count


# Asked by `take_in`: everything, once for each cell. What several publications said of one may come to nothing.
TAKE = """
WITH gone AS (DELETE FROM tile_change RETURNING *)
INSERT INTO taken (tile, layer, cell, zoom, n, sx, sy, who)
SELECT tile, layer, cell, zoom, sum(n), sum(sx), sum(sy), bit_xor(who)
FROM gone
GROUP BY tile, layer, cell, zoom
HAVING sum(n) <> 0 OR sum(sx) <> 0 OR sum(sy) <> 0 OR bit_xor(who) <> 0
"""
# Asked by `take_in`. Sums of sums: what was there and what is gained or lost; in the order of pages.
MERGE = """
MERGE INTO tile_count AS t
USING (SELECT * FROM taken ORDER BY tile, layer, cell) AS c
ON t.tile = c.tile AND t.layer = c.layer AND t.cell = c.cell
WHEN MATCHED AND t.n + c.n = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET n = t.n + c.n, sx = t.sx + c.sx, sy = t.sy + c.sy, who = t.who # c.who
WHEN NOT MATCHED THEN
    INSERT (tile, layer, cell, n, sx, sy, who, zoom) VALUES (c.tile, c.layer, c.cell, c.n, c.sx, c.sy, c.who, c.zoom)
"""
POINT = ("place", "x", "y", "categorie_no", "id")


def counted(points: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Rows of COUNTED, in the order of the primary key within each stretch of the country.

    `points`: POINT and `open`; with `by`, how many each of them counts for (-1: it leaves). A cell that one leaves and another
    comes to has a row, that counts for nothing: its one member is another.
    """
    weighed = _weighed(points)
    if len(points) <= FEW:
        yield _counted(weighed, ZOOMS)
        return
    yield _counted(weighed, WIDE_ZOOMS)
    for tile in _stretches_of(weighed["place"]):
        yield _counted(_in_stretch(weighed, tile), FINE_ZOOMS)


FEW = 20_000  # points that are counted at every zoom at once
STRETCH_ZOOM = 7  # whose tiles are counted one after the other, with all that they hold
WIDE_ZOOMS, FINE_ZOOMS = range(STRETCH_ZOOM), range(STRETCH_ZOOM, CLUSTER_MAX_ZOOM + 1)
_, PLACES_OF_STRETCH = places_of_tile(STRETCH_ZOOM, 0, 0)


def _stretches_of(places: pl.Series) -> list[int]:
    """Which tiles of zoom STRETCH_ZOOM hold them, by their numbers within it, in order."""
    found: list[int] = (places // PLACES_OF_STRETCH).unique().sort().to_list()
    return found


def _in_stretch(points: pl.DataFrame, tile: int) -> pl.DataFrame:
    return points.filter(pl.col("place").is_between(tile * PLACES_OF_STRETCH, (tile + 1) * PLACES_OF_STRETCH - 1))


def _weighed(points: pl.DataFrame) -> pl.DataFrame:
    """Those of POINT that are open, with how many each counts for, and its number; InvalidIdentifier where it has none."""
    weighed = points if "by" in points.columns else points.with_columns(by=1)
    numbered = weighed.filter("open").with_columns(who=alone.numbered(pl.col("id")))
    if numbered["who"].has_nulls():
        raise InvalidIdentifier(
            f"« {numbered.filter(pl.col('who').is_null())['id'][0]} » n’est l’identifiant d’aucune structure : "
            "f et un numéro FINESS, ou s et un SIRET, sont attendus dans la table structure."
        )
    return numbered


def _counted(weighed: pl.DataFrame, zooms: Sequence[int]) -> pl.DataFrame:
    by_category = _cells(weighed, zooms)
    of_several = by_category.join(_members(), on="layer")
    apart = (
        by_category,
        _summed(by_category.with_columns(layer=pl.lit(ALL, pl.Int32)), *CELL_OF_ZOOM),
        _summed(of_several.drop("layer").rename({"above": "layer"}), *CELL_OF_ZOOM),
    )
    rows = pl.concat([each.select(by_category.columns) for each in apart])
    moved = rows.filter(COUNTS)
    tiles = tile_numbers(moved["zoom"].to_numpy(), (moved["number"] // CELLS_OF_TILE).to_numpy())
    return _in_order(moved.with_columns(tile=pl.Series(tiles), cell=pl.col("number") % CELLS_OF_TILE))


COUNTS = pl.any_horizontal(pl.col("n", "sx", "sy", "who") != 0)  # for something, or moves something
CELL_OF_ZOOM = ("zoom", "number", "layer")


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(list(COUNTED)).cast(COUNTED).sort("tile", "layer", "cell")  # type: ignore[arg-type]


def _cells(points: pl.DataFrame, zooms: Sequence[int]) -> pl.DataFrame:
    """By zoom, cell of it, and category."""
    x, y = ((pl.col(axis).cast(pl.Int64) // pl.col("coarser") % EXTENT) * pl.col("by") for axis in "xy")
    return (
        points.join(_scales(zooms), how="cross")
        .group_by("zoom", number=pl.col("place") // pl.col("wide"), layer=pl.col("categorie_no").cast(pl.Int32))
        .agg(n=pl.col("by").sum(), sx=x.sum(), sy=y.sum(), who=pl.col("who").bitwise_xor())
    )


def _summed(cells: pl.DataFrame, *by: str) -> pl.DataFrame:
    return cells.group_by(by).agg(pl.col("n", "sx", "sy").sum(), pl.col("who").bitwise_xor())


def _scales(zooms: Sequence[int]) -> pl.DataFrame:
    """Of each zoom: units of the finest one in one of its own, places in a cell."""
    rows = [(zoom, 1 << (FINEST_ZOOM - zoom), places_of_cell(zoom)) for zoom in zooms]
    return pl.DataFrame(rows, schema=dict.fromkeys(("zoom", "coarser", "wide"), pl.Int64), orient="row")


@cache
def _members() -> pl.DataFrame:
    """The layers `above` each category's."""
    rows = [(number, layer) for layer, numbers in together().items() for number in numbers]
    return pl.DataFrame(rows, schema={"layer": pl.Int32, "above": pl.Int32}, orient="row")


def covered(connection: Connection) -> frozenset[int]:
    """The tiles of zoom STRETCH_ZOOM where open structures stand, by their numbers within it: some dozens, overseas included."""
    return frozenset(connection.execute(text(COVERED), {"wide": PLACES_OF_STRETCH}).scalars())


def may_hold(tiles: frozenset[int], z: int, x: int, y: int) -> bool:
    """Whether a tile may hold something, by what `covered` said."""
    finer = z - STRETCH_ZOOM
    return finer < 0 or places_of_tile(STRETCH_ZOOM, x >> finer, y >> finer)[0] // PLACES_OF_STRETCH in tiles


# Asked by `covered`: from each tile to the next that holds one, a step of drawn_place_idx each.
COVERED = """
WITH RECURSIVE held (place) AS (
    (SELECT place FROM drawn WHERE open ORDER BY place LIMIT 1)
    UNION ALL
    SELECT (
        SELECT d.place FROM drawn AS d
        WHERE d.place >= (h.place / :wide + 1) * :wide AND d.open ORDER BY d.place LIMIT 1
    )
    FROM held AS h
    WHERE h.place IS NOT NULL
)
SELECT place / :wide FROM held WHERE place IS NOT NULL
"""


def verify(connection: Connection) -> list[str]:
    """Where what is drawn disagrees with `structure`, or a cell of the grid with what is drawn; empty when nothing does."""
    if not is_current(connection):
        return ["grille des tuiles : d’une autre version du programme (./lum1 search rebuild la refait)"]
    was, now = drawn.differing(connection)
    found = [f"points des tuiles : {each} diffère" for each in sorted({*was["id"].head(SHOWN), *now["id"].head(SHOWN)})]
    points = _weighed(drawn.read_copied(connection, DRAWN, DRAWN_SCHEMA).with_columns(pl.col("open") == drawn.TRUE))
    kept = _kept(connection, f"zoom < {STRETCH_ZOOM}")
    compared = [_compared(kept, _counted(points, WIDE_ZOOMS))]
    tiles = _stretches_of(points["place"])
    # up to the next tile that holds some: whatever is kept where nothing stands is seen too
    for tile, after in zip([None, *tiles], [*tiles, None], strict=True):
        kept = _kept(connection, _between(tile, after))
        here = points.clear() if tile is None else _in_stretch(points, tile)
        compared.append(_compared(kept, _counted(here, FINE_ZOOMS)))
    return found + list(_told(pl.concat(compared)))


def _kept(connection: Connection, which: str) -> pl.DataFrame:
    """What the grid says of some of its cells, with what waits beside, as `counted` says it."""
    kept, waiting = (
        drawn.read_copied(connection, KEPT.format(table, which), COUNTED) for table in ("tile_count", "tile_change")
    )
    if waiting.is_empty():
        return kept
    return _in_order(_summed(pl.concat([kept, waiting]), "tile", "layer", "cell", "zoom").filter(COUNTS))


def _between(tile: int | None, after: int | None) -> str:
    """Cells of tiles of zoom STRETCH_ZOOM, and what they hold, from one to before another."""
    bounds = [f"tile {sign} {_number(each)}" for sign, each in ((">=", tile), ("<", after)) if each is not None]
    return " AND ".join([f"zoom >= {STRETCH_ZOOM}", *bounds])


def _number(tile: int) -> int:
    (number,) = tile_numbers(np.array([STRETCH_ZOOM]), np.array([tile])).tolist()
    return int(number)


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
KEPT = (
    f"COPY (SELECT {', '.join(COUNTED)} FROM {{}} WHERE {{}} ORDER BY tile, layer, cell) TO STDOUT (FORMAT CSV, HEADER)"
)


def _compared(kept: pl.DataFrame, expected: pl.DataFrame) -> pl.DataFrame:
    """Of each zoom and layer: how many structures the grid says and there are, how many cells are not the same."""
    both = pl.concat([kept.with_columns(in_grid=True), expected.with_columns(in_grid=False)])
    sums = both.group_by("zoom", "layer").agg(
        kept=pl.col("n").filter("in_grid").sum(), expected=pl.col("n").filter(~pl.col("in_grid")).sum()
    )
    if kept.equals(expected):
        return sums.with_columns(cells=pl.lit(0, pl.UInt32))
    alone_there = both.group_by(list(COUNTED)).len().filter(pl.col("len") == 1)
    cells = alone_there.group_by("zoom", "layer").agg(cells=pl.struct("tile", "cell").n_unique().cast(pl.UInt32))
    return sums.join(cells, on=["zoom", "layer"], how="left").with_columns(pl.col("cells").fill_null(0))


def _told(compared: pl.DataFrame) -> Iterator[str]:
    summed = compared.group_by("zoom", "layer").sum().sort("zoom", "layer")
    for (zoom,), of_zoom in summed.group_by("zoom", maintain_order=True):
        wrong = of_zoom.filter(pl.col("kept") != pl.col("expected"))
        for layer, kept, expected in wrong.select("layer", "kept", "expected").rows():
            yield f"zoom {zoom}, {_named(layer)} : {kept} dans la grille, {expected} structures"
        if wrong.is_empty() and (cells := of_zoom["cells"].sum()):
            yield f"zoom {zoom} : {cells} cellules de la grille diffèrent"


def _named(layer: int) -> str:
    return "toutes catégories" if layer == ALL else f"catégorie {layer}" if layer > 0 else f"famille {-layer}"
