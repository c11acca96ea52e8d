"""Places as points of the unit sphere: the straight line between two is worked out in a tenth of the time of the arc above it."""

import numpy as np

from geo.position import EARTH_RADIUS_M
from search.embedded.arrays import Array

# Single precision: a point is kept within half a metre, a line within two and the millionth of its length.
ERROR_M, ERROR = 2.0, 1e-6


def on_sphere(lon: Array, lat: Array) -> Array:
    """x, y, z of each place, in single precision; NaN without a position."""
    east, north = np.radians(lon), np.radians(lat)
    found = np.empty((len(lon), 3), dtype=np.float32)
    found[:, 0], found[:, 1], found[:, 2] = np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)
    return found


def lines(points: Array, lon: float, lat: float) -> Array:
    """Metres from a place to each point, straight through the Earth."""
    away = points - on_sphere(np.array([lon]), np.array([lat]))
    metres: Array = np.sqrt(np.einsum("ij,ij->i", away, away)) * np.float32(EARTH_RADIUS_M)
    return metres


def at_least(line: Array) -> Array:
    """Metres that the arc above each line measures at least."""
    return np.maximum(line * (1 - ERROR) - ERROR_M, 0)


def at_most(line: Array) -> Array:
    """Metres that the arc above each line measures at most, for arcs of up to a quarter of the Earth's way round."""
    return line * (1 + ERROR + (line / EARTH_RADIUS_M) ** 2 / 16) + ERROR_M
