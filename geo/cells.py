"""The cells that clusters are counted in: integers computed once, by us, the same in PostgreSQL, in the process, on a server.

A tile has 4096 units a side (MVT's usual extent) and 16 × 16 cells. Positions are floored once into units of zoom 18, so that a
cell of any zoom is exactly the sum of its four children. Places, cells and tiles are numbered in Morton's order: what stands in a
tile or in a cell, of any zoom, is one range of numbers.
"""

from typing import Any

import numpy as np

from geo.filters import MERCATOR_MAX_LAT

CLUSTER_MAX_ZOOM = 13  # from 14 on, points
FINEST_ZOOM = 18  # a unit is some four centimetres; clients overzoom
EXTENT = 4096
EXTENT_BITS = 12
CELL_BITS = 8  # a cell is 256 units wide: 32 pixels of a 512-pixel tile, room for a cluster's disc
CELLS = EXTENT >> CELL_BITS
CELLS_BITS = EXTENT_BITS - CELL_BITS

_EVERY_OTHER = 0x5555555555555555

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def units(lon: Floats, lat: Floats, zoom: int = CLUSTER_MAX_ZOOM) -> tuple[Integers, Integers]:
    """World coordinates in tile units of a zoom: tile number × 4096 + unit, x to the east, y to the south."""
    side = 1 << (zoom + EXTENT_BITS)
    latitude = np.radians(np.clip(lat, -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT))
    x = np.floor((lon / 360 + 0.5) * side).astype(np.int64)
    y = np.floor((0.5 - np.arcsinh(np.tan(latitude)) / (2 * np.pi)) * side).astype(np.int64)
    return np.clip(x, 0, side - 1), np.clip(y, 0, side - 1)


def places(x: Integers, y: Integers) -> Integers:
    """The numbers of units of zoom 18: below 2 ** 60."""
    found: Integers = _spread(x) | _spread(y) << 1
    return found


def places_of_tile(z: int, x: int, y: int) -> tuple[int, int]:
    """The range of places of a tile: its first, one after its last."""
    finer = FINEST_ZOOM - z + EXTENT_BITS
    first = _morton(x << finer, y << finer)
    return first, first + (1 << 2 * finer)


def places_of_cell(z: int) -> int:
    """How many places a cell of a zoom is: their numbers follow one another."""
    return 1 << 2 * (FINEST_ZOOM - z + CELL_BITS)


def tile_number(z: int, x: int, y: int) -> int:
    """Of all tiles up to zoom 13, each before the four that it holds: what changes at one place is told on neighbouring pages.

    Below 2 ** 27. The numbers of those within a tile follow its own (`tiles_within`).

    >>> [tile_number(0, 0, 0), tile_number(1, 0, 0), tile_number(1, 1, 0) - tile_number(1, 0, 0) == tiles_within(1)]
    [0, 1, True]
    """
    (number,) = tile_numbers(np.array([z]), np.array([_morton(x, y)])).tolist()
    return int(number)


def tile_numbers(zooms: Integers, mortons: Integers) -> Integers:
    """The same of many, from their numbers within a zoom.

    A tile comes after those that hold it, one of each coarser zoom, and after all that their earlier quarters hold: a digit of
    base 4 of its Morton number says how many of these there are, each of (4 ** k - 1) / 3 tiles.
    """
    digits = np.bitwise_count(mortons & _EVERY_OTHER) + 2 * np.bitwise_count(mortons >> 1 & _EVERY_OTHER)
    found: Integers = zooms + ((mortons << 2 * (CLUSTER_MAX_ZOOM + 1 - zooms)) - digits.astype(np.int64)) // 3
    return found


def tiles_within(z: int) -> int:
    """How many tiles up to zoom 13 a tile is and holds."""
    return ((1 << 2 * (CLUSTER_MAX_ZOOM + 1 - z)) - 1) // 3


def tiles_of(numbers: Integers) -> tuple[Integers, Integers]:
    """Columns and rows of tiles, from their numbers within a zoom: what `places` does of units, undone.

    >>> columns, rows = tiles_of(places(np.array([3, 8_299]), np.array([5, 5_636])))
    >>> columns.tolist(), rows.tolist()
    ([3, 8299], [5, 5636])
    """
    return _gathered(numbers), _gathered(numbers >> 1)


def numbers(x: Integers, y: Integers) -> Integers:
    """The finest cells that units of zoom 13 are in: below 2 ** 34."""
    return places(x >> CELL_BITS, y >> CELL_BITS)


def finest_of_tile(z: int, x: int, y: int) -> tuple[int, int]:
    """The range of finest cells of a tile: its first, one after its last."""
    finer = CLUSTER_MAX_ZOOM - z + CELLS_BITS
    first = _morton(x << finer, y << finer)
    return first, first + (1 << 2 * finer)


def finest_of_cell(z: int) -> int:
    """How many finest cells a cell of a zoom is: their numbers follow one another."""
    return 1 << 2 * (CLUSTER_MAX_ZOOM - z)


def _morton(x: int, y: int) -> int:
    return int(_spread(np.int64(x)) | _spread(np.int64(y)) << 1)


def _spread(spread: Any) -> Any:
    """The bits of numbers below 2 ** 31, each moved to twice its place."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        spread = (spread | spread << shift) & mask
    return spread


def _gathered(spread: Any) -> Any:
    """Every other bit, from the lowest: what `_spread` moved, moved back."""
    gathered = spread & _EVERY_OTHER
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        gathered = (gathered | gathered >> shift) & mask
    return gathered
