"""Every facet of a box, counted by the columns and by DuckDB on the same rows, from a town's box to the whole country's."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import numpy as np

from bench.client import box_around
from bench.country import served_folder
from bench.ground import Ground
from bench.measure import Measure, check
from geo.filters import Bounds, Filters
from geo.settings import Settings
from search.embedded.columns import Columns
from search.embedded.tally import Tally, tally
from search.facets import DIMENSIONS
from search.query import Facet

SEED = 12
SIDES_KM = (2, 10, 50)
COUNTRY: Bounds = (-5.5, 41.0, 10.0, 51.5)
FACETS = tuple(facet for facet in Facet if not DIMENSIONS[facet].lists)
RAW = tuple(dict.fromkeys(DIMENSIONS[facet].column for facet in FACETS))  # a column may serve several facets
VERIFIED = 20
TIMES_DUCKDB = 3


def facets(ground: Ground) -> Iterator[Measure]:
    """Boxes stand around structures drawn at random, so towns weigh what they weigh for people."""
    columns = columns_of(ground.country(ground.sizes.country).instance)
    peer = duckdb_of(columns)
    placed = np.flatnonzero(~np.isnan(columns["lon"]))
    centres = np.random.default_rng(SEED).choice(placed, ground.sizes.requests)
    for side in SIDES_KM:
        yield from _compared(columns, peer, f"cadre de {side} km", [_box(columns, i, side) for i in centres])
    yield from _compared(columns, peer, "tout le pays", [COUNTRY] * max(1, len(centres) // 10))


def columns_of(instance: Settings) -> Columns:
    """Those of the publication that an instance serves."""
    return Columns.open(served_folder(instance))


def duckdb_of(columns: Columns) -> duckdb.DuckDBPyConnection:
    """The same rows in memory, in the order of a map, which its zone maps like."""
    connection = duckdb.connect()
    given = {name: columns[name] for name in ("lon", "lat", "open", *RAW)}
    connection.register("given", given)
    connection.execute("CREATE TABLE structure AS SELECT * FROM given ORDER BY floor(lat * 10), lon")
    connection.unregister("given")
    return connection


def _compared(
    columns: Columns, peer: duckdb.DuckDBPyConnection, label: str, boxes: Sequence[Bounds]
) -> Iterator[Measure]:
    def ours(box: Bounds) -> Tally:
        filters = Filters(bbox=box)
        return tally(columns, filters, FACETS, columns.candidates(filters))

    def theirs(box: Bounds) -> list[Any]:
        return peer.execute(QUESTION, list(box)).fetchall()

    for box in boxes[:VERIFIED]:
        _verify(columns, box, ours(box), theirs(box))
    taken, least = _in_turn(ours, theirs, boxes)
    for which, at in (("médiane", 0.5), ("95ᵉ centile", 0.95)):
        floor = _centile(least, at)
        target = TIMES_DUCKDB * floor if at > 0.5 else None
        yield Measure(
            label=f"{label}, {len(FACETS)} facettes, {which}",
            value=_centile(taken, at),
            unit="ms",
            floor=floor,
            floor_label="DuckDB",
            target=target,
        )


def _verify(columns: Columns, box: Bounds, ours: Tally, theirs: list[Any]) -> None:
    raw: dict[str, dict[str, int]] = {name: {} for name in RAW}
    for name, value, count in theirs:
        known = columns.vocabularies.get(name)
        if known is None or value >= 0:
            raw[name][known[value] if known else str(value)] = count
    check(f"total de {box}", ours.total, sum(raw["has_phone"].values()))
    for facet in FACETS:
        dimension = DIMENSIONS[facet]
        expected: dict[str, int] = {}
        for value, count in raw[dimension.column].items():
            if shown := dimension.shown(value):
                expected[shown[0]] = expected.get(shown[0], 0) + count
        check(f"{facet} de {box}", {each.value: each.count for each in ours.facets[facet.value]}, expected)


def _in_turn(
    ours: Callable[[Bounds], object], theirs: Callable[[Bounds], object], boxes: Sequence[Bounds]
) -> tuple[list[float], list[float]]:
    """Milliseconds of each box, one and the other side by side, so that a busy moment weighs on both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for box in boxes:
        for times, ask in zip(taken, (ours, theirs), strict=True):
            began = time.perf_counter()
            ask(box)
            times.append((time.perf_counter() - began) * 1_000)
    return taken


def _centile(times: Sequence[float], at: float) -> float:
    if at == 0.5:
        return statistics.median(times)
    return sorted(times)[min(len(times) - 1, int(len(times) * at))]


def _box(columns: Columns, i: int, side_km: float) -> Bounds:
    return box_around(float(columns["lon"][i]), float(columns["lat"][i]), side_km)


# One scan of the box, then a count by each column: DuckDB's own best way of the few we tried.
QUESTION = f"""
WITH box AS MATERIALIZED (
    SELECT {", ".join(RAW)} FROM structure
    WHERE open AND lon >= $1 AND lat >= $2 AND lon <= $3 AND lat <= $4
)
{" UNION ALL ".join(f"SELECT '{name}', {name}::INTEGER, count(*) FROM box GROUP BY 2" for name in RAW)}
"""
