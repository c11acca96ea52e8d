"""Questions without words, from the columns: nearest first or by name, a page and whether another follows.

The same structures in the same order as PostGIS gives (search.embedded.postgis), whose statements take ten times as long.
"""

import math
from collections.abc import Iterable

import numpy as np

from geo.filters import Bounds, Circle, Filters, bounds_of, bounds_of_circle, categories_of
from geo.position import HALF_WAY_ROUND_M
from geo.proximity import same_m
from search.embedded.arrays import Array
from search.embedded.columns import Columns, Rows
from search.embedded.tally import tally, total_of
from search.query import Cursor, Origin, SearchQuery, Sort
from search.results import UNPLACED, FacetValue, Found, Hit

FIRST_M = 400.0  # around who asks: a town's centre has some twenty structures in it
WIDER, MUCH_WIDER = 2.0, 8.0  # times the radius, when fewer were found; at most, when hardly any
AT_LEAST = 1.2  # times what the density of those found makes likely
SIEVED = 20_000  # structures: more are looked through before they are measured
LISTED = 8_000  # structures of a few categories, over the country: measuring each is quicker than looking around
FIRST_NAMES, MORE_NAMES = 1_024, 8  # looked at in the order of names, then so many times more


def search(columns: Columns, query: SearchQuery) -> Found:
    """Answer a question without words."""
    by_distance = query.origin is not None and query.sort is not Sort.NAME
    hits = _by_distance(columns, query) if by_distance else _by_name(columns, query)
    total, facets = _counted(columns, query)
    return Found(hits=hits[: query.limit], more=len(hits) > query.limit, total=total, facets=facets, engine="embedded")


def _counted(columns: Columns, query: SearchQuery) -> tuple[int | None, dict[str, list[FacetValue]]]:
    if not query.facets:
        return total_of(columns, query.filters) if query.total else None, {}
    counted = tally(columns, query.filters, query.facets, columns.candidates(query.filters))
    return counted.total if query.total else None, counted.facets


def _by_distance(columns: Columns, query: SearchQuery) -> list[Hit]:
    assert query.origin is not None
    wanted, last = query.limit + 1, query.cursor
    placed: list[Hit] = []
    if last is None or last.key != UNPLACED:
        after = _last_seen(columns, query.origin, last) if last else None
        nearest = _nearest(columns, query.filters, query.origin, after, wanted)
        placed = [Hit(id=_id(columns, rank), key=away, distance_m=away) for rank, away in _pairs(*nearest)]
    if len(placed) == wanted:
        return placed
    after_id = last.id if last and last.key == UNPLACED else None
    nowhere = _unplaced(columns, query.filters, after_id, wanted - len(placed))
    return placed + [Hit(id=_id(columns, rank), key=UNPLACED) for rank in nowhere.tolist()]


def _last_seen(columns: Columns, origin: Origin, last: Cursor) -> tuple[float, str]:
    """Where the page before ended, in our own rounding: another engine may have measured it, and none of ours be left out."""
    metres, ids, sought = float(last.key), columns["ids"], last.id.encode()
    rank = int(np.searchsorted(ids, sought))
    if rank < len(ids) and bytes(ids[rank]) == sought:
        ours = float(columns.distances(origin, np.array([rank]))[0])
        if abs(ours - metres) <= same_m(metres):
            return ours, last.id
    return metres, last.id


def _nearest(
    columns: Columns, filters: Filters, origin: Origin, after: tuple[float, str] | None, wanted: int
) -> tuple[Array, Array]:
    """Ranks and metres of the nearest that pass, ties by id, after a (distance, id); fewer where no more are."""
    listed = _listed(columns, filters)
    if listed is not None:
        return _first(*_measured(columns, filters, origin, after, wanted, listed), wanted)
    area, farthest = bounds_of(filters), _farthest_m(filters, origin)
    radius = after[0] * AT_LEAST + FIRST_M if after else FIRST_M
    while True:
        box = _common(bounds_of_circle(Circle(origin.lon, origin.lat, radius)), area)
        among = columns.standing_in(box)
        ranks, metres = _measured(columns, filters, origin, after, wanted, among)
        inside = int(np.count_nonzero(metres <= radius))
        if inside >= wanted or isinstance(among, slice) or radius >= farthest or box == area:
            return _first(ranks, metres, wanted)
        if len(metres) >= wanted:  # in the corners of the box: nothing beyond the farthest of the nearest is any nearer
            radius = float(np.partition(metres, wanted - 1)[wanted - 1])
        else:
            likely = AT_LEAST * math.sqrt(wanted / inside) if inside else MUCH_WIDER
            radius *= min(max(likely, WIDER), MUCH_WIDER)


def _listed(columns: Columns, filters: Filters) -> Array | None:
    """Every structure of the categories that are asked for, where these have few; None else."""
    kinds = filters.categories or (categories_of(filters.domaines) if filters.domaines else None)
    return None if kinds is None else columns.of_categories(kinds, most=LISTED)


