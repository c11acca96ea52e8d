"""WGS 84 whatever way the coordinates are written.

The flow carries two pairs, one in degrees and one projected, and swaps both their places and their axes from one record to
the next (DATA-FACTS § 1.3, 2): only magnitudes tell. A pair counts when it falls in the territory of its commune.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from geo.projections import to_wgs84
from geo.territories import Territory

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

# Published axis, then published axis: which may hold (east, north). The swapped readings come second.
READINGS = (
    ("coordonnee_x", "coordonnee_y"),
    ("coordonnee_y", "coordonnee_x"),
    ("direction_longitude", "direction_latitude"),
    ("direction_latitude", "direction_longitude"),
)


class Located(NamedTuple):
    """Degrees (NaN where nothing usable was published) and whether something was published at all."""

    lon: Floats
    lat: Floats
    present: Flags
    by_projection: Flags  # the degrees were unusable, the projected pair was not


def locate(published: pl.DataFrame, territories: list[Territory | None]) -> Located:
    """The position of each row of float columns named as in READINGS, within its own territory."""
    axes = {name: published[name].to_numpy() for pair in READINGS[::2] for name in pair}
    present = np.logical_or.reduce([~np.isnan(values) for values in axes.values()])
    lon, lat = np.full(len(published), np.nan), np.full(len(published), np.nan)
    boxes = _boxes(territories)
    for east, north in READINGS:
        _keep_first(lon, lat, axes[east], axes[north], boxes)
    in_degrees = ~np.isnan(lon)
    for epsg, rows in _rows_by_projection(territories, present & ~in_degrees).items():
        for east, north in READINGS:
            _keep_first_projected(lon, lat, axes[east], axes[north], boxes, rows, epsg)
    return Located(lon, lat, present, ~np.isnan(lon) & ~in_degrees)


def _boxes(territories: list[Territory | None]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    nowhere = (np.nan,) * 4
    return np.array([t.bounds if t else nowhere for t in territories], dtype=np.float64).reshape(-1, 4)


def _inside(lon: Floats, lat: Floats, boxes: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Flags:
    west, south, east, north = boxes.T
    inside: Flags = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
    return inside


def _keep_first(
    lon: Floats, lat: Floats, x: Floats, y: Floats, boxes: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> None:
    found = np.isnan(lon) & _inside(x, y, boxes)
    lon[found], lat[found] = x[found], y[found]


def _rows_by_projection(
    territories: list[Territory | None], missing: Flags
) -> dict[int, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    projections = np.array([t.epsg if t else 0 for t in territories])
    wanted = {int(epsg) for epsg in projections[missing]} - {0}
    return {epsg: np.flatnonzero(missing & (projections == epsg)) for epsg in wanted}


def _keep_first_projected(
    lon: Floats,
    lat: Floats,
    x: Floats,
    y: Floats,
    boxes: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    rows: np.ndarray[tuple[int], np.dtype[np.intp]],
    epsg: int,
) -> None:
    usable = rows[np.isnan(lon[rows]) & np.isfinite(x[rows]) & np.isfinite(y[rows])]
    if not len(usable):
        return
    there_lon, there_lat = to_wgs84(epsg, x[usable], y[usable])
    found = _inside(there_lon, there_lat, boxes[usable])
    lon[usable[found]], lat[usable[found]] = there_lon[found], there_lat[found]
