"""Squares of Web Mercator, numbered so that those of a larger square follow one another (Morton's order)."""

import math
from typing import Any

import numpy as np

from search.embedded.arrays import Array

FINEST = 14  # zoom: squares 1.7 km wide at 46° N; each zoom less, twice as wide
NOWHERE = (1 << 2 * FINEST) - 1  # a corner of Antarctica: what has no position
MERCATOR_MAX_LAT = 85.0


def squares_of(lon: Array, lat: Array) -> Array:
    """The number of the FINEST square that each place is in, NOWHERE without a position: below 2 ** 28."""
    placed = ~(np.isnan(lon) | np.isnan(lat))
    x, y = _column(np.where(placed, lon, 0.0)), _row(np.where(placed, lat, 0.0))
    return np.where(placed, _spread(x) | _spread(y) << 1, NOWHERE)


def around(zoom: int, lon: float, lat: float) -> Array:
    """The square of a zoom that holds a point and the eight around it: for each, its first FINEST number, one after its last."""
    coarser, wide = FINEST - zoom, 1 << zoom
    x, y = int(_column(np.float64(lon))) >> coarser, int(_row(np.float64(lat))) >> coarser
    columns = {_spread((x + east) % wide) for east in (-1, 0, 1)}
    rows = [_spread(y + south) << 1 for south in (-1, 0, 1) if 0 <= y + south < wide]
    first = np.array(sorted(column | row for column in columns for row in rows)) << 2 * coarser
    return np.column_stack([first, first + (1 << 2 * coarser)])


def _column(lon: Any) -> Any:
    wide = 1 << FINEST
    return np.floor((lon + 180) / 360 * wide).astype(np.int64) % wide


def _row(lat: Any) -> Any:
    """Of a latitude, or of many."""
    wide = 1 << FINEST
    clipped = np.radians(np.minimum(np.maximum(lat, -MERCATOR_MAX_LAT), MERCATOR_MAX_LAT))
    south = np.floor((1 - np.arcsinh(np.tan(clipped)) / math.pi) / 2 * wide).astype(np.int64)
    return np.minimum(np.maximum(south, 0), wide - 1)


def _spread(spread: Any) -> Any:
    """The bits of a number below 2 ** 14, or of many, each moved to twice its place."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        spread = (spread | spread << shift) & mask
    return spread
