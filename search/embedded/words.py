"""Questions with words: postings find, the columns filter, count and order; every part of a score has a name."""

from collections.abc import Callable, Collection, Iterator
from functools import reduce
from typing import Any

import msgspec
import numpy as np

from geo.filters import NONE, Filters, bounds_of
from geo.proximity import same_m
from search import ranking, told
from search.embedded.arrays import Array
from search.embedded.index import WordIndex
from search.embedded.tally import tally
from search.french import name_form
from search.query import Origin, SearchQuery, Sort
from search.readings import Around, Question, Reading, Sought, in_vain, question_of, readings
from search.results import UNPLACED, Corrected, Found, Hit
from search.spelling import as_written

FEW = 20_000  # structures: found without a look at the map
MANY_PAGES = 40  # of matches: with fewer, each is measured
ROUNDED = 1e-5  # more than rounding can move a sort key
Measured = Callable[[Origin, Array], Array]  # metres, or what they are at least


class Matched(msgspec.Struct, frozen=True):
    """The structures that words match, by rank in the columns, with the score of their words."""

    ranks: Array
    words: Array
    exact: Array  # which of them bear exactly this name
    question: Question
    reading: Reading

    @property
    def size(self) -> int:
        """In bytes, more or less."""
        return 1_000 + self.ranks.nbytes + self.words.nbytes + self.exact.nbytes

    def those(self, which: Array) -> "Matched":
        """Those of them at these places, ascending."""
        ranks, words, exact = (each.take(which) for each in (self.ranks, self.words, self.exact))
        return Matched(ranks, words, exact, self.question, self.reading)


def search(index: WordIndex, query: SearchQuery) -> Found:
    """Answer a question with words."""
    every = match(index, query.words, query.filters)
    counted = tally(index.columns, query.filters, query.facets, every.ranks)
    matched = _kept(every, counted.passing)
    hopeful = _hopeful(index, matched, query)
    keys = _keys(index, hopeful, query, index.columns.distances)
    order = _ordered(index, hopeful.ranks, keys, query)
    page = order[: query.limit]
    return Found(
        hits=_hits(index, hopeful.those(np.array(page, dtype=np.intp)), keys[page], query),
        more=len(order) > query.limit,
        total=len(matched.ranks) if query.total else None,
        facets=counted.facets,
        engine="embedded",
        left_out=_left_out(matched),
        around=told.surroundings(matched.question, matched.reading),
        corrected=tuple(_corrected(index, matched if len(matched.ranks) else every)),
    )


def _left_out(matched: Matched) -> tuple[str, ...]:
    return told.left_out(matched.question, matched.reading)


def placed(index: WordIndex, typed: str, filters: Filters) -> Array:
    """Ranks of all that words and filters find."""
    matched = match(index, typed, filters)
    return matched.ranks[index.columns.passing(filters, matched.ranks)]


def _kept(matched: Matched, flags: Array) -> Matched:
    return matched if flags.all() else matched.those(np.flatnonzero(flags))


def match(index: WordIndex, typed: str, filters: Filters = NONE) -> Matched:
    """Every structure that the strictest reading of a question finds, of those that find anything in the country.

    What is asked for in a town must be open there, unless closed ones are asked for too: who would go looks around it else.
    Where that would be many, only those that the places of the filters may hold.
    """
    bounds = bounds_of(filters)
    key = (typed, bounds, filters.open_only)
    matched: Matched | None = index.matches.get(key)
    if matched is None:
        matched = _match(index, typed, filters if bounds else NONE, open_only=filters.open_only)
        index.matches.put(key, matched, matched.size)
    return matched


def _match(index: WordIndex, typed: str, filters: Filters, *, open_only: bool) -> Matched:
    question = question_of(typed)
    for reading in readings(question, index.words):
        found = _found(index, reading, filters, open_only=open_only and reading.is_in_a_town)
        if found is not None:
            ranks, scores = found
            ranks = ranks.astype(np.intp, copy=False)  # as numpy wants an index
            exact = _flags(ranks, _named(index, typed, question))
            return Matched(ranks, scores, exact, question, reading)
    return Matched(np.empty(0, np.intp), np.empty(0), np.empty(0, bool), question, in_vain(question))


def _found(index: WordIndex, reading: Reading, filters: Filters, *, open_only: bool) -> tuple[Array, Array] | None:
    """What a reading finds, where the filters' places are when it finds many; None when it finds nothing in the country.

    `open_only`: what it finds is nothing where all of it is closed.
    """
    finder, sought = index.finder, reading.sought
    if reading.around:
        return _found_around(index, reading, reading.around)

    def any_of(ranks: Array) -> bool:
        return bool(index.columns.of("open", ranks).any()) if open_only else len(ranks) > 0

    near = index.columns.candidates(filters) if finder.at_most(sought) > FEW else slice(None)
    among = None if isinstance(near, slice) else near
    ranks, scores = finder.find(sought, among)
    return (ranks, scores) if any_of(ranks) or (among is not None and any_of(finder.find(sought)[0])) else None


