"""Questions with words: tantivy finds, the columns filter, count and order; every part of a score has a name."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
from tantivy import Occur, Query

from search import ranking
from search.embedded.columns import Array, Columns
from search.embedded.index import FIELDS, WordIndex
from search.embedded.tally import tally
from search.french import name_form
from search.query import Origin, SearchQuery, Sort
from search.readings import Question, Reading, Sought, Way, question_of, readings
from search.results import UNPLACED, Found, Hit

WEIGHTS = {
    "name": ranking.NAME,
    "other": ranking.OTHER_NAME,
    "categorie": ranking.CATEGORIE,
    "place": ranking.PLACE,
    "entity": ranking.ENTITY,
}
MAX_EXPANSIONS = 300  # words that a begun one may stand for


class Matched(msgspec.Struct, frozen=True):
    """The structures that words match, by rank in the columns, with the score of their words."""

    ranks: Array
    words: Array
    exact: Array  # which of them bear exactly this name
    question: Question
    reading: Reading


def search(index: WordIndex, query: SearchQuery) -> Found:
    """Answer a question with words."""
    every = match(index, query.words)
    counted = tally(index.columns, query.filters, query.facets, every.ranks)
    matched = _kept(every, counted.passing)
    keys, scores, parts = _keys(index, matched, query)
    order = _ordered(index, matched.ranks, keys, query)
    page = order[: query.limit]
    return Found(
        hits=[_hit(index, matched, query, keys, scores, parts, i) for i in page],
        more=len(order) > query.limit,
        total=len(matched.ranks) if query.total else None,
        facets=counted.facets,
        engine="embedded",
    )


def narrowed(matched: Matched, index: WordIndex, query: SearchQuery) -> Matched:
    """Those that pass the question's filters too."""
    return _kept(matched, index.columns.passing(query.filters, matched.ranks))


def _kept(matched: Matched, flags: Array) -> Matched:
    ranks, words, exact = (each[flags] for each in (matched.ranks, matched.words, matched.exact))
    return Matched(ranks, words, exact, matched.question, matched.reading)


def match(index: WordIndex, typed: str) -> Matched:
    """Every structure that the strictest reading of a question finds, of those that find anything."""
    question = question_of(typed)
    nothing = Matched(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, bool), question, Reading(()))
    for reading in readings(question, index.words):
        ranks, scores = _collect(index, _all_of(_thing(index, each) for each in reading.sought))
        if len(ranks):
            return Matched(ranks, scores, np.isin(ranks, _named(index, typed, question)), question, reading)
    return nothing


def _thing(index: WordIndex, sought: Sought) -> Query:
    """The best of its ways; each word that was typed counts once, in however many it is found."""
    return Query.disjunction_max_query([_way(index, way, len(sought.words) / len(way.terms)) for way in sought.ways])


def _way(index: WordIndex, way: Way, each: float) -> Query:
    in_field = _begun if way.begun else _term
    return _all_of(_in_best_field(in_field(index, term), way.share * each) for term in way.terms)


def _in_best_field(in_field: Callable[[str], Query], share: float) -> Query:
    return Query.disjunction_max_query(
        [Query.const_score_query(in_field(field), WEIGHTS[field] * share) for field in FIELDS]
    )


def _term(index: WordIndex, word: str) -> Callable[[str], Query]:
    return lambda field: Query.term_query(index.schema, field, word, "basic")


def _begun(index: WordIndex, word: str) -> Callable[[str], Query]:
    def in_field(field: str) -> Query:
        terms = _terms_with_prefix(index, field, word)
        return Query.term_set_query(index.schema, field, terms) if terms else Query.empty_query()

    return in_field


def _terms_with_prefix(index: WordIndex, field: str, prefix: str) -> list[str]:
    return [term for term, _ in index.searcher.terms_with_prefix(field, prefix, limit=MAX_EXPANSIONS)]


