"""Structures for what is typed so far: those that bear its words, the last one only begun; near the map first.

A longer beginning finds part of what a shorter one found, never more: the last word is always taken as begun, even when whole,
and what a whole word finds its beginning found. Letters are forgiven only where nothing begins so, and what a beginning lacks
its continuations lack.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from geo.text import sort_key
from search import ranking
from search.begun import LEAST_DIGITS, LEAST_LETTERS_FOR_TYPOS, MANY_HEARD, Said, words_typed
from search.edits import a_letter_away
from search.embedded.arrays import Array, once
from search.embedded.beginnings import LONGEST, Beginnings, Lists
from search.embedded.index import WordIndex
from search.french import begun_stems, stem
from search.query import Origin
from search.rows import Told

Reading = Callable[[Beginnings, Said], list[Lists]]

# Squares around a point: looked at from the finest on, each wider where the one before holds too few. In a large town few letters
# are soon borne by thousands: those of the quarter will do, with what is known by its name in the town.
QUARTERS, TOWN, COUNTRYSIDE = (14, 13, 12), 11, 8
MANY = 2_000
LOOKED_FOR = sorted(ranking.LOOKED_FOR_BY_NAME)
KNOWN_BY_NAME = range(3)  # levels: hospitals and clinics (search.embedded.beginnings)
LOOKED_AT_AFAR = 300
REMEMBERED = 10_000  # answers: the index of a version never changes, and short beginnings are everybody's


class Lines:
    """What search.suggestions asks of an engine."""

    def __init__(self, index: WordIndex) -> None:
        self._index = index

    def typed(self, words: str, origin: Origin | None, limit: int) -> list[Told]:
        return self._told(typed(self._index, words, origin, limit))

    def numbers(self, digits: str, limit: int) -> list[Told]:
        return self._told(numbers(self._index, digits, limit))

    def _told(self, ranks: Sequence[int]) -> list[Told]:
        return [self._index.stored.told(rank) for rank in ranks]


def typed(index: WordIndex, words: str, origin: Origin | None, limit: int) -> list[int]:
    """Ranks in the columns of the `limit` best open structures for what is typed so far, in the order to show them."""
    said, loosely = words_typed(words)
    if not said:
        return []
    asked = (said, loosely, sort_key(words), origin, limit)
    found: list[int] | None = index.remembered.get(asked)
    if found is None:
        found = _typed(index, *asked)
        if len(index.remembered) >= REMEMBERED:
            index.remembered.clear()
        index.remembered[asked] = found
    return found


def numbers(index: WordIndex, digits: str, limit: int) -> list[int]:
    """Ranks of the structures one of whose FINESS or SIRET numbers begins so."""
    return index.numbers.begun(digits, limit) if len(digits) >= LEAST_DIGITS else []


def _typed(index: WordIndex, said: Said, loosely: Said, key: str, origin: Origin | None, limit: int) -> list[int]:
    named = _Named(index, key)
    for reading in (_begun, _nearly, _nearly_all):
        found = [_found(index, reading, each, named, origin, limit) for each in dict.fromkeys((said, loosely))]
        if len(found[-1]):
            return _ordered(index, once(np.concatenate(found)), found[0], named, origin, limit)
    return []


def _found(index: WordIndex, reading: Reading, said: Said, named: "_Named", origin: Origin | None, limit: int) -> Array:
    things = reading(index.beginnings, said)
    return _looked_at(index.beginnings, things, named, origin, limit) if all(things) else np.empty(0, dtype=np.int32)


def _begun(beginnings: Beginnings, said: Said) -> list[Lists]:
    return [*(_whole(beginnings, word) for word in said[:-1]), _beginning(beginnings, said[-1])]


def _nearly(beginnings: Beginnings, said: Said) -> list[Lists]:
    """A letter may differ, or the word be written by ear: each that is long enough and stands nowhere, and the last one."""
    before = [_whole(beginnings, word) or _near(beginnings, word, begun=False) for word in said[:-1]]
    return [*before, _near(beginnings, said[-1], begun=True)]


def _nearly_all(beginnings: Beginnings, said: Said) -> list[Lists]:
    """A letter may differ in each of them: a misspelt word may be another's name, « martin » for « martan »."""
    before = [[*_whole(beginnings, word), *_near(beginnings, word, begun=False)] for word in said[:-1]]
    return [*before, _near(beginnings, said[-1], begun=True)]