def _corrected(index: WordIndex, matched: Matched) -> Iterator[Corrected]:
    """Each word that was taken for another one, where anything that is found holds that one and not it."""
    ranks = matched.ranks
    for thing in matched.reading.sought if len(ranks) else ():
        meant = [way for way in thing.ways if way.meant]
        if not meant:
            continue
        typed = Sought(thing.words, tuple(way for way in thing.ways if not way.meant))
        as_typed = len(index.finder.find([typed], ranks)[0])
        if as_typed == len(ranks):
            continue
        likeliest = next(way for way in meant if len(index.finder.find([Sought(thing.words, (way,))], ranks)[0]))
        (word,) = told.as_typed(matched.question, thing.words)
        yield Corrected(word, as_written(likeliest.meant), instead=not as_typed)


def _found_around(index: WordIndex, reading: Reading, around: Around) -> tuple[Array, Array] | None:
    """What stands in the surroundings, of the kind asked for where some is, or must be; None when none is open.

    One who asks wants to go there.
    """
    near = index.columns.candidates(around.area)
    ranks, scores = index.finder.find(reading.sought, None if isinstance(near, slice) else near)
    kinds = reading.understood.kinds
    is_open, of_kind = index.columns.of("open", ranks), _is_of(index, ranks, kinds)
    inside = index.columns.passing(around.area, ranks)
    if (inside & is_open & of_kind).any():
        inside &= _is_of(index, ranks, around.kept(kinds))
    elif around.of_kind:
        return None
    return (ranks[inside], scores[inside]) if (inside & is_open).any() else None


def _named(index: WordIndex, typed: str, question: Question) -> Array:
    """Those that bear exactly the name that was typed; where none does, what was said around it is left out."""
    called = index.names.called([name_form(typed)])
    return called if len(called) else index.names.called([" ".join(question.written)])


def _flags(ranks: Array, some: Array) -> Array:
    """Which of these ranks are among some, both ascending."""
    flags = np.zeros(len(ranks), dtype=bool)
    if len(ranks):
        at = np.minimum(np.searchsorted(ranks, some), len(ranks) - 1)
        flags[at[ranks[at] == some]] = True
    return flags


def _hopeful(index: WordIndex, matched: Matched, query: SearchQuery) -> Matched:
    """Those that may be on the first page; where distances count, most are ruled out without being measured."""
    wanted = query.limit + 1
    by_distance = query.sort is not Sort.NAME and _point(matched, query) is not None
    if query.cursor is not None or not by_distance or len(matched.ranks) <= MANY_PAGES * wanted:
        return matched
    at_best = _keys(index, matched, query, index.columns.at_least)
    likely = matched.those(np.argpartition(at_best, wanted)[:wanted])
    worst = _keys(index, likely, query, index.columns.distances).max()
    return matched.those(np.flatnonzero(at_best <= worst + ROUNDED))


def _point(matched: Matched, query: SearchQuery) -> Origin | None:
    return told.counted_from(matched.reading, query.origin)


def _keys(index: WordIndex, matched: Matched, query: SearchQuery, measure: Measured) -> Array:
    """The sort key of each match: smaller comes first."""
    if query.sort is Sort.NAME:
        return index.columns.of("name_order", matched.ranks)
    if query.sort is Sort.DISTANCE and query.origin is not None:
        return np.nan_to_num(measure(query.origin, matched.ranks), nan=np.inf)
    return -_scores(index, matched, query, measure)


def _scores(index: WordIndex, matched: Matched, query: SearchQuery, measure: Measured) -> Array:
    total = np.zeros(len(matched.ranks))
    for _, part in _parts(index, matched, query, measure):
        total += part
    return total.round(6, out=total)


def _parts(index: WordIndex, matched: Matched, query: SearchQuery, measure: Measured) -> Iterator[tuple[str, Any]]:
    """Each part of the scores by name: a number for each match, or one for all."""
    columns, ranks = index.columns, matched.ranks
    of_kind = _of_kind(index, matched)
    yield "words", matched.words
    yield "kind", ranking.KIND * of_kind
    yield "place", _place(index, matched)
    yield "exact_name", ranking.EXACT_NAME * _named_so(matched, from_a_point=query.origin is not None)
    yield "coverage", _coverage(len(matched.question.words)).take(columns.of("name_length", ranks))
    yield "complete", ranking.COMPLETE * columns.of("completeness", ranks)
    yield "closed", 0.0 if query.filters.open_only else np.where(columns.of("open", ranks), 0.0, ranking.CLOSED)
    for word in _left_out(matched):
        yield f"left_out:{word}", ranking.LEFT_OUT
    if point := _point(matched, query):
        metres = np.nan_to_num(measure(point, ranks), nan=np.inf)
        yield "nearness", _nearness(metres, matched.reading)


