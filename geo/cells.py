"""The cells that clusters are counted in: integers computed once, by us, the same in PostgreSQL, in the process, on a server.

A tile has 4096 units a side (MVT's usual extent) and 16 × 16 cells. Positions are floored once into units of zoom 13, so that a
cell of any zoom is exactly the sum of its four children. The finest cells are numbered in Morton's order: the cells of a tile, of
any zoom, are one range of numbers, and those of a coarser cell too.
"""

from typing import Any

import numpy as np

from geo.filters import MERCATOR_MAX_LAT

CLUSTER_MAX_ZOOM = 13  # from 14 on, points
EXTENT = 4096
EXTENT_BITS = 12
CELL_BITS = 8  # a cell is 256 units wide: 32 pixels of a 512-pixel tile, room for a cluster's disc
CELLS = EXTENT >> CELL_BITS
CELLS_BITS = EXTENT_BITS - CELL_BITS

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def units(lon: Floats, lat: Floats, zoom: int = CLUSTER_MAX_ZOOM) -> tuple[Integers, Integers]:
    """World coordinates in tile units of a zoom: tile number × 4096 + unit, x to the east, y to the south."""
    side = 1 << (zoom + EXTENT_BITS)
    latitude = np.radians(np.clip(lat, -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT))
    x = np.floor((lon / 360 + 0.5) * side).astype(np.int64)
    y = np.floor((0.5 - np.arcsinh(np.tan(latitude)) / (2 * np.pi)) * side).astype(np.int64)
    return np.clip(x, 0, side - 1), np.clip(y, 0, side - 1)


def numbers(x: Integers, y: Integers) -> Integers:
    """The finest cells that units of zoom 13 are in: below 2 ** 34."""
    found: Integers = _spread(x >> CELL_BITS) | _spread(y >> CELL_BITS) << 1
    return found


def finest_of_tile(z: int, x: int, y: int) -> tuple[int, int]:
    """The range of finest cells of a tile: its first, one after its last."""
    finer = CLUSTER_MAX_ZOOM - z + CELLS_BITS
    first = int(_spread(np.int64(x << finer)) | _spread(np.int64(y << finer)) << 1)
    return first, first + (1 << 2 * finer)


def finest_of_cell(z: int) -> int:
    """How many finest cells a cell of a zoom is: their numbers follow one another."""
    return 1 << 2 * (CLUSTER_MAX_ZOOM - z)


def place_in_tile(z: int, number: int) -> int:
    """Which of a tile's cells holds a finest one: row × 16 + column."""
    cell = number >> 2 * (CLUSTER_MAX_ZOOM - z)
    return _gathered(cell >> 1) * CELLS + _gathered(cell)


def _spread(spread: Any) -> Any:
    """The bits of numbers below 2 ** 17, each moved to twice its place."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        spread = (spread | spread << shift) & mask
    return spread


def _gathered(number: int) -> int:
    """Every other bit of the last CELLS_BITS pairs, from the lowest."""
    return sum((number >> 2 * bit & 1) << bit for bit in range(CELLS_BITS))
