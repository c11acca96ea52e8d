"""Every facet of a box, counted by the columns and by DuckDB on the same rows, from a town's box to the whole country's."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np

from bench.ground import Ground
from bench.measure import Measure, check
from geo.categories import categories, legal_statuses
from geo.communes import communes
from geo.filters import Bounds, Filters
from geo.position import PRECISIONS
from search.embedded.columns import Array, Columns
from search.embedded.strips import strips_of
from search.embedded.tally import Tally, tally
from search.facets import DIMENSIONS
from search.query import Facet

SEED = 12
JITTER_DEG = 0.03  # around a commune's centre
SIDES_KM = (2, 10, 50)
COUNTRY: Bounds = (-5.5, 41.0, 10.0, 51.5)
FACETS = tuple(facet for facet in Facet if not DIMENSIONS[facet].lists)
RAW = tuple(dict.fromkeys(DIMENSIONS[facet].column for facet in FACETS))  # a column may serve several facets
VERIFIED = 20
KM_PER_DEGREE = 111.195
TIMES_DUCKDB = 3


def facets(ground: Ground) -> Iterator[Measure]:
    """Boxes stand around structures drawn at random, so towns weigh what they weigh for people."""
    ground.say(f"{ground.sizes.columns:_} structures tirées".replace("_", " "))
    with TemporaryDirectory() as folder:
        columns = drawn(ground.sizes.columns, Path(folder))
        peer = duckdb_of(columns)
        draw = np.random.default_rng(SEED)
        centres = draw.integers(0, len(columns), ground.sizes.requests)
        for side in SIDES_KM:
            yield from _compared(columns, peer, f"cadre de {side} km", [_box(columns, i, side) for i in centres])
        yield from _compared(columns, peer, "tout le pays", [COUNTRY] * max(1, len(centres) // 10))


def drawn(count: int, folder: Path) -> Columns:
    """Structures in communes by their population, in the columns that a publication has, mapped from their files."""
    draw = np.random.default_rng(SEED)
    placed = [each for each in communes().values() if each.population]
    weights = np.array([each.population for each in placed], dtype=np.float64)
    at = draw.choice(len(placed), count, p=weights / weights.sum())
    known = {
        "commune": [each.code for each in placed],
        "departement": sorted({each.departement for each in placed}),
        "statut": list(legal_statuses()),
        "precision": list(PRECISIONS),
    }
    departement = {code: rank for rank, code in enumerate(known["departement"])}
    numbers = np.array([each.no for each in categories().values()], dtype=np.int32)
    arrays: dict[str, Array] = {
        "ids": np.arange(count),
        "lon": np.array([each.lon for each in placed])[at] + draw.normal(0, JITTER_DEG, count),
        "lat": np.array([each.lat for each in placed])[at] + draw.normal(0, JITTER_DEG, count),
        "open": draw.random(count) < 0.9,
        "has_phone": draw.random(count) < 0.8,
        "categorie_no": numbers[np.minimum(draw.zipf(1.3, count) - 1, len(numbers) - 1)],
        "commune": at.astype(np.int32),
        "departement": np.array([departement[each.departement] for each in placed], dtype=np.int32)[at],
        "statut": draw.integers(-1, len(known["statut"]), count).astype(np.int32),
        "precision": draw.integers(0, len(known["precision"]), count).astype(np.int32),
    }
    arrays |= strips_of(arrays["lon"], arrays["lat"])
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    mapped = {name: np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in arrays}
    return Columns(mapped, known)


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
    lon, lat = float(columns["lon"][i]), float(columns["lat"][i])
    half = side_km / 2 / KM_PER_DEGREE
    wide = half / np.cos(np.radians(lat))
    return (lon - float(wide), lat - half, lon + float(wide), lat + half)


# One scan of the box, then a count by each column: DuckDB's own best way of the few we tried.
QUESTION = f"""
WITH box AS MATERIALIZED (
    SELECT {", ".join(RAW)} FROM structure
    WHERE open AND lon >= $1 AND lat >= $2 AND lon <= $3 AND lat <= $4
)
{" UNION ALL ".join(f"SELECT '{name}', {name}::INTEGER, count(*) FROM box GROUP BY 2" for name in RAW)}
"""
