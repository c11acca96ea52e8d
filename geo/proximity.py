"""The nearest structures, exactly: Mercator's index proposes, the sphere decides.

GiST orders by distance in EPSG:3857, which stretches with latitude, so its k nearest are candidates only. Twice as many as are
wanted nearly always reach so far on the map that nothing beyond them can be nearer on the sphere (`reach_m` says how far): then
they hold the answer. Else the farthest of them, measured on the sphere, bounds it: everything within that distance lies in the
box of that circle.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Double, Select, bindparam, func, literal_column, select, tuple_

from geo.compiled import Compiled
from geo.filters import (
    MERCATOR_MAX_LAT,
    Circle,
    Filters,
    bounds_of_circle,
    conditions,
    in_box,
    sphere_distance,
    sphere_distance_to,
)
from geo.position import EARTH_RADIUS_M
from geo.structures import structure

MERCATOR_RADIUS_M = 6_378_137.0  # EPSG:3857 takes the equator's for all
REACH_SLACK = 1 + 1e-9  # rounding of the few operations between a distance on the sphere and one on the map


@lru_cache(maxsize=256)
def first_candidates(filters: Filters, count: int) -> Compiled:
    """Ids of the `count` Mercator-nearest to `lon`, `lat`, each with its metres on the sphere and its metres on the map.

    Served by structure_open_geom_idx, by structure_open_categorie_geom_idx with categories, in the order of `<->`. The limit is
    written, not passed: the planner would take a limit that it does not know for a tenth of the table.
    """
    lon, lat = bindparam("lon", 0.0, Double), bindparam("lat", 0.0, Double)  # values are given to each execution
    there = func.ST_Transform(func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326), 3857)
    on_the_map = structure.c.geom.op("<->", return_type=Double)(there)
    return Compiled(
        select(
            structure.c.id,
            sphere_distance_to(structure, lon, lat).label("distance_m"),
            on_the_map.label("mercator_m"),
        )
        .where(*conditions(filters, structure), structure.c.geom.is_not(None))
        .order_by(on_the_map)
        .limit(literal_column(str(count)))
    )


def reach_m(lon: float, lat: float, distance_m: float) -> float:
    """How far on the map, at most, stands what is within a distance on the sphere; infinite where the map is cut or ends.

    The shortest way there stays below some latitude, and Mercator stretches each step of it by the inverse of its cosine.

    >>> round(reach_m(2.35, 0.0, 1_000)), round(reach_m(2.35, 60.0, 1_000))
    (1001, 2003)
    """
    west, _, east, _ = bounds_of_circle(Circle(lon, lat, distance_m))
    highest = abs(lat) + math.degrees(distance_m / EARTH_RADIUS_M)
    if highest >= MERCATOR_MAX_LAT or (west, east) == (-180.0, 180.0):
        return math.inf
    return distance_m * MERCATOR_RADIUS_M / EARTH_RADIUS_M / math.cos(math.radians(highest)) * REACH_SLACK


def same_m(metres: float) -> float:
    """Metres that make no difference: engines round one distance each its own way, and may follow another's page."""
    return 1e-6 + 1e-11 * metres


def farthest_candidate_query(lon: float, lat: float, k: int, asked: Sequence[ColumnElement[bool]]) -> Select[Any, Any]:
    """One row: how many of the k Mercator-nearest have a position, and the sphere distance of the farthest of them.

    Served by structure_open_geom_idx (structure_geom_idx with `open=all`) in the order of its `<->`.
    """
    there = func.ST_Transform(func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326), 3857)
    nearest = (
        select(sphere_distance(structure, lon, lat).label("distance_m"))
        .where(*asked, structure.c.geom.is_not(None))
        .order_by(structure.c.geom.op("<->")(there))
        .limit(k)
        .subquery()
    )
    return select(func.count(nearest.c.distance_m), func.max(nearest.c.distance_m))


def within_query(
    lon: float,
    lat: float,
    radius_m: float | None,
    after: tuple[float, str] | None,
    limit: int,
    asked: Sequence[ColumnElement[bool]],
) -> Select[Any]:
    """Ids and distances within a radius (None: everywhere), nearest first, ties by id, after a (distance, id)."""
    distance = sphere_distance(structure, lon, lat)
    query = select(structure.c.id, distance.label("distance_m")).where(*asked, structure.c.geom.is_not(None))
    if radius_m is not None:
        query = query.where(in_box(structure, bounds_of_circle(Circle(lon, lat, radius_m))), distance <= radius_m)
    if after is not None:
        query = query.where(tuple_(distance, structure.c.id) > after)
    return query.order_by("distance_m", structure.c.id).limit(limit)


def unplaced_query(after: str | None, limit: int, asked: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Ids of structures without a position, which no distance can order: they come last, by id."""
    query = select(structure.c.id).where(*asked, structure.c.geom.is_(None))
    return (query.where(structure.c.id > after) if after else query).order_by(structure.c.id).limit(limit)


def by_name_query(after: tuple[str, str] | None, limit: int, asked: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Ids and name keys in the order of names, after a (name key, id); served by structure_name_key_id_idx."""
    query = select(structure.c.id, structure.c.name_key).where(*asked)
    if after is not None:
        query = query.where(tuple_(structure.c.name_key, structure.c.id) > after)
    return query.order_by(structure.c.name_key, structure.c.id).limit(limit)
