"""Squares of Web Mercator, numbered so that those of a larger square follow one another (Morton's order)."""

import math

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
    coarser = FINEST - zoom
    x, y = (int(each[0]) >> coarser for each in (_column(np.array([lon])), _row(np.array([lat]))))
    wide = 1 << zoom
    columns = np.array([(x + east) % wide for east in (-1, 0, 1)])
    rows = np.array([y + south for south in (-1, 0, 1) if 0 <= y + south < wide])
    first = (_spread(np.unique(columns))[:, None] | _spread(rows)[None, :] << 1).ravel() << 2 * coarser
    first.sort()
    return np.column_stack([first, first + (1 << 2 * coarser)])


def _column(lon: Array) -> Array:
    wide = 1 << FINEST
    column: Array = np.floor((lon + 180) / 360 * wide).astype(np.int64) % wide
    return column


def _row(lat: Array) -> Array:
    wide = 1 << FINEST
    clipped = np.radians(np.clip(lat, -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT))
    south = (1 - np.arcsinh(np.tan(clipped)) / math.pi) / 2 * wide
    row: Array = np.clip(np.floor(south).astype(np.int64), 0, wide - 1)
    return row


def _spread(numbers: Array) -> Array:
    """The bits of numbers below 2 ** 14, each moved to twice its place."""
    spread = numbers.astype(np.int64)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        spread = (spread | spread << shift) & mask
    return spread
