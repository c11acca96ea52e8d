"""Boxes and polygons as people and programs write them, and when they are none."""

import re
from typing import Annotated, Literal

import msgspec
import shapely
from msgspec import Meta

from geo.errors import InvalidPosition
from geo.filters import MAX_POLYGON_VERTICES, Bounds, Ring, check_bounds

# RFC 7946: a position may have an altitude, a ring closes on its first point, so that a triangle has four of them
Place = Annotated[list[float], Meta(min_length=2)]
Places = Annotated[list[Place], Meta(min_length=4, max_length=MAX_POLYGON_VERTICES)]
# Python's `float` reads more than what people write: « 1_0 », digits of other scripts.
_DEGREES = re.compile(r"\s*[-+]?[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?\s*")


class GeoJSONPolygon(msgspec.Struct, frozen=True):
    """A polygon of RFC 7946: the outer ring, then its holes; lon, lat."""

    type: Literal["Polygon"]
    coordinates: Annotated[list[Places], Meta(min_length=1)]


def bounds_of_box(box: str | list[float] | None) -> Bounds | None:
    """`minLon,minLat,maxLon,maxLat`, or InvalidPosition."""
    if box is None:
        return None
    try:
        west, south, east, north = map(_degrees, box.split(",")) if isinstance(box, str) else box
    except ValueError:
        raise InvalidPosition("« bbox » : quatre nombres, minLon,minLat,maxLon,maxLat.", parameter="bbox") from None
    return check_bounds((west, south, east, north))


def rings_of_polygon(polygon: str | GeoJSONPolygon | None) -> tuple[Ring, ...] | None:
    """The rings of a GeoJSON polygon, or InvalidPosition."""
    if polygon is None:
        return None
    geometry = _decoded(polygon) if isinstance(polygon, str) else polygon
    rings = tuple(tuple((place[0], place[1]) for place in ring) for ring in geometry.coordinates)
    if sum(map(len, rings)) > MAX_POLYGON_VERTICES:
        raise _refusal(f"{MAX_POLYGON_VERTICES} sommets au plus")
    if any(ring[0] != ring[-1] for ring in rings):
        raise _refusal("chaque anneau se ferme sur son premier point")
    if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for ring in rings for lon, lat in ring):
        raise _refusal("des longitudes et latitudes WGS 84 sont attendues")
    area = shapely.Polygon(rings[0], rings[1:])
    if not area.is_valid or area.area == 0:
        raise _refusal("les anneaux se croisent ou n’ont pas d’étendue")
    return rings


def bounds_of_rings(rings: tuple[Ring, ...]) -> Bounds:
    """The box around a polygon: around its outer ring."""
    longitudes, latitudes = zip(*rings[0], strict=True)
    return (min(longitudes), min(latitudes), max(longitudes), max(latitudes))


def _degrees(text: str) -> float:
    if not _DEGREES.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _decoded(text: str) -> GeoJSONPolygon:
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):  # one who nests a thousand brackets gets what others get
        raise _refusal("un Polygon GeoJSON est attendu, ses anneaux de quatre points au moins") from None


def _refusal(reason: str) -> InvalidPosition:
    return InvalidPosition(f"« polygon » : {reason}.", parameter="polygon")


_decoder = msgspec.json.Decoder(GeoJSONPolygon)
