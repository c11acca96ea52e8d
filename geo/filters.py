"""Which structures are asked for, words aside: one value shared by lists, counts and tiles."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Table, and_, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from geo.categories import domaine_members
from geo.errors import InvalidPosition
from geo.position import EARTH_RADIUS_M
from geo.statuts import statuts_of

MAX_RADIUS_M = 200_000.0
MAX_POLYGON_VERTICES = 200
MERCATOR_MAX_LAT = 85.0511287798
# Rounding between our box around a circle and the sphere's own distance: a millimetre is more than either can err.
CIRCLE_SLACK_M = 0.001

Bounds = tuple[float, float, float, float]  # min lon, min lat, max lon, max lat
Ring = tuple[tuple[float, float], ...]  # lon, lat; closed


class Circle(msgspec.Struct, frozen=True):
    """Everything within `radius_m` metres of a point, bounds included."""

    lon: float
    lat: float
    radius_m: float


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that combine with "and"; several values of one condition combine with "or"."""

    circle: Circle | None = None
    bbox: Bounds | None = None
    polygon: tuple[Ring, ...] | None = None  # outer ring, then holes; edges straight in lon/lat
    communes: tuple[str, ...] = ()
    epcis: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    categories: tuple[int, ...] = ()  # categorie.no, families already expanded
    domaines: tuple[str, ...] = ()  # codes of geo.categories.DOMAINES
    activites: tuple[str, ...] = ()  # codes of geo.activites
    publics: tuple[str, ...] = ()  # codes of people served (geo.activites)
    naf: tuple[str, ...] = ()  # codes of geo.naf, groups already expanded
    statuts: tuple[str, ...] = ()  # codes of geo.statuts
    secteurs: tuple[str, ...] = ()  # codes of geo.statuts.SECTEURS
    precisions: tuple[str, ...] = ()  # geo.position.Precision
    telephone: bool | None = None  # whether there is a number to call
    maj_depuis: dt.date | None = None  # what its register touched since that day, included
    open_only: bool = True


NONE = Filters()


def bounds_of_circle(circle: Circle) -> Bounds:
    """The lon/lat box that holds a circle of the sphere.

    A circle that reaches a pole or the antimeridian gets every longitude: the box is only a first sieve.

    >>> bounds_of_circle(Circle(lon=179.9, lat=0.0, radius_m=50_000))[::2]
    (-180.0, 180.0)
    """
    angle = (circle.radius_m + CIRCLE_SLACK_M) / EARTH_RADIUS_M
    south, north = circle.lat - math.degrees(angle), circle.lat + math.degrees(angle)
    if south <= -90 or north >= 90:
        return (-180.0, max(south, -90.0), 180.0, min(north, 90.0))
    half_width = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(circle.lat))))
    west, east = circle.lon - half_width, circle.lon + half_width
    if west < -180 or east > 180:
        return (-180.0, south, 180.0, north)
    return (west, south, east, north)


def check_bounds(bounds: Bounds) -> Bounds:
    """The same bounds, or InvalidPosition: on Earth, west before east, south before north."""
    west, south, east, north = bounds
    if not all(map(math.isfinite, bounds)) or not (
        -180 <= west <= 180 and -180 <= east <= 180 and south >= -90 and north <= 90
    ):
        raise InvalidPosition("bbox : minLon,minLat,maxLon,maxLat en degrés WGS 84 sont attendus.", parameter="bbox")
    if west >= east or south >= north:
        raise InvalidPosition("bbox : l’ouest doit précéder l’est, et le sud le nord.", parameter="bbox")
    return bounds


