"""The nearest structures, exactly: Mercator's index proposes, the sphere decides.

GiST orders by distance in EPSG:3857, which stretches with latitude, so its k nearest are candidates only. But the farthest of
them, measured on the sphere, bounds the true answer: everything within that distance lies in the box of that circle.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from geo.filters import Circle, bounds_of_circle, in_box, sphere_distance
from geo.structures import structure


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
