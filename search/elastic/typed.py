"""Structures for what is typed so far: the readings and the order of search.embedded.typed.

The embedded engine looks at those around the map first, and at the first few hundred of the country; this one at all of them.
"""

from typing import Any

from elasticsearch import Elasticsearch

from geo.text import sort_key
from search import ranking
from search.begun import LEAST_DIGITS, LEAST_LETTERS_FOR_TYPOS, Said, words_typed
from search.elastic.conditions import Query, all_of, equal
from search.elastic.indices import Opened
from search.elastic.ordering import by_script
from search.elastic.scripts import script
from search.elastic.vocabulary import Vocabulary
from search.french import begun_stems, stem
from search.query import Origin

Things = list[list[Query]]  # all must be found, each in one of its ways


class Lines:
    """Ids of the structures that lines under the search box show."""

    def __init__(self, client: Elasticsearch, opened: Opened) -> None:
        self._client = client
        self._opened = opened

    def typed(self, words: str, origin: Origin | None, limit: int) -> list[str]:
        """Ids of the best open structures for what is typed so far, in the order to show them."""
        said, loosely = words_typed(words)
        key = sort_key(words)
        for reading in (_begun, _nearly, _nearly_all) if said else ():
            wanted, every = (reading(each, self._opened.vocabulary) for each in (loosely, said))
            if all(wanted) and (found := self._best(_query(wanted, every, key), key, origin, limit)):
                return found
        return []

    def numbers(self, digits: str, limit: int) -> list[str]:
        """Ids of those one of whose FINESS or SIRET numbers begins so."""
        if len(digits) < LEAST_DIGITS:
            return []
        return self._ids({"prefix": {"numbers": digits}}, [{"id": "asc"}], limit)

    def _best(self, asked: Query, key: str, origin: Origin | None, limit: int) -> list[str]:
        order = script(
            "typed",
            key=key,
            same=ranking.TYPED_SAME_NAME,
            begins=ranking.TYPED_NAME_BEGINS,
            last_word=ranking.TYPED_LAST_WORD,
            renowned=sorted(ranking.LOOKED_FOR_BY_NAME),
            looked_for=ranking.TYPED_LOOKED_FOR,
            complete=ranking.COMPLETE,
            nearer=origin is not None,
            lon=origin.lon if origin else 0.0,
            lat=origin.lat if origin else 0.0,
            nearness=ranking.NEARNESS,
            half=ranking.DISTANCE_HALF_M,
        )
        return self._ids(asked, by_script(order), limit)

    def _ids(self, query: Query, order: Any, limit: int) -> list[str]:
        index = self._opened.name
        answered = self._client.search(
            index=index, query=query, sort=order, size=limit, source=False, track_scores=True, track_total_hits=False
        )
        return [str(hit["_id"]) for hit in answered["hits"]["hits"]]


def _query(wanted: Things, every: Things, key: str) -> Query:
    """What bears the words that are wanted, or is called so; what bears every word scores more than 0."""
    named = [{"prefix": {"name_key": key}}, equal("open", True)]
    scored = [(_each(every), 1.0)] if all(every) else []
    loosely = [(_each(wanted), 0.0)] if every != wanted else []
    found = [
        {"constant_score": {"filter": all_of(each), "boost": worth}}
        for each, worth in [(named, 1.0), *scored, *loosely]
    ]
    return {"bool": {"should": found, "minimum_should_match": 1}}


def _begun(said: Said, _: Vocabulary) -> Things:
    return [*([_whole(word)] for word in said[:-1]), _beginning(said[-1])]


def _nearly(said: Said, vocabulary: Vocabulary) -> Things:
    """A letter may differ in each word that is long enough and stands nowhere, and in the last one."""
    before = [
        [_whole(word)] if any(map(vocabulary.typed, _forms(word))) else _near(word, vocabulary, begun=False)
        for word in said[:-1]
    ]
    return [*before, _near(said[-1], vocabulary, begun=True)]


def _nearly_all(said: Said, vocabulary: Vocabulary) -> Things:
    """A letter may differ in each of them: a misspelt word may be another's name, « martin » for « martan »."""
    before = [[_whole(word), *_near(word, vocabulary, begun=False)] for word in said[:-1]]
    return [*before, _near(said[-1], vocabulary, begun=True)]


def _whole(word: str) -> Query:
    """A word before the last: as written, or whatever its plural."""
    return {"terms": {"typed": _forms(word)}}


def _forms(word: str) -> list[str]:
    return list(dict.fromkeys((word, stem(word))))


def _beginning(word: str) -> list[Query]:
    """The last word: what begins so, with what it would find were it whole."""
    shorter = begun_stems(word)
    return [{"prefix": {"typed": word}}, *([{"terms": {"typed": shorter}}] if shorter else [])]


def _near(word: str, vocabulary: Vocabulary, *, begun: bool) -> list[Query]:
    if len(word) < LEAST_LETTERS_FOR_TYPOS or word.isdigit():
        return [{"prefix": {"typed": word}} if begun else equal("typed", word)]
    meant = vocabulary.typed_near(word, begun=begun)
    if begun:
        return [{"prefix": {"typed": each}} for each in meant]
    return [{"terms": {"typed": meant}}] if meant else []


def _each(things: Things) -> list[Query]:
    return [{"bool": {"should": ways, "minimum_should_match": 1}} for ways in things]
