"""The words of an index, with how often each is found: what typos, beginnings and rarity are looked for among.

Kept beside the index in an index of its own, some thousands of words in a document, and held in memory by each server process: a
server that counts words for each question would be asked dozens of times for one.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from elasticsearch import Elasticsearch

from search import ranking
from search.begun import MANY_HEARD
from search.document import Document
from search.edits import a_letter_away
from search.french import sound

FIELDS = tuple(ranking.BY_FIELD)
COUNTED = (*FIELDS, "typed")  # the fields of a document that words are counted in
IN_A_DOCUMENT = 5_000  # words
PAGE = 20  # documents
MAX_EXPANSIONS = 300  # words of a field that a begun one may stand for, the commonest
_PAST = "\U0010ffff"  # after whatever a word goes on with

Words = Mapping[str, str]  # by field of COUNTED, spaces between


class Counts:
    """In how many structures each word stands: by field of FIELDS, and among those that lines begin with."""

    def __init__(self, found: dict[str, list[int]] | None = None, typed: dict[str, int] | None = None) -> None:
        self.found = found if found is not None else {}
        self.typed = typed if typed is not None else {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and (self.found, self.typed) == (other.found, other.typed)

    __hash__ = None  # type: ignore[assignment]

    def add(self, words: Words, times: int = 1) -> None:
        """One more structure of these words; one less, `times` -1."""
        for place, field in enumerate(FIELDS):
            for word in set(words.get(field, "").split()):
                self.found.setdefault(word, [0] * len(FIELDS))[place] += times
        for word in words.get("typed", "").split():
            self.typed[word] = self.typed.get(word, 0) + times

    def forget_unused(self) -> None:
        """The words of no structure any more."""
        self.found = {word: numbers for word, numbers in self.found.items() if any(numbers)}
        self.typed = {word: number for word, number in self.typed.items() if number}


def words_of(document: Document) -> Words:
    """What is counted of a structure."""
    return {field: getattr(document, field) for field in COUNTED}


class Vocabulary:
    """The compared words, in order, with how many structures hold each in each field; and those that lines begin with."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self._found = counts.found
        self._words = sorted(counts.found)
        self._typed = sorted(counts.typed)
        self._sounds = sorted((sound(word), word) for word in self._typed)

    def __len__(self) -> int:
        return len(self._words)

    def frequency(self, word: str) -> int:
        return sum(self._found.get(word, ()))

    def beginning_with(self, letter: str) -> Sequence[str]:
        return _begun(self._words, letter)

    def begins(self, beginning: str) -> bool:
        """Whether any word begins so."""
        at = bisect_left(self._words, beginning)
        return at < len(self._words) and self._words[at].startswith(beginning)

    def commonest(self, beginning: str) -> dict[str, list[str]] | None:
        """By field, the MAX_EXPANSIONS commonest words that begin so; None where there are no more than that: all of them."""
        words = _begun(self._words, beginning)
        if len(words) <= MAX_EXPANSIONS:
            return None
        return {
            field: sorted(words, key=lambda word: -self._found[word][place])[:MAX_EXPANSIONS]
            for place, field in enumerate(FIELDS)
        }

    def typed(self, word: str) -> bool:
        """Whether some line holds this very word."""
        at = bisect_left(self._typed, word)
        return at < len(self._typed) and self._typed[at] == word

    def typed_near(self, word: str, *, begun: bool) -> list[str]:
        """The words of lines a letter away from this one, or that sound like it; `begun`: the beginnings of some."""
        heard = self._heard(word, begun=begun)
        if not begun:
            return [each for each in sorted({*a_letter_away(word), *heard}) if self.typed(each)]
        meant: list[str] = []
        for each in sorted({*a_letter_away(word), *heard}):
            at = bisect_left(self._typed, each)
            here = at < len(self._typed) and self._typed[at].startswith(each)
            if here and not (meant and each.startswith(meant[-1])):  # sorted: what begins the others comes before them
                meant.append(each)
        return meant

    def _heard(self, word: str, *, begun: bool) -> list[str]:
        """The words of lines that sound so, or begin so; nothing sounds like « hhhh »."""
        heard = sound(word)
        if not heard:
            return []
        first, last = ((heard,), (heard + _PAST,) if begun else (heard, _PAST))
        found = self._sounds[bisect_left(self._sounds, first) : bisect_left(self._sounds, last)]
        return [each for _, each in found[:MANY_HEARD]]


def written(counts: Counts, generation: int) -> Iterator[dict[str, Any]]:
    """The documents that hold them."""
    documents = chain(
        ({"found": [[word, *counts.found[word]] for word in words]} for words in _by_thousands(sorted(counts.found))),
        ({"typed": [[word, counts.typed[word]] for word in words]} for words in _by_thousands(sorted(counts.typed))),
    )
    for number, words in enumerate(documents):
        yield {"generation": generation, "number": number, "words": words}


def read(client: Elasticsearch, index: str, generation: int) -> Vocabulary:
    """The vocabulary that an index holds."""
    counts = Counts()
    for document in every(client, index, {"term": {"generation": generation}}, sort="number"):
        counts.found |= {word: numbers for word, *numbers in document["words"].get("found", ())}
        counts.typed |= dict(document["words"].get("typed", ()))
    return Vocabulary(counts)


def every(
    client: Elasticsearch, index: str, query: dict[str, Any], *, sort: str, size: int = PAGE
) -> Iterator[dict[str, Any]]:
    """Each document that passes and has the field it is sorted by, whole."""
    kept = {"bool": {"filter": [query, {"exists": {"field": sort}}]}}
    after: list[Any] | None = None
    while True:
        answer = client.search(index=index, query=kept, size=size, sort=[{sort: "asc"}], search_after=after)
        page = answer["hits"]["hits"]
        yield from (hit["_source"] for hit in page)
        if not page:
            return
        after = page[-1]["sort"]


def _begun(words: Sequence[str], beginning: str) -> Sequence[str]:
    return words[bisect_left(words, beginning) : bisect_left(words, beginning + _PAST)]


def _by_thousands(words: Sequence[str]) -> Iterator[Sequence[str]]:
    return (words[first : first + IN_A_DOCUMENT] for first in range(0, len(words), IN_A_DOCUMENT))
