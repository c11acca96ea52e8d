"""From each territory's projection to WGS 84, on arrays."""

from functools import cache

import numpy as np
from pyproj import Transformer

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def to_wgs84(epsg: int, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Longitudes and latitudes in degrees of eastings and northings in metres; infinite where the projection has no inverse."""
    lon, lat = _transformer(epsg).transform(x, y)
    return lon, lat


@cache
def _transformer(epsg: int) -> Transformer:
    return Transformer.from_crs(epsg, 4326, always_xy=True)
