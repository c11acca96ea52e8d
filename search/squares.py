"""Squares of Web Mercator as words of an index: what stands around a point, found before any distance is worked out."""

import math

# Zooms, the finest first: squares 13 km wide at 46° N, then 100.
ZOOMS = (11, 8)


def cells(lon: float | None, lat: float | None) -> list[str]:
    """The square of each zoom that a position is in; none without a position."""
    if lon is None or lat is None:
        return []
    return [_cell(zoom, *_square(zoom, lon, lat)) for zoom in ZOOMS]


def around(zoom: int, lon: float, lat: float) -> list[str]:
    """The square that holds a point and the eight around it."""
    x, y = _square(zoom, lon, lat)
    wide = 1 << zoom
    return [_cell(zoom, (x + east) % wide, y + south) for east in (-1, 0, 1) for south in (-1, 0, 1)]


def _square(zoom: int, lon: float, lat: float) -> tuple[int, int]:
    wide = 1 << zoom
    clipped = math.radians(max(-85.0, min(85.0, lat)))
    y = (1 - math.asinh(math.tan(clipped)) / math.pi) / 2 * wide
    return int((lon + 180) / 360 * wide) % wide, min(wide - 1, max(0, int(y)))


def _cell(zoom: int, x: int, y: int) -> str:
    return f"{zoom}/{x}/{y}"