def conditions(filters: Filters, table: Table) -> list[ColumnElement[bool]]:
    """The filters as SQL on `table` (a `structure`, or anything with its columns); combine them with and."""
    c = table.c
    found: list[ColumnElement[bool]] = []
    if filters.open_only:
        found.append(c.open)
    if filters.circle:
        found += [
            in_box(table, bounds_of_circle(filters.circle)),
            sphere_distance(table, filters.circle.lon, filters.circle.lat) <= filters.circle.radius_m,
        ]
    if filters.bbox:
        found += [in_box(table, filters.bbox), _within_degrees(table, filters.bbox)]
    if filters.polygon:
        found.append(_in_polygon(table, filters.polygon))
    if filters.communes:
        found.append(c.commune.in_(filters.communes))
    if filters.epcis:
        found.append(c.epci.in_(filters.epcis))
    if filters.departements:
        found.append(c.departement.in_(filters.departements))
    if filters.regions:
        found.append(c.region.in_(filters.regions))
    if filters.categories:
        found.append(c.categorie_no.in_(filters.categories))
    if filters.domaines:
        found.append(c.categorie_no.in_(categories_of(filters.domaines)))
    for column, codes in ((c.activites, filters.activites), (c.publics, filters.publics), (c.naf, filters.naf)):
        if codes:
            found.append(column.op("&&")(literal(list(codes), ARRAY(Text))))
    if filters.statuts:
        found.append(c.statut.in_(filters.statuts))
    if filters.secteurs:
        found.append(c.statut.in_(statuts_of_each(filters.secteurs)))
    if filters.precisions:
        found.append(c.precision.in_(filters.precisions))
    if filters.telephone is not None:
        numbers = func.cardinality(c.phones)
        found.append(numbers > 0 if filters.telephone else numbers == 0)
    if filters.maj_depuis:
        found.append(c.updated_on >= filters.maj_depuis)
    return found


def categories_of(domaines: Iterable[str]) -> tuple[int, ...]:
    """The numbers of the categories of these domains."""
    return tuple(number for domaine in domaines for number in domaine_members(domaine))


def statuts_of_each(secteurs: Iterable[str]) -> tuple[str, ...]:
    """The legal statuses of these sectors."""
    return tuple(statut for secteur in secteurs for statut in statuts_of(secteur))


def without(filters: Filters, name: str | None) -> Filters:
    """The same filters but this one, a member of Filters."""
    return replace(filters, **{name: getattr(NONE, name)}) if name else filters


def bounds_of(filters: Filters) -> Bounds | None:
    """A lon/lat box that holds everything the filters' places hold; None when they name no box, circle or polygon."""
    boxes = [filters.bbox] if filters.bbox else []
    if filters.circle:
        boxes.append(bounds_of_circle(filters.circle))
    if filters.polygon:
        boxes.append(_around(filters.polygon))
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return (max(west), max(south), min(east), min(north))


def sphere_distance(table: Table, lon: float, lat: float) -> ColumnElement[float]:
    """Metres on the sphere from the row's position (DESIGN.md decision 7), null without a position."""
    return sphere_distance_to(table, literal(lon), literal(lat))


def sphere_distance_to(table: Table, lon: ColumnElement[float], lat: ColumnElement[float]) -> ColumnElement[float]:
    """The same, from a point that the query is told later."""
    here = func.geography(func.ST_SetSRID(func.ST_MakePoint(table.c.lon, table.c.lat), 4326))
    there = func.geography(func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326))
    return func.ST_Distance(here, there, False)


def in_box(table: Table, bounds: Bounds) -> ColumnElement[bool]:
    """The first sieve, answered by a GiST index on `geom`; Mercator keeps lon/lat boxes rectangular."""
    west, south, east, north = bounds
    low = func.ST_Transform(func.ST_SetSRID(func.ST_MakePoint(west, max(south, -MERCATOR_MAX_LAT)), 4326), 3857)
    high = func.ST_Transform(func.ST_SetSRID(func.ST_MakePoint(east, min(north, MERCATOR_MAX_LAT)), 4326), 3857)
    # a millimetre more: the transform of a corner and that of a point on the edge may round apart
    return table.c.geom.op("&&")(func.ST_Expand(func.ST_MakeBox2D(low, high), 0.001))


def _within_degrees(table: Table, bounds: Bounds) -> ColumnElement[bool]:
    west, south, east, north = bounds
    return and_(table.c.lon.between(west, east), table.c.lat.between(south, north))


def _in_polygon(table: Table, rings: Sequence[Ring]) -> ColumnElement[bool]:
    text = "POLYGON(" + ",".join("(" + ",".join(f"{lon!r} {lat!r}" for lon, lat in ring) + ")" for ring in rings) + ")"
    area = func.ST_GeomFromText(literal(text), 4326)
    point = func.ST_SetSRID(func.ST_MakePoint(table.c.lon, table.c.lat), 4326)
    return and_(in_box(table, _around(rings)), func.ST_Covers(area, point))


def _around(rings: Sequence[Ring]) -> Bounds:
    longitudes, latitudes = zip(*rings[0], strict=True)
    return (min(longitudes), min(latitudes), max(longitudes), max(latitudes))
