"""Who comes to an address: structures whose zone of intervention holds it, the one that stands nearest first."""

import msgspec
from sqlalchemy import Connection, func, select, tuple_

from geo.filters import conditions, sphere_distance
from geo.structures import structure
from geo.zones import Whereabouts, serving, whereabouts
from search.query import SearchQuery
from search.results import UNPLACED, Hit


class Coming(msgspec.Struct, frozen=True):
    """Where the point is, structures in order, the part of each one's zone that holds it, and how many there are."""

    at: Whereabouts
    hits: list[Hit]
    kinds: dict[str, tuple[str, str | None]]  # by id: a geo.zones.ZoneKind and its code
    total: int | None
    more: bool


def coming_to(connection: Connection, query: SearchQuery) -> Coming:
    """The page of structures that come to the question's point; of its filters, those that say where do not apply to zones.

    A zone that holds the point counts whatever the distance. `query.origin` is required.
    """
    assert query.origin is not None
    lon, lat = query.origin.lon, query.origin.lat
    at = whereabouts(connection, lon, lat)
    here = serving(lon, lat, at.parts())
    distance = func.coalesce(sphere_distance(structure, lon, lat), float("inf"))
    asked = conditions(query.filters, structure)
    found = select(structure.c.id, here.c.kind, here.c.code, distance.label("distance_m")).join_from(
        here, structure, structure.c.id == here.c.structure
    )
    found = found.where(*asked)
    total = connection.execute(select(func.count()).select_from(found.subquery())).scalar_one() if query.total else None
    if query.cursor is not None:
        last = float("inf") if query.cursor.key == UNPLACED else float(query.cursor.key)
        found = found.where(tuple_(distance, structure.c.id) > tuple_(last, query.cursor.id))
    rows = connection.execute(found.order_by(distance, structure.c.id).limit(query.limit + 1)).all()
    page = rows[: query.limit]
    return Coming(
        at=at,
        hits=[_hit(row.id, row.distance_m) for row in page],
        kinds={row.id: (row.kind, row.code) for row in page},
        total=total,
        more=len(rows) > query.limit,
    )


def _hit(structure_id: str, metres: float) -> Hit:
    placed = metres != float("inf")
    return Hit(id=structure_id, key=metres if placed else UNPLACED, distance_m=metres if placed else None)
