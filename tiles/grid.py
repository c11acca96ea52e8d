"""Tile addresses and the cells clusters are counted in: integers computed once, by us, the same everywhere.

A tile has 4096 units a side (MVT's usual extent) and 16 × 16 cells. Positions are floored once into units of zoom 13, so that a
cell of any zoom is exactly the sum of its four children.
"""

from dataclasses import dataclass

import numpy as np

from geo.errors import InvalidQuestion
from geo.filters import MERCATOR_MAX_LAT, Bounds

MAX_ZOOM = 22  # of an address; nothing is drawn finer than zoom 18, clients overzoom
CLUSTER_MAX_ZOOM = 13  # from 14 on, points
EXTENT = 4096
EXTENT_BITS = 12
CELL_BITS = 8  # a cell is 256 units wide: 32 pixels of a 512-pixel tile, room for a cluster's disc
CELLS = EXTENT >> CELL_BITS
MERCATOR_HALF = 20037508.342789244  # metres: half the equator of EPSG:3857
BUFFER_UNITS = 128  # points drawn beyond the edge, so that a symbol on it is not cut

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


class ImpossibleTile(InvalidQuestion):
    """An address outside the pyramid."""


@dataclass(frozen=True)
class TileAddress:
    """A tile that exists: `TileAddress(3, 8, 0)` raises ImpossibleTile."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        side = 1 << self.z if 0 <= self.z <= MAX_ZOOM else 0
        if not (0 <= self.x < side and 0 <= self.y < side):
            raise ImpossibleTile(f"La tuile {self.z}/{self.x}/{self.y} n’existe pas.", parameter="z")

    @property
    def clustered(self) -> bool:
        """Whether this tile holds counts rather than points."""
        return self.z <= CLUSTER_MAX_ZOOM

    @property
    def mercator(self) -> Bounds:
        """Metres of EPSG:3857: west, south, east, north."""
        side = 2 * MERCATOR_HALF / (1 << self.z)
        west, north = self.x * side - MERCATOR_HALF, MERCATOR_HALF - self.y * side
        return (west, north - side, west + side, north)


def units(lon: Floats, lat: Floats, zoom: int = CLUSTER_MAX_ZOOM) -> tuple[Integers, Integers]:
    """World coordinates in tile units of a zoom: tile number × 4096 + unit, x to the east, y to the south."""
    side = 1 << (zoom + EXTENT_BITS)
    latitude = np.radians(np.clip(lat, -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT))
    x = np.floor((lon / 360 + 0.5) * side).astype(np.int64)
    y = np.floor((0.5 - np.arcsinh(np.tan(latitude)) / (2 * np.pi)) * side).astype(np.int64)
    return np.clip(x, 0, side - 1), np.clip(y, 0, side - 1)
