"""Geometries and boxes of a filter: what PostGIS can answer by, or a refusal."""

from collections.abc import Iterator
from typing import Any

import shapely
from shapely.geometry import shape as shape_of

from api.ogc.parameters import boxes_of
from api.ogc.refusals import MAX_NODES, refusal, too_much

GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")


def geometry_of(written: Any) -> Any:
    """A GeoJSON geometry or a box, in longitudes and latitudes, that PostGIS can answer by."""
    if isinstance(written, dict) and isinstance(written.get("bbox"), list):
        box = written["bbox"]
        if not all(isinstance(each, int | float) for each in box):
            raise refusal("BBOX a quatre nombres")
        try:
            numbers = list(map(float, box))
        except OverflowError:  # JSON's whole numbers have any length
            raise refusal("BBOX a quatre nombres") from None
        return shapely.union_all([shapely.box(*bounds) for bounds in boxes_of(numbers)])
    if not isinstance(written, dict) or written.get("type") not in GEOMETRIES:
        raise refusal(f"une géométrie est attendue : BBOX, {', '.join(GEOMETRIES)}")
    if sum(1 for _ in _numbers(written.get("coordinates"), 0)) > 3 * MAX_NODES:
        raise too_much()
    try:
        geometry = shapely.force_2d(shape_of(written))
    except Exception:  # shapely says what is no geometry by whatever it met: TypeError, IndexError, its own
        raise refusal("cette géométrie est illisible") from None
    west, south, east, north = geometry.bounds if not geometry.is_empty else (999.0,) * 4
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90 and geometry.is_valid):
        raise refusal("des longitudes et latitudes, sans anneaux qui se croisent, sont attendues")
    return geometry


def _numbers(coordinates: Any, depth: int) -> Iterator[float]:
    if isinstance(coordinates, list) and depth <= 4:
        for each in coordinates:
            yield from _numbers(each, depth + 1)
    elif isinstance(coordinates, int | float) and not isinstance(coordinates, bool):
        yield coordinates
    else:
        raise refusal("cette géométrie est illisible")