def _all_of(queries: Iterable[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _collect(index: WordIndex, query: Query) -> tuple[Array, Array]:
    """Ranks in the columns, ascending, and scores."""
    hits = index.searcher.search(query, limit=max(1, index.searcher.num_docs), count=False).hits
    ranks = np.array(index.searcher.fast_field_values("ord", [address for _, address in hits]), dtype=np.int64)
    scores = np.array([score for score, _ in hits], dtype=np.float64).round(4)  # single precision holds no more
    order = np.argsort(ranks)
    return ranks[order], scores[order]


def _named(index: WordIndex, typed: str, question: Question) -> Array:
    """Those that bear exactly the name that was typed, whether or not something was said around it."""
    names = {name_form(typed), " ".join(question.written)}
    return _collect(index, Query.term_set_query(index.schema, "exact", sorted(names)))[0]


def _keys(index: WordIndex, matched: Matched, query: SearchQuery) -> tuple[Array, Array, dict[str, Array]]:
    """The sort key of each match (smaller comes first), its score, and the score's parts by name."""
    parts = _parts(index, matched, query)
    scores = np.sum(list(parts.values()), axis=0).round(6)
    if query.sort is Sort.NAME:
        return index.columns["name_key"][matched.ranks], scores, parts
    if query.sort is Sort.DISTANCE and query.origin is not None:
        return np.nan_to_num(index.columns.distances(query.origin, matched.ranks), nan=np.inf), scores, parts
    return -scores, scores, parts


def _parts(index: WordIndex, matched: Matched, query: SearchQuery) -> dict[str, Array]:
    columns, ranks = index.columns, matched.ranks
    asked = len(matched.question.words)
    lengths = np.maximum(columns["name_length"][ranks], 1)
    parts: dict[str, Array] = {
        "words": matched.words,
        **_understood(index, matched),
        "exact_name": ranking.EXACT_NAME * _named_so(index, matched, from_a_point=query.origin is not None),
        "coverage": ranking.COVERAGE * np.minimum(1.0, asked / lengths),
        "complete": ranking.COMPLETE * columns["completeness"][ranks],
        "closed": ranking.CLOSED * ~columns["open"][ranks],
    }
    for word in matched.reading.left_out:
        parts[f"left_out:{word}"] = np.full(len(ranks), ranking.LEFT_OUT)
    if point := query.origin or (matched.reading.centre and Origin(*matched.reading.centre)):
        metres = np.nan_to_num(columns.distances(point, ranks), nan=np.inf)
        parts["nearness"] = ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)
    return parts


def _understood(index: WordIndex, matched: Matched) -> dict[str, Array]:
    """What being of the kind, and in the place, that the question names is worth."""
    named, columns, ranks = matched.reading.understood, index.columns, matched.ranks
    worths = (("commune", named.communes), ("departement", named.departements), ("region", named.regions))
    places = [_worth(columns, level, worth)[columns[level][ranks]] for level, worth in worths if worth]
    of_kind = np.isin(columns["categorie_no"][ranks], list(named.kinds)) if named.kinds else np.zeros(len(ranks), bool)
    return {
        "kind": ranking.KIND * of_kind,
        "place": np.max(places, axis=0) if places else np.zeros(len(ranks)),
    }


def _named_so(index: WordIndex, matched: Matched, *, from_a_point: bool) -> Array:
    """Those of exactly this name. « Pharmacie » is hardly one: only of a pharmacy, and not of one far from who asks."""
    named = matched.reading.understood
    if not named.kind_words.issuperset(matched.question.words):
        return matched.exact
    of_kind: Array = np.isin(index.columns["categorie_no"][matched.ranks], list(named.kinds))
    return matched.exact & of_kind & (not from_a_point)


def _worth(columns: Columns, level: str, worth: Mapping[str, float]) -> Array:
    """By the codes' positions in the column; the last one, -1, is of those without a code."""
    return np.array([*(worth.get(code, 0.0) for code in columns.vocabularies[level]), 0.0])


def _ordered(index: WordIndex, ranks: Array, keys: Array, query: SearchQuery) -> list[int]:
    """Positions of the page's matches and one more, in order: by key, ties by id (ranks sort like ids)."""
    rows = np.arange(len(ranks))
    if query.cursor is not None:
        last, last_id = _cursor_key(query), query.cursor.id.encode()
        tied_after = (keys == last) & (index.columns["ids"][ranks] > last_id)
        rows = rows[(keys > last) | tied_after]
    wanted = query.limit + 1
    if len(rows) > 4 * wanted and keys.dtype.kind == "f":
        threshold = np.partition(keys[rows], wanted)[wanted]
        rows = rows[keys[rows] <= threshold]
    return [int(i) for i in rows[np.lexsort((ranks[rows], keys[rows]))][:wanted]]


def _cursor_key(query: SearchQuery) -> Any:
    assert query.cursor is not None
    if query.sort is Sort.NAME:
        return str(query.cursor.key).encode()
    key = float(query.cursor.key)
    if query.sort is Sort.DISTANCE:
        return np.inf if key == UNPLACED else key
    return -key


def _hit(
    index: WordIndex, matched: Matched, query: SearchQuery, keys: Array, scores: Array, parts: dict[str, Array], i: int
) -> Hit:
    rank = matched.ranks[i : i + 1]
    metres = float(index.columns.distances(query.origin, rank)[0]) if query.origin else float("nan")
    score = float(scores[i])
    return Hit(
        id=index.columns["ids"][matched.ranks[i]].decode(),
        key=_public_key(keys[i], score, query.sort),
        distance_m=None if np.isnan(metres) else metres,
        score=score,
        explanation={name: round(float(values[i]), 6) for name, values in parts.items()} if query.explain else None,
    )


def _public_key(key: Any, score: float, sort: Sort) -> float | str:
    if sort is Sort.NAME:
        return bytes(key).decode()
    if sort is Sort.DISTANCE:
        return UNPLACED if np.isinf(key) else float(key)
    return score