def _nearness(metres: Array, reading: Reading) -> Any:
    """What it is worth: around a town that has none, it is what one looks for."""
    if reading.around is None:
        return ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)
    return ranking.SURROUNDINGS * np.maximum(0.0, 1.0 - metres / reading.around.reach_m)


def _coverage(asked: int) -> Array:
    """By the length of a name."""
    lengths = np.maximum(np.arange(1 << 15), 1)
    return ranking.COVERAGE * np.minimum(1.0, asked / lengths)


def _of_kind(index: WordIndex, matched: Matched) -> Array:
    """Which are of a kind that the question names; False for all when it names none."""
    kinds = matched.reading.understood.kinds
    return _is_of(index, matched.ranks, kinds) if kinds else np.zeros(1, dtype=bool)


def _is_of(index: WordIndex, ranks: Array, kinds: Collection[int]) -> Array:
    of_kind: Array = np.isin(index.columns.of("categorie_no", ranks), list(kinds))
    return of_kind


def _place(index: WordIndex, matched: Matched) -> Array:
    """What being in a place that the question names is worth; 0 for all when it names none."""
    named = matched.reading.understood
    worths = (("commune", named.communes), ("departement", named.departements), ("region", named.regions))
    places = [index.columns.worths(level, worth, matched.ranks) for level, worth in worths if worth]
    return reduce(np.maximum, places) if places else np.zeros(1)


def _named_so(matched: Matched, *, from_a_point: bool) -> Array:
    """Those of exactly this name."""
    return matched.exact & told.names_one(matched.question, matched.reading, from_a_point=from_a_point)


def _ordered(index: WordIndex, ranks: Array, keys: Array, query: SearchQuery) -> list[int]:
    """Positions of the page's matches and one more, in order: by key, ties by id (ranks sort like ids)."""
    wanted = query.limit + 1
    if query.cursor is not None:
        rows = _after(index, ranks, keys, query)
    elif len(ranks) > wanted:
        rows = np.flatnonzero(keys <= np.partition(keys, wanted)[wanted])
    else:
        rows = np.arange(len(ranks))
    ordered: list[int] = rows[np.lexsort((ranks[rows], keys[rows]))][:wanted].tolist()
    return ordered


def _after(index: WordIndex, ranks: Array, keys: Array, query: SearchQuery) -> Array:
    """Positions of the matches that come after the cursor's."""
    assert query.cursor is not None
    last_id = query.cursor.id.encode()
    if query.sort is Sort.NAME:
        return np.flatnonzero(keys >= index.columns.names_up_to(str(query.cursor.key), query.cursor.id))
    last = _cursor_key(float(query.cursor.key), query.sort)
    if query.sort is Sort.DISTANCE and np.isfinite(last):  # another engine may have measured it, and rounded otherwise
        own = keys[ranks == np.searchsorted(index.columns["ids"], last_id)]
        last = own[0] if own.size and abs(own[0] - last) <= same_m(last) else last
    after_id = ranks >= np.searchsorted(index.columns["ids"], last_id, "right")
    return np.flatnonzero((keys > last) | ((keys == last) & after_id))


def _cursor_key(key: float, sort: Sort) -> float:
    if sort is Sort.DISTANCE:
        return np.inf if key == UNPLACED else key
    return -key


def _hits(index: WordIndex, page: Matched, keys: Array, query: SearchQuery) -> list[Hit]:
    """A page's hits; only they need every part of their score, and their distance."""
    columns, ranks = index.columns, page.ranks
    parts = {
        name: np.broadcast_to(part, len(ranks)).tolist() for name, part in _parts(index, page, query, columns.distances)
    }
    scores = -keys if query.sort is Sort.RELEVANCE else _scores(index, page, query, columns.distances)
    origin = query.origin or _point(page, query)
    metres = columns.distances(origin, ranks).tolist() if origin else [np.nan] * len(ranks)
    return [
        Hit(
            id=columns["ids"][rank].decode(),
            key=_public_key(columns["name_key"][rank], metres[i], float(scores[i]), query.sort),
            distance_m=None if np.isnan(metres[i]) else metres[i],
            score=float(scores[i]),
            explanation={name: round(float(part[i]), 6) for name, part in parts.items()} if query.explain else None,
        )
        for i, rank in enumerate(ranks.tolist())
    ]


def _public_key(name_key: Any, metres: float, score: float, sort: Sort) -> float | str:
    if sort is Sort.NAME:
        return bytes(name_key).decode()
    if sort is Sort.DISTANCE:
        return UNPLACED if np.isnan(metres) else metres
    return score
