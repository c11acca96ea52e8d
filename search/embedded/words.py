"""Questions with words: postings find, the columns filter, count and order; every part of a score has a name."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import add
from typing import Any

import msgspec
import numpy as np

from geo.filters import NONE, Filters, bounds_of
from search import ranking
from search.embedded.columns import Array, Columns
from search.embedded.index import WordIndex
from search.embedded.tally import tally
from search.french import name_form
from search.query import Origin, SearchQuery, Sort
from search.readings import Question, Reading, question_of, readings
from search.results import UNPLACED, Found, Hit

FEW = 20_000  # structures: found without a look at the map


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
        """Those of them at these places, or that these flags say."""
        return Matched(self.ranks[which], self.words[which], self.exact[which], self.question, self.reading)


def search(index: WordIndex, query: SearchQuery) -> Found:
    """Answer a question with words."""
    every = match(index, query.words, query.filters)
    counted = tally(index.columns, query.filters, query.facets, every.ranks)
    matched = _kept(every, counted.passing)
    keys = _keys(index, matched, query)
    order = _ordered(index, matched.ranks, keys, query)
    page = order[: query.limit]
    return Found(
        hits=_hits(index, matched.those(np.array(page, dtype=np.intp)), keys[page], query),
        more=len(order) > query.limit,
        total=len(matched.ranks) if query.total else None,
        facets=counted.facets,
        engine="embedded",
    )


def placed(index: WordIndex, typed: str, filters: Filters) -> Array:
    """Ranks of all that words and filters find."""
    matched = match(index, typed, filters)
    return matched.ranks[index.columns.passing(filters, matched.ranks)]


def _kept(matched: Matched, flags: Array) -> Matched:
    return matched if flags.all() else matched.those(flags)


def match(index: WordIndex, typed: str, filters: Filters = NONE) -> Matched:
    """Every structure that the strictest reading of a question finds, of those that find anything in the country.

    Where that would be many, only those that the places of the filters may hold.
    """
    bounds = bounds_of(filters)
    matched: Matched | None = index.matches.get((typed, bounds))
    if matched is None:
        matched = _match(index, typed, filters if bounds else NONE)
        index.matches.put((typed, bounds), matched, matched.size)
    return matched


def _match(index: WordIndex, typed: str, filters: Filters) -> Matched:
    question = question_of(typed)
    for reading in readings(question, index.words):
        found = _found(index, reading, filters)
        if found is not None:
            ranks, scores = found
            return Matched(ranks, scores, _flags(ranks, _named(index, typed, question)), question, reading)
    return Matched(np.empty(0, np.intp), np.empty(0), np.empty(0, bool), question, Reading(()))


def _found(index: WordIndex, reading: Reading, filters: Filters) -> tuple[Array, Array] | None:
    """What a reading finds, where the filters' places are when it finds many; None when it finds nothing in the country."""
    finder, sought = index.finder, reading.sought
    near = index.columns.candidates(filters) if finder.at_most(sought) > FEW else slice(None)
    if isinstance(near, slice):
        ranks, scores = finder.find(sought)
        return (ranks, scores) if len(ranks) else None
    ranks, scores = finder.find(sought, near)
    return (ranks, scores) if len(ranks) or len(finder.find(sought)[0]) else None


def _named(index: WordIndex, typed: str, question: Question) -> Array:
    """Those that bear exactly the name that was typed, whether or not something was said around it."""
    return index.names.called({name_form(typed), " ".join(question.written)})


def _flags(ranks: Array, some: Array) -> Array:
    """Which of these ranks are among some, both ascending."""
    flags = np.zeros(len(ranks), dtype=bool)
    if len(ranks):
        at = np.minimum(np.searchsorted(ranks, some), len(ranks) - 1)
        flags[at[ranks[at] == some]] = True
    return flags


def _keys(index: WordIndex, matched: Matched, query: SearchQuery) -> Array:
    """The sort key of each match: smaller comes first."""
    if query.sort is Sort.NAME:
        return index.columns["name_order"][matched.ranks]
    if query.sort is Sort.DISTANCE and query.origin is not None:
        return np.nan_to_num(index.columns.distances(query.origin, matched.ranks), nan=np.inf)
    return -_scores(index, matched, query)


def _scores(index: WordIndex, matched: Matched, query: SearchQuery) -> Array:
    total: Array = reduce(add, (part for _, part in _parts(index, matched, query))).round(6)
    return total


