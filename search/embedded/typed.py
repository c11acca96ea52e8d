"""Structures for what is typed so far: those that bear its words, the last one only begun; near the map first.

A longer beginning finds part of what a shorter one found, never more: the last word is always taken as begun, even when whole.
Letters are forgiven only where nothing begins so, and what a beginning lacks its continuations lack.
"""

import numpy as np
from tantivy import Occur, Query

from geo.text import sort_key
from search import ranking
from search.document import OPEN
from search.embedded.arrays import Array
from search.embedded.index import ANYWHERE, WordIndex
from search.french import EDGE, STOP_WORDS, stem, words_said
from search.query import Origin
from search.squares import ZOOMS
from search.squares import around as around_point

TYPED, SIEVE, NUMBERS, QUALITY = "typed", "sieve", "numbers", "quality"
MAX_WORDS_BEGUN = 2_000
MAX_NUMBERS = 20
LEAST_DIGITS = 5  # of a number that is begun; fewer may be a postcode's, or a year
LOOKED_AT = 2_000  # near the centre: a whole large town's, ordered by distance
LOOKED_AT_AFAR = 300
REMEMBERED = 10_000  # answers: the index of a version never changes, and short beginnings are everybody's
LEAST_LETTERS_FOR_TYPOS = 4  # shorter beginnings are other words once a letter changes


def typed(index: WordIndex, words: str, origin: Origin | None, limit: int) -> list[int]:
    """Ranks in the columns of the `limit` best open structures for what is typed so far, in the order to show them."""
    said = words_said(words)
    if not said:
        return []
    if STOP_WORDS.issuperset(said):
        said = said[-1:]  # « du par » is on its way to « du Parc »
    asked = (tuple(said), sort_key(words), origin, limit)
    found: list[int] | None = index.remembered.get(asked)
    if found is None:
        found = _typed(index, *asked)
        if len(index.remembered) >= REMEMBERED:
            index.remembered.clear()
        index.remembered[asked] = found
    return found


def _typed(index: WordIndex, said: tuple[str, ...], key: str, origin: Origin | None, limit: int) -> list[int]:
    for reading in (_begun, _nearly):
        ranks = _looked_at(index, reading(index, said), origin, limit)
        if len(ranks):
            return _ordered(index, ranks, key, origin, limit)
    return []


def numbers(index: WordIndex, digits: str, limit: int) -> list[int]:
    """Ranks of the structures one of whose FINESS or SIRET numbers begins so."""
    if len(digits) < LEAST_DIGITS:
        return []
    begun = [term for term, _ in index.searcher.terms_with_prefix(NUMBERS, digits, limit=MAX_NUMBERS)]
    if not begun:
        return []
    query = _all_of(Query.term_set_query(index.schema, NUMBERS, begun), _sieve(index, OPEN))
    return sorted(_ranks(index, query, limit).tolist())


def _begun(index: WordIndex, said: tuple[str, ...]) -> Query:
    return _all_of(*(_whole(index, word) for word in said[:-1]), _beginning(index, said[-1]))


def _nearly(index: WordIndex, said: tuple[str, ...]) -> Query:
    """A letter may differ in each word that is long enough."""
    known = [_whole(index, word) if _is_known(index, word) else _near(index, word, prefix=False) for word in said[:-1]]
    last = said[-1]
    return _all_of(*known, _near(index, last, prefix=True))


def _is_known(index: WordIndex, word: str) -> bool:
    return bool(index.searcher.doc_freq(TYPED, word) or index.words.frequency(stem(word)))


def _whole(index: WordIndex, word: str) -> Query:
    """A word before the last: of the name or place as written, or of any field whatever its plural."""
    asked = ((TYPED, word), (ANYWHERE, stem(word)))
    return _any_of(*(Query.term_query(index.schema, field, each, "basic") for field, each in asked))


def _beginning(index: WordIndex, word: str) -> Query:
    if len(word) <= EDGE:
        return Query.term_query(index.schema, TYPED, word, "basic")
    begun = [term for term, _ in index.searcher.terms_with_prefix(TYPED, word, limit=MAX_WORDS_BEGUN)]
    return Query.term_set_query(index.schema, TYPED, begun) if begun else Query.empty_query()


def _near(index: WordIndex, word: str, *, prefix: bool) -> Query:
    if len(word) < LEAST_LETTERS_FOR_TYPOS or word.isdigit():
        return _beginning(index, word) if prefix else _whole(index, word)
    return Query.fuzzy_term_query(index.schema, TYPED, word, 1, True, prefix)


def _looked_at(index: WordIndex, query: Query, origin: Origin | None, limit: int) -> Array:
    """Ranks in the nearest squares that hold enough, joined to those of the country where they do not."""
    near = np.empty(0, dtype=np.int64)
    if origin is not None:
        for zoom in ZOOMS:
            around = Query.term_set_query(index.schema, SIEVE, around_point(zoom, origin.lon, origin.lat))
            near = _ranks(index, _all_of(query, _sieve(index, OPEN), around), LOOKED_AT)
            if len(near) >= limit:
                return near
    afar = _ranks(index, _all_of(query, _sieve(index, OPEN)), LOOKED_AT_AFAR)
    return np.union1d(near, afar)


def _ordered(index: WordIndex, ranks: Array, key: str, origin: Origin | None, limit: int) -> list[int]:
    columns = index.columns
    names = columns["name_key"][ranks]
    scores = (
        ranking.TYPED_SAME_NAME * (names == key.encode())
        + ranking.TYPED_NAME_BEGINS * np.char.startswith(names, key.encode())
        + ranking.TYPED_LOOKED_FOR * np.isin(columns["categorie_no"][ranks], sorted(ranking.LOOKED_FOR_BY_NAME))
        + ranking.COMPLETE * columns["completeness"][ranks]
    )
    if origin is not None:
        metres = np.nan_to_num(columns.distances(origin, ranks), nan=np.inf)
        scores = scores + ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)
    order = np.lexsort((ranks, -scores.round(6)))[:limit]
    return [int(rank) for rank in ranks[order]]


def _ranks(index: WordIndex, query: Query, limit: int) -> Array:
    hits = index.searcher.search(query, limit=limit, count=False, order_by_field=QUALITY).hits
    found = index.searcher.fast_field_values("ord", [address for _, address in hits])
    return np.sort(np.array(found, dtype=np.int64))


def _sieve(index: WordIndex, term: str) -> Query:
    return Query.const_score_query(Query.term_query(index.schema, SIEVE, term, "basic"), 0.0)


def _all_of(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _any_of(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries])
