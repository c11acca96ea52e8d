"""The order of an answer, ties always broken by id, and where a page ended in it."""

from typing import Any

from search.elastic.conditions import Query
from search.elastic.scoring import Scoring
from search.elastic.scripts import Script, script
from search.query import Cursor, Origin, SearchQuery, Sort
from search.results import UNPLACED

NOWHERE = 1e300  # metres: JSON has no infinity
PIVOT = "10km"  # where half of a score is left: it orders, whatever it is

Order = list[dict[str, Any]]


def order_of(query: SearchQuery, scoring: Scoring | None) -> tuple[Sort, Order]:
    """What the question is sorted by in truth, and the server's words for it; `scoring`: of a question with words."""
    if query.sort is Sort.NAME or (query.origin is None and scoring is None):
        return Sort.NAME, [{"name_key": "asc"}, {"id": "asc"}]
    if query.origin is not None and (scoring is None or query.sort is Sort.DISTANCE):
        return Sort.DISTANCE, [_by(by_distance(query.origin), "asc"), {"id": "asc"}]
    assert scoring is not None
    return Sort.RELEVANCE, [_by(scoring.script(), "desc"), {"id": "asc"}]


def by_distance(origin: Origin) -> Script:
    return script("distance", lon=origin.lon, lat=origin.lat, nowhere=NOWHERE)


def roughly_by_distance(origin: Origin) -> Query:
    """The server's own measure, in single precision: it walks its tree of points, and leaves what cannot be among the nearest."""
    return {"distance_feature": {"field": "position", "origin": {"lon": origin.lon, "lat": origin.lat}, "pivot": PIVOT}}


def by_script(found: Script) -> Order:
    """The highest first."""
    return [_by(found, "desc"), {"id": "asc"}]


def after(cursor: Cursor | None, sort: Sort) -> list[Any] | None:
    """Where the page before ended, as the server said it."""
    if cursor is None:
        return None
    if sort is Sort.NAME:
        return [str(cursor.key), cursor.id]
    key = float(cursor.key)
    return [NOWHERE if sort is Sort.DISTANCE and key == UNPLACED else key, cursor.id]


def public_key(key: Any, sort: Sort) -> float | str:
    """A sort key as cursors hold it."""
    if sort is Sort.NAME:
        return str(key)
    return UNPLACED if key == NOWHERE else float(key)


def _by(found: Script, way: str) -> dict[str, Any]:
    return {"_script": {"type": "number", "order": way, "script": found}}
