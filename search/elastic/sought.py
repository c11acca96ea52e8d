"""What a reading seeks (search/readings.py) as one query, whose score is what its words are worth.

Scores of the server are single floats: worths are sent as whole numbers of SCALE-ths, whose sums are exact below 16 million.
"""

from collections.abc import Iterable, Iterator, Sequence

from search import ranking
from search.elastic.conditions import Query
from search.elastic.vocabulary import Vocabulary
from search.readings import Reading, Sought, Way

SCALE = 100_000


def query_of(reading: Reading, vocabulary: Vocabulary) -> Query:
    """Everything sought is found, each thing in the best of its ways."""
    return {"bool": {"must": [thing(each, vocabulary) for each in reading.sought]}}


def may_find(reading: Reading, vocabulary: Vocabulary) -> bool:
    """False where some thing is found nowhere: the server need not be asked."""
    return all(any(_stands(way, vocabulary) for way in each.ways) for each in reading.sought)


def _stands(way: Way, vocabulary: Vocabulary) -> bool:
    found = vocabulary.begins if way.begun else vocabulary.frequency
    return all(map(found, way.terms))


def thing(sought: Sought, vocabulary: Vocabulary) -> Query:
    """What is found for one thing: the best of its ways; each word that was typed counts once, in however many it is found."""
    ways = [way for way in sought.ways if _stands(way, vocabulary)]
    alone: dict[
        float, list[str]
    ] = {}  # words worth as much are looked for at once: fifty neighbours of a typo are one query
    queries: list[Query] = []
    for way in ways:
        each = way.share * len(sought.words) / len(way.terms)
        if way.begun:
            queries += (clause for term in way.terms for clause in _begun(term, each, vocabulary))
        elif len(way.terms) == 1:
            alone.setdefault(each, []).append(way.terms[0])
        else:
            queries.append({"bool": {"must": [_best(_terms([term], each)) for term in way.terms]}})
    queries += (clause for each, terms in alone.items() for clause in _terms(terms, each))
    return _best(queries)


def _terms(terms: Sequence[str], share: float) -> Iterator[Query]:
    return (_worth({"terms": {field: list(terms)}}, weight * share) for field, weight in ranking.BY_FIELD.items())


def _begun(beginning: str, share: float, vocabulary: Vocabulary) -> Iterator[Query]:
    """In each field, what begins so; where many words do, the commonest."""
    commonest = vocabulary.commonest(beginning)
    for field, weight in ranking.BY_FIELD.items():
        asked = {"terms": {field: commonest[field]}} if commonest else {"prefix": {field: beginning}}
        yield _worth(asked, weight * share)


def _worth(query: Query, worth: float) -> Query:
    return {"constant_score": {"filter": query, "boost": float(round(worth * SCALE))}}


def _best(queries: Iterable[Query]) -> Query:
    return {"dis_max": {"queries": list(queries)}}
