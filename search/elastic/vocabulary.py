"""The words of an index, with how often each is found: what typos, beginnings and rarity are looked for among.

Kept beside the index in an index of its own, some thousands of words in a document, and held in memory by each server process: a
server that counts words for each question would be asked dozens of times for one.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from elasticsearch import Elasticsearch

from search import ranking
from search.begun import MANY_HEARD
from search.document import Document
from search.edits import a_letter_away
from search.french import sound

FIELDS = tuple(ranking.BY_FIELD)
IN_A_DOCUMENT = 5_000  # words
MAX_EXPANSIONS = 300  # words of a field that a begun one may stand for, the commonest
_PAST = "\U0010ffff"  # after whatever a word goes on with

Frequencies = dict[str, list[int]]


class Vocabulary:
    """The compared words, in order, with how many structures hold each in each field; and those that lines begin with."""

    def __init__(self, found: Frequencies, typed: Iterable[str]) -> None:
        self._words = sorted(found)
        self._found = found
        self._typed = sorted(typed)
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


class Counting:
    """A vocabulary as documents come."""

    def __init__(self) -> None:
        self.found: Frequencies = {}
        self.typed: set[str] = set()

    def add(self, document: Document) -> None:
        """One more structure."""
        for place, field in enumerate(FIELDS):
            for word in set(getattr(document, field).split()):
                self.found.setdefault(word, [0] * len(FIELDS))[place] += 1
        self.typed.update(document.typed.split())


def written(counting: Counting) -> Iterator[dict[str, Any]]:
    """The documents that hold it."""
    number = 0
    for words in _by_thousands(sorted(counting.found)):
        yield {"number": number, "words": {"found": [[word, *counting.found[word]] for word in words]}}
        number += 1
    for words in _by_thousands(sorted(counting.typed)):
        yield {"number": number, "words": {"typed": words}}
        number += 1


def read(client: Elasticsearch, index: str) -> Vocabulary:
    """The vocabulary that an index holds."""
    found: Frequencies = {}
    typed: list[str] = []
    after: list[Any] | None = None
    while True:
        page = client.search(index=index, size=20, sort=[{"number": "asc"}], search_after=after)["hits"]["hits"]
        for hit in page:
            words = hit["_source"]["words"]
            found |= {word: numbers for word, *numbers in words.get("found", ())}
            typed += words.get("typed", ())
        if not page:
            return Vocabulary(found, typed)
        after = page[-1]["sort"]


def _begun(words: Sequence[str], beginning: str) -> Sequence[str]:
    return words[bisect_left(words, beginning) : bisect_left(words, beginning + _PAST)]


def _by_thousands(words: Sequence[str]) -> Iterator[Sequence[str]]:
    return (words[first : first + IN_A_DOCUMENT] for first in range(0, len(words), IN_A_DOCUMENT))
