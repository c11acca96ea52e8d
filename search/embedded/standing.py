"""Structures in the order of their places (geo.cells): what stands in a tile is a stretch of them, of any question too."""

from collections.abc import Mapping

import numpy as np

from geo.cells import EXTENT, FINEST_ZOOM, places, places_of_cell, places_of_tile, units
from search.embedded.arrays import Array
from search.results import Clusters

# Of those that have a position, in the order of their places: place, rank in the columns, units of zoom 18.
STANDING = ("places", "place_ranks", "place_x", "place_y")
WHERE = "place_order"  # of each structure among them; NOWHERE without a position
NOWHERE = -1
MANY = 1 / 16  # of all structures: more are marked and gathered, fewer are sorted

Tile = tuple[int, int, int]


def standing_of(lon: Array, lat: Array) -> dict[str, Array]:
    """The arrays of STANDING and WHERE for structures at these places, NaN for none; ties by rank."""
    ranks = np.flatnonzero(~np.isnan(lat)).astype(np.int32)
    x, y = units(lon[ranks], lat[ranks], FINEST_ZOOM)
    at = places(x, y)
    order = np.argsort(at, kind="stable")
    where = np.full(len(lat), NOWHERE, dtype=np.int32)
    where[ranks[order]] = np.arange(len(ranks), dtype=np.int32)
    return {
        "places": at[order],
        "place_ranks": ranks[order],
        "place_x": x[order].astype(np.int32),
        "place_y": y[order].astype(np.int32),
        WHERE: where,
    }


def in_order(arrays: Mapping[str, Array], ranks: Array) -> Array:
    """Where these structures stand in the order of places, ascending; those without a position are nowhere."""
    where = arrays[WHERE].take(ranks)
    if len(where) < MANY * len(arrays[WHERE]):
        return np.sort(where[where != NOWHERE])
    marked = np.zeros(len(arrays["places"]) + 1, dtype=bool)  # one more: NOWHERE is the last
    marked[where] = True
    return np.flatnonzero(marked[:-1]).astype(np.int32)


def in_tile(arrays: Mapping[str, Array], standing: Array, tile: Tile) -> Array:
    """Those of `in_order` that stand in a tile."""
    first, after = np.searchsorted(arrays["places"], places_of_tile(*tile))
    begin, end = np.searchsorted(standing, (first, after))
    return standing[begin:end]


def clusters_of(arrays: Mapping[str, Array], here: Array, zoom: int) -> Clusters:
    """Those of one tile counted by its cells; `ids` are of `arrays["ids"]`."""
    if not len(here):
        return Clusters([], [], [], [])
    cells = arrays["places"].take(here) // places_of_cell(zoom)
    starts = np.flatnonzero(np.diff(cells, prepend=-1))
    n = np.diff(starts, append=len(here))
    x, y = ((arrays[f"place_{axis}"].take(here) >> FINEST_ZOOM - zoom) % EXTENT for axis in "xy")
    alone = arrays["place_ranks"].take(here[starts])
    ids = arrays["ids"].take(alone)
    return Clusters(
        x=(np.add.reduceat(x, starts, dtype=np.int64) // n).tolist(),
        y=(np.add.reduceat(y, starts, dtype=np.int64) // n).tolist(),
        n=n.tolist(),
        ids=[each.decode() if count == 1 else None for each, count in zip(ids.tolist(), n.tolist(), strict=True)],
    )
