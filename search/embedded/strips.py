"""Structures by strips of latitude, west to east in each: a box reads its own strips and nothing else of the country."""

from collections.abc import Mapping

import numpy as np

from geo.filters import Bounds
from search.embedded.arrays import Array

STRIP_DEG = 0.05  # some five kilometres: a town is a few strips, each cut where its longitudes begin and end
ALL_STRIPS = round(180 / STRIP_DEG)
# Ranks in the columns, their longitudes, where each strip begins (one more than strips). Without a position: nowhere.
STRIPS = ("strip_ranks", "strip_lon", "strip_starts")


def strips_of(lon: Array, lat: Array) -> dict[str, Array]:
    """The three arrays of STRIPS for structures at these places, NaN for none."""
    ranks = np.flatnonzero(~np.isnan(lat)).astype(np.int32)
    strip = _strip(lat[ranks])
    order = np.lexsort((lon[ranks], strip))
    starts = np.searchsorted(strip[order], np.arange(ALL_STRIPS + 1))
    return {"strip_ranks": ranks[order], "strip_lon": lon[ranks[order]], "strip_starts": starts.astype(np.int64)}


def in_strips(arrays: Mapping[str, Array], bounds: Bounds, most: int) -> Array | slice:
    """Ranks of everything between the box's longitudes in the strips it touches; every structure beyond `most`."""
    west, south, east, north = bounds
    starts, lon = arrays["strip_starts"], arrays["strip_lon"]
    first, last = _strip(np.array([max(south, -90.0), min(north, 90.0)])).tolist()
    found, size = [], 0
    for begin, end in zip(starts[first : last + 1].tolist(), starts[first + 1 : last + 2].tolist(), strict=True):
        if begin == end:
            continue
        left, right = (
            begin + np.searchsorted(lon[begin:end], west),
            begin + np.searchsorted(lon[begin:end], east, "right"),
        )
        size += right - left
        if size > most:
            return slice(None)
        if left < right:
            found.append(arrays["strip_ranks"][left:right])
    return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int32)


def _strip(lat: Array) -> Array:
    return np.clip((lat + 90.0) / STRIP_DEG, 0, ALL_STRIPS - 1).astype(np.int16)
