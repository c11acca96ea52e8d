"""Questions with words: tantivy finds, the columns filter, count and order; every part of a score has a name."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np
from tantivy import Occur, Query

from search import ranking
from search.embedded.columns import Array
from search.embedded.index import FIELDS, WordIndex
from search.embedded.tally import tally
from search.french import asked_tokens, exact_form
from search.query import SearchQuery, Sort
from search.results import Found, Hit

WEIGHTS = {
    "name": ranking.NAME,
    "other": ranking.OTHER_NAME,
    "categorie": ranking.CATEGORIE,
    "place": ranking.PLACE,
    "entity": ranking.ENTITY,
}
ONE_TYPO_LETTERS, TWO_TYPOS_LETTERS = 4, 8  # shorter words are other words once a letter changes
MAX_EXPANSIONS = 300  # words that a begun one may stand for
UNPLACED = -1.0


class Matched(msgspec.Struct, frozen=True):
    """The structures that words match, by rank in the columns, with the score of their words."""

    ranks: Array
    words: Array
    exact: Array  # which of them bear exactly this name


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
    return Matched(matched.ranks[flags], matched.words[flags], matched.exact[flags])


def match(index: WordIndex, words: str) -> Matched:
    """Every structure where each word is found, strictest reading first: whole words, a begun last one, typos."""
    asked = asked_tokens(words)
    if not asked:
        return _nothing()
    for reading in (_whole, _last_begun, _with_typos):
        found = _collect(index, _all_of(reading(index, asked)))
        if len(found.ranks):
            return _with_exact_names(index, found, words)
    return _nothing()


def _nothing() -> Matched:
    return Matched(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, bool))


def _whole(index: WordIndex, asked: list[str]) -> list[Query]:
    return [_word(index, word, _term(index, word)) for word in asked]


def _last_begun(index: WordIndex, asked: list[str]) -> list[Query]:
    begun = asked[-1]
    return [*_whole(index, asked[:-1]), _word(index, begun, _begun(index, begun), ranking.PREFIX)]


def _with_typos(index: WordIndex, asked: list[str]) -> list[Query]:
    """Only a word found nowhere is taken for a typo: "EHPAD" beside a misspelt town stays EHPAD."""
    return [
        _word(index, word, _term(index, word))
        if _known(index, word)
        else _word(index, word, _near(index, word), ranking.TYPO)
        for word in asked
    ]


def _known(index: WordIndex, word: str) -> bool:
    return any(index.searcher.doc_freq(field, word) for field in FIELDS)


def _word(index: WordIndex, word: str, in_field: Callable[[str], Query], discount: float = 1.0) -> Query:
    """A word in its best field, at that field's weight."""
    return Query.disjunction_max_query(
        [Query.const_score_query(in_field(field), WEIGHTS[field] * discount) for field in FIELDS]
    )


def _term(index: WordIndex, word: str) -> Callable[[str], Query]:
    return lambda field: Query.term_query(index.schema, field, word, "basic")


def _begun(index: WordIndex, word: str) -> Callable[[str], Query]:
    def in_field(field: str) -> Query:
        terms = _terms_with_prefix(index, field, word)
        return Query.term_set_query(index.schema, field, terms) if terms else Query.empty_query()

    return in_field


def _near(index: WordIndex, word: str) -> Callable[[str], Query]:
    distance = 2 if len(word) >= TWO_TYPOS_LETTERS else 1 if len(word) >= ONE_TYPO_LETTERS and not word.isdigit() else 0
    return lambda field: Query.fuzzy_term_query(index.schema, field, word, distance, True)


def _terms_with_prefix(index: WordIndex, field: str, prefix: str) -> list[str]:
    return [term for term, _ in index.searcher.terms_with_prefix(field, prefix, limit=MAX_EXPANSIONS)]


def _all_of(queries: Iterable[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _collect(index: WordIndex, query: Query) -> Matched:
    hits = index.searcher.search(query, limit=max(1, index.searcher.num_docs), count=False).hits
    ranks = np.array(index.searcher.fast_field_values("ord", [address for _, address in hits]), dtype=np.int64)
    scores = np.array([score for score, _ in hits], dtype=np.float64).round(4)  # single precision holds no more
    order = np.argsort(ranks)
    return Matched(ranks[order], scores[order], np.zeros(len(ranks), bool))


def _with_exact_names(index: WordIndex, found: Matched, words: str) -> Matched:
    named = _collect(index, Query.term_query(index.schema, "exact", exact_form(words), "basic"))
    return Matched(found.ranks, found.words, np.isin(found.ranks, named.ranks))


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
    asked = len(asked_tokens(query.words))
    lengths = np.maximum(columns["name_length"][ranks], 1)
    parts: dict[str, Array] = {
        "words": matched.words,
        "exact_name": ranking.EXACT_NAME * matched.exact,
        "coverage": ranking.COVERAGE * np.minimum(1.0, asked / lengths),
        "complete": ranking.COMPLETE * columns["completeness"][ranks],
        "closed": ranking.CLOSED * ~columns["open"][ranks],
    }
    if query.origin is not None:
        metres = np.nan_to_num(columns.distances(query.origin, ranks), nan=np.inf)
        parts["nearness"] = ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)
    return parts


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