def _whole(beginnings: Beginnings, word: str) -> Lists:
    """A word before the last: as written, or whatever its plural."""
    return [turns for each in dict.fromkeys((word, stem(word))) for turns in beginnings.whole(each)]


def _beginning(beginnings: Beginnings, word: str) -> Lists:
    """The last word: what begins so, with what it would find were it whole."""
    return [*beginnings.begun(word), *(turns for each in begun_stems(word) for turns in beginnings.whole(each))]


def _near(beginnings: Beginnings, word: str, *, begun: bool) -> Lists:
    look: Callable[[str], Lists] = beginnings.begun if begun else beginnings.whole
    if len(word) < LEAST_LETTERS_FOR_TYPOS or word.isdigit():
        return look(word)
    meant: list[str] = []
    heard = beginnings.heard(word, begun=begun)[:MANY_HEARD]
    for each in sorted({*beginnings.known(a_letter_away(word[:LONGEST]), begun=begun), *heard}):
        if not (begun and meant and each.startswith(meant[-1])):  # sorted: what begins the others comes before them
            meant.append(each)
    return [turns for each in meant for turns in look(each)]


def _looked_at(
    beginnings: Beginnings, things: Sequence[Lists], named: "_Named", origin: Origin | None, limit: int
) -> Array:
    """Ranks of those in the nearest squares that hold enough, joined to those of the country where they do not."""
    ranks, turns = beginnings.arrays["ranks"], np.empty(0, dtype=np.int32)
    if origin is not None:
        many = beginnings.at_most(things, beginnings.stretches(TOWN, origin)) >= MANY
        for zoom in (*(QUARTERS if many else ()), TOWN, COUNTRYSIDE):
            turns = beginnings.all_of(things, beginnings.stretches(zoom, origin))
            if len(turns) >= (MANY if zoom in QUARTERS else limit):
                known = beginnings.all_of(things, beginnings.stretches(TOWN, origin, KNOWN_BY_NAME))
                return once(np.concatenate([ranks[turns], ranks[known], named.so]))
    afar = beginnings.first(things, LOOKED_AT_AFAR)
    return once(np.concatenate([ranks[turns], ranks[afar], named.so, named.begun_so]))


class _Named:
    """Where the names that are, or begin with, what is typed stand in the order of names."""

    def __init__(self, index: WordIndex, key: str) -> None:
        names, by_name, sought = index.columns["name_key"], index.columns["by_name"], key.encode()

        def name(rank: int) -> bytes:
            return bytes(names[rank])

        self.first = bisect_left(by_name, sought, key=name)
        self.after_same = bisect_right(by_name, sought, lo=self.first, key=name)
        self.end = bisect_left(by_name, sought + b"\xff", lo=self.after_same, key=name)
        self._index = index

    @property
    def so(self) -> Array:
        """Ranks of open structures called so, LOOKED_AT_AFAR at most."""
        return self._open_ones(self.first, self.after_same)

    @property
    def begun_so(self) -> Array:
        """The same of those whose longer name begins so."""
        return self._open_ones(self.after_same, self.end)

    def _open_ones(self, first: int, last: int) -> Array:
        ranks = self._index.columns["by_name"][first : min(last, first + LOOKED_AT_AFAR)]
        return ranks[self._index.columns["open"][ranks]]


def _ordered(
    index: WordIndex, ranks: Array, said: Array, named: _Named, origin: Origin | None, limit: int
) -> list[int]:
    """`said`: those of the ranks that bear every word."""
    columns = index.columns
    places = columns["name_order"][ranks]
    scores = (
        ranking.TYPED_SAME_NAME * ((places >= named.first) & (places < named.after_same))
        + ranking.TYPED_NAME_BEGINS * ((places >= named.first) & (places < named.end))
        + ranking.TYPED_LAST_WORD * np.isin(ranks, said)
        + ranking.TYPED_LOOKED_FOR * np.isin(columns["categorie_no"][ranks], LOOKED_FOR, kind="table")
        + ranking.COMPLETE * columns["completeness"][ranks]
    )
    if origin is not None:
        metres = np.nan_to_num(columns.distances(origin, ranks), nan=np.inf)
        scores = scores + ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)
    scores = -scores.round(6)
    best = np.flatnonzero(scores <= np.partition(scores, limit - 1)[limit - 1]) if len(scores) > limit else slice(None)
    ranks, scores = ranks[best], scores[best]
    return [int(rank) for rank in ranks[np.lexsort((ranks, scores))][:limit]]