def _measured(
    columns: Columns, filters: Filters, origin: Origin, after: tuple[float, str] | None, wanted: int, among: Rows
) -> tuple[Array, Array]:
    """Those of these rows that have a position, pass, and come after a (distance, id), ranks and metres: of very many,
    those that may be among the nearest."""
    ranks = columns.ranks_passing(filters, among)
    if after is None and len(ranks) > SIEVED:
        ranks = _likely(columns, origin, wanted, ranks)
    metres = columns.distances(origin, ranks)
    kept = ~np.isnan(metres)
    if after is not None:
        later = ranks >= np.searchsorted(columns["ids"], after[1].encode(), "right")
        kept &= (metres > after[0]) | ((metres == after[0]) & later)
    return (ranks, metres) if kept.all() else (ranks[kept], metres[kept])


def _likely(columns: Columns, origin: Origin, wanted: int, ranks: Array) -> Array:
    """Those that may be among the nearest, by a measure that takes a tenth of the time."""
    at_least = columns.at_least(origin, ranks)
    nearest = np.argpartition(at_least, wanted)[:wanted]
    worst = columns.distances(origin, ranks[nearest]).max()
    return ranks if np.isnan(worst) else ranks[at_least <= worst]


def _first(ranks: Array, metres: Array, wanted: int) -> tuple[Array, Array]:
    """The nearest of them, ties by id: ranks ascend like ids."""
    if len(metres) > wanted:
        near = np.flatnonzero(metres <= np.partition(metres, wanted - 1)[wanted - 1])
        ranks, metres = ranks[near], metres[near]
    order = np.lexsort((ranks, metres))[:wanted]
    return ranks[order], metres[order]


def _unplaced(columns: Columns, filters: Filters, after_id: str | None, wanted: int) -> Array:
    """Those without a position, which no distance can order: they come last, by id; none where a place is asked for."""
    if bounds_of(filters) is not None:
        return np.empty(0, np.intp)
    ranks = np.flatnonzero(np.isnan(columns["lon"]))
    if after_id is not None:
        ranks = ranks[np.searchsorted(columns["ids"].take(ranks), after_id.encode(), "right") :]
    return columns.ranks_passing(filters, ranks)[:wanted]


def _by_name(columns: Columns, query: SearchQuery) -> list[Hit]:
    wanted, last = query.limit + 1, query.cursor
    begin = columns.names_up_to(str(last.key), last.id) if last else 0
    few = _few(columns, query.filters)
    ranks = (
        _first_names(columns, query.filters, begin, wanted)
        if few is None
        else _names_among(columns, query.filters, begin, wanted, few)
    )
    keys = [key.decode() for key in columns["name_key"].take(ranks).tolist()]
    metres = _metres(columns, query.origin, ranks)
    return [
        Hit(id=_id(columns, rank), key=key, distance_m=away)
        for rank, key, away in zip(ranks.tolist(), keys, metres, strict=True)
    ]


def _few(columns: Columns, filters: Filters) -> Array | None:
    """All that the places or the categories of the filters may hold; None where that is much of the country."""
    listed = _listed(columns, filters)
    if listed is not None:
        return listed
    standing = columns.candidates(filters)
    return None if isinstance(standing, slice) else standing


def _names_among(columns: Columns, filters: Filters, begin: int, wanted: int, few: Array) -> Array:
    """Ranks of the first by name among few, from a place in the order of names on."""
    ranks = columns.ranks_passing(filters, few)
    places = columns.of("name_order", ranks)
    left = places >= begin
    ranks, places = ranks[left], places[left]
    return ranks[np.argsort(places)[:wanted]]


def _first_names(columns: Columns, filters: Filters, begin: int, wanted: int) -> Array:
    """The same of all, in the order of names until enough pass."""
    in_order, looked_at = columns["by_name"], FIRST_NAMES
    found = [np.empty(0, np.intp)]
    while begin < len(in_order) and sum(map(len, found)) < wanted:
        ranks = in_order[begin : begin + looked_at].astype(np.intp)
        found.append(columns.ranks_passing(filters, ranks))
        begin, looked_at = begin + looked_at, looked_at * MORE_NAMES
    return np.concatenate(found)[:wanted]


def _metres(columns: Columns, origin: Origin | None, ranks: Array) -> list[float | None]:
    if origin is None:
        return [None] * len(ranks)
    return [None if math.isnan(away) else away for away in columns.distances(origin, ranks).tolist()]


def _common(one: Bounds, other: Bounds | None) -> Bounds:
    if other is None:
        return one
    return (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))


def _farthest_m(filters: Filters, origin: Origin) -> float:
    """How far anything that passes may stand."""
    circle = filters.circle
    return circle.radius_m if circle and (circle.lon, circle.lat) == (origin.lon, origin.lat) else HALF_WAY_ROUND_M


def _pairs(ranks: Array, metres: Array) -> Iterable[tuple[int, float]]:
    return zip(ranks.tolist(), metres.tolist(), strict=True)


def _id(columns: Columns, rank: int) -> str:
    return str(columns["ids"][rank].decode())
