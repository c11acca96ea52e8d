"""Numbers typed, and questions without words while there is no index, answered by PostGIS: by distance or by name, exact totals,
facets."""

import math

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from geo.filters import conditions, sphere_distance
from geo.proximity import (
    by_name_query,
    farthest_candidate_query,
    first_candidates,
    reach_m,
    same_m,
    unplaced_query,
    within_query,
)
from geo.structures import structure
from search.facets import counted_by_sql
from search.query import Cursor, Origin, SearchQuery, Sort
from search.results import UNPLACED, FacetValue, Found, Hit

Conditions = list[ColumnElement[bool]]
CANDIDATES = (
    2  # for each structure that is wanted: their farthest stands some 1.4 times as far, more than Mercator bends a town
)


def search(connection: Connection, query: SearchQuery, extra: Conditions | None = None) -> Found:
    """Answer a question without words; `extra` narrows it further (a number typed in the box)."""
    more = extra or []
    by_distance = query.origin is not None and query.sort is not Sort.NAME
    hits = _by_distance(connection, query, more) if by_distance else _by_name(connection, query, more)
    total, facets = _counted(connection, query, more)
    return Found(hits=hits[: query.limit], more=len(hits) > query.limit, total=total, facets=facets, engine="embedded")


def _asked(query: SearchQuery, extra: Conditions) -> Conditions:
    return [*conditions(query.filters, structure), *extra]


def _counted(
    connection: Connection, query: SearchQuery, extra: Conditions
) -> tuple[int | None, dict[str, list[FacetValue]]]:
    total = _count(connection, _asked(query, extra)) if query.total else None
    return total, {each.value: counted_by_sql(connection, each, query.filters, extra) for each in query.facets}


def _count(connection: Connection, asked: Conditions) -> int:
    return connection.execute(select(func.count()).select_from(structure).where(*asked)).scalar_one()


def _by_name(connection: Connection, query: SearchQuery, extra: Conditions) -> list[Hit]:
    after = (str(query.cursor.key), query.cursor.id) if query.cursor else None
    rows = connection.execute(by_name_query(after, query.limit + 1, _asked(query, extra))).all()
    hits = [Hit(id=row.id, key=row.name_key) for row in rows]
    return hits if query.origin is None else _with_distances(connection, query, hits)


def _by_distance(connection: Connection, query: SearchQuery, extra: Conditions) -> list[Hit]:
    wanted = query.limit + 1
    last = query.cursor
    placed = [] if last and last.key == UNPLACED else _placed(connection, query, extra, wanted)
    if len(placed) == wanted:
        return placed
    after = last.id if last and last.key == UNPLACED else None
    rows = connection.execute(unplaced_query(after, wanted - len(placed), _asked(query, extra)))
    return placed + [Hit(id=row.id, key=UNPLACED) for row in rows]


def _placed(connection: Connection, query: SearchQuery, extra: Conditions, wanted: int) -> list[Hit]:
    """The next structures with a position. Rows may have come nearer since the last page: then look farther."""
    if query.cursor is None and not extra and (first := _first_placed(connection, query, wanted)) is not None:
        return first
    assert query.origin is not None
    lon, lat, asked = query.origin.lon, query.origin.lat, _asked(query, extra)
    after = _last_seen(connection, query.origin, query.cursor) if query.cursor else None
    candidates = (query.cursor.seen if query.cursor else 0) + wanted
    while True:
        found, farthest = connection.execute(farthest_candidate_query(lon, lat, candidates, asked)).one()
        everything = found < candidates
        radius = None if everything else farthest
        rows = connection.execute(within_query(lon, lat, radius, after, wanted, asked)).all()
        if len(rows) == wanted or everything:
            return [Hit(id=row.id, key=row.distance_m, distance_m=row.distance_m) for row in rows]
        candidates *= 2


def _last_seen(connection: Connection, origin: Origin, last: Cursor) -> tuple[float, str]:
    """Where the page before ended, in PostGIS's rounding: the columns may have measured it."""
    metres = float(last.key)
    distance = sphere_distance(structure, origin.lon, origin.lat)
    ours = connection.execute(select(distance).where(structure.c.id == last.id)).scalar_one_or_none()
    return (metres if ours is None or abs(ours - metres) > same_m(metres) else ours), last.id


def _first_placed(connection: Connection, query: SearchQuery, wanted: int) -> list[Hit] | None:
    """The nearest in one statement; None where the map's order does not settle it (where the map is cut, at a crowded door), and
    for a box or an outline, which make another statement each time."""
    assert query.origin is not None
    lon, lat, looked_at = query.origin.lon, query.origin.lat, CANDIDATES * wanted
    filters, circle = msgspec.structs.replace(query.filters, circle=None), query.filters.circle
    if filters.bbox or filters.polygon or (circle and (circle.lon, circle.lat) != (lon, lat)):
        return None
    rows = first_candidates(filters, looked_at).execute(connection, lon=lon, lat=lat)
    nearest = sorted(rows, key=lambda row: (row.distance_m, row.id))[:wanted]
    if len(rows) == looked_at and reach_m(lon, lat, nearest[-1].distance_m) >= rows[-1].mercator_m:
        return None
    radius_m = circle.radius_m if circle else math.inf
    return [
        Hit(id=row.id, key=row.distance_m, distance_m=row.distance_m) for row in nearest if row.distance_m <= radius_m
    ]


def _with_distances(connection: Connection, query: SearchQuery, hits: list[Hit]) -> list[Hit]:
    assert query.origin is not None
    distance = sphere_distance(structure, query.origin.lon, query.origin.lat).label("distance_m")
    rows = connection.execute(select(structure.c.id, distance).where(structure.c.id.in_([hit.id for hit in hits])))
    metres = {row.id: row.distance_m for row in rows}
    return [Hit(id=hit.id, key=hit.key, distance_m=metres[hit.id]) for hit in hits]