def _parts(index: WordIndex, matched: Matched, query: SearchQuery) -> Iterator[tuple[str, Any]]:
    """Each part of the scores by name: a number for each match, or one for all."""
    columns, ranks = index.columns, matched.ranks
    yield "words", matched.words
    yield from _understood(index, matched)
    yield "exact_name", ranking.EXACT_NAME * _named_so(index, matched, from_a_point=query.origin is not None)
    yield "coverage", _coverage(len(matched.question.words))[columns["name_length"][ranks]]
    yield "complete", ranking.COMPLETE * columns["completeness"][ranks]
    yield "closed", 0.0 if query.filters.open_only else ranking.CLOSED * ~columns["open"][ranks]
    for word in matched.reading.left_out:
        yield f"left_out:{word}", ranking.LEFT_OUT
    if point := query.origin or (matched.reading.centre and Origin(*matched.reading.centre)):
        metres = np.nan_to_num(columns.distances(point, ranks), nan=np.inf)
        yield "nearness", ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)


def _coverage(asked: int) -> Array:
    """By the length of a name."""
    lengths = np.maximum(np.arange(1 << 15), 1)
    return ranking.COVERAGE * np.minimum(1.0, asked / lengths)


def _understood(index: WordIndex, matched: Matched) -> Iterator[tuple[str, Any]]:
    """What being of the kind, and in the place, that the question names is worth."""
    named, columns, ranks = matched.reading.understood, index.columns, matched.ranks
    worths = (("commune", named.communes), ("departement", named.departements), ("region", named.regions))
    places = [_worth(columns, level, worth)[columns[level][ranks]] for level, worth in worths if worth]
    yield "kind", ranking.KIND * _of_kind(index, matched) if named.kinds else 0.0
    yield "place", reduce(np.maximum, places) if places else 0.0


def _named_so(index: WordIndex, matched: Matched, *, from_a_point: bool) -> Array:
    """Those of exactly this name. « Pharmacie » is hardly one: only of a pharmacy, and not of one far from who asks."""
    if not matched.reading.understood.kind_words.issuperset(matched.question.words):
        return matched.exact
    return matched.exact & _of_kind(index, matched) & (not from_a_point)


def _of_kind(index: WordIndex, matched: Matched) -> Array:
    of_kind: Array = np.isin(index.columns["categorie_no"][matched.ranks], list(matched.reading.understood.kinds))
    return of_kind


def _worth(columns: Columns, level: str, worth: Mapping[str, float]) -> Array:
    """By the codes' positions in the column; the last one, -1, is of those without a code."""
    return np.array([*(worth.get(code, 0.0) for code in columns.vocabularies[level]), 0.0])


def _ordered(index: WordIndex, ranks: Array, keys: Array, query: SearchQuery) -> list[int]:
    """Positions of the page's matches and one more, in order: by key, ties by id (ranks sort like ids)."""
    rows = np.arange(len(ranks)) if query.cursor is None else _after(index, ranks, keys, query)
    wanted = query.limit + 1
    if len(rows) > 4 * wanted:
        threshold = np.partition(keys[rows], wanted)[wanted]
        rows = rows[keys[rows] <= threshold]
    ordered: list[int] = rows[np.lexsort((ranks[rows], keys[rows]))][:wanted].tolist()
    return ordered


def _after(index: WordIndex, ranks: Array, keys: Array, query: SearchQuery) -> Array:
    """Positions of the matches that come after the cursor's."""
    assert query.cursor is not None
    last_id = query.cursor.id.encode()
    if query.sort is Sort.NAME:
        return _after_name(index, ranks, keys, (str(query.cursor.key).encode(), last_id))
    last = _cursor_key(float(query.cursor.key), query.sort)
    after_id = ranks >= np.searchsorted(index.columns["ids"], last_id, "right")
    return np.flatnonzero((keys > last) | ((keys == last) & after_id))


def _after_name(index: WordIndex, ranks: Array, keys: Array, last: tuple[bytes, bytes]) -> Array:
    """The order of names is known in full, so that the cursor's place in it is found by halves."""
    columns, in_order = index.columns, np.argsort(keys)

    def name_and_id(row: int) -> tuple[bytes, bytes]:
        return bytes(columns["name_key"][ranks[row]]), bytes(columns["ids"][ranks[row]])

    return np.sort(in_order[bisect_right(in_order, last, key=name_and_id) :])


def _cursor_key(key: float, sort: Sort) -> float:
    if sort is Sort.DISTANCE:
        return np.inf if key == UNPLACED else key
    return -key


def _hits(index: WordIndex, page: Matched, keys: Array, query: SearchQuery) -> list[Hit]:
    """A page's hits; only they need every part of their score, and their distance."""
    columns, ranks = index.columns, page.ranks
    parts = {name: np.broadcast_to(part, len(ranks)).tolist() for name, part in _parts(index, page, query)}
    scores = _scores(index, page, query).tolist() if query.sort is not Sort.RELEVANCE else (-keys).tolist()
    metres = columns.distances(query.origin, ranks).tolist() if query.origin else [np.nan] * len(ranks)
    return [
        Hit(
            id=columns["ids"][rank].decode(),
            key=_public_key(columns["name_key"][rank], metres[i], scores[i], query.sort),
            distance_m=None if np.isnan(metres[i]) else metres[i],
            score=scores[i],
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
