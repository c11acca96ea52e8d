"""Which structures hold everything that a reading seeks, and what their words are worth: postings intersected, the rarest first.

A set is a pair, ascending: places `among` some ranks (ranks themselves where that is None: among every structure), and scores.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from search import ranking
from search.embedded.arrays import Array
from search.embedded.postings import FIELDS, Postings
from search.readings import Sought, Way

Scored = tuple[Array, Array]
Finding = Callable[[Array | None], Scored]

# What the best field of each mask is worth.
WORTH = np.array(
    [max((ranking.BY_FIELD[f] for i, f in enumerate(FIELDS) if mask >> i & 1), default=0.0) for mask in range(32)]
)
LEVELS = np.unique(WORTH)
LEVEL = np.searchsorted(LEVELS, WORTH).astype(np.uint8)
MAX_EXPANSIONS = 300  # words of a field that a begun one may stand for, the commonest
FAR_FEWER = 16  # times: a set is sought in another one by one, instead of both being read from end to end


class Finder:
    """Finds in the postings of one publication."""

    def __init__(self, postings: Postings, structures: int) -> None:
        self._postings = postings
        self._structures = structures

    def at_most(self, sought: Sequence[Sought]) -> int:
        """No more structures than this hold everything sought."""
        return min(self._size_of_thing(each) for each in sought)

    def find(self, sought: Sequence[Sought], among: Array | None = None) -> Scored:
        """The ranks, of those `among`, that hold everything sought, and the score of their words."""
        things = [(self._size_of_thing(each), self._thing(each)) for each in sought]
        at, scores = _all_of(things, among)
        return at if among is None else among[at], scores

    def _thing(self, sought: Sought) -> Finding:
        """The best of its ways; each word that was typed counts once, in however many it is found."""
        ways = [self._way(way, len(sought.words) / len(way.terms)) for way in sought.ways if self._size_of_way(way)]
        return lambda among: _best_of([way(among) for way in ways])

    def _way(self, way: Way, each: float) -> Finding:
        in_best_field = self._begun if way.begun else self._term
        terms = [(self._size(way, term), in_best_field(term, way.share * each)) for term in way.terms]
        return lambda among: _all_of(terms, among)

    def _term(self, word: str, share: float) -> Finding:
        ranks, fields = self._postings.of(self._numbers(word, begun=False))
        worth = WORTH * share

        def find(among: Array | None) -> Scored:
            at, held = (ranks, fields) if among is None else self._held(ranks, fields, among)
            return at, worth.take(held)

        return find

    def _begun(self, beginning: str, share: float) -> Finding:
        """In each field, the commonest words that begin so."""

        def find(among: Array | None) -> Scored:
            levels = self._levels(beginning)
            levels = levels if among is None else levels[among]
            at = np.flatnonzero(levels)
            return at, (LEVELS * share)[levels[at]]

        return find

    def _levels(self, beginning: str) -> Array:
        """For every structure, the level of the best field that holds a word which begins so; 0: none does."""
        numbers = self._numbers(beginning, begun=True)
        levels = np.zeros(self._structures, dtype=np.uint8)
        ranks, held = self._postings.of(numbers) if len(numbers) <= MAX_EXPANSIONS else self._commonest_of(numbers)
        found = LEVEL[held]
        for level in range(1, len(LEVELS)):  # the best last: it stays
            levels[ranks[found == level]] = level
        return levels

    def _commonest_of(self, numbers: range) -> Scored:
        """The postings of the MAX_EXPANSIONS commonest of these words in each field, and in those fields only."""
        often = self._postings.found(numbers)
        commonest = np.argsort(-often, axis=0, kind="stable")[:MAX_EXPANSIONS]
        allowed = np.zeros(len(numbers), dtype=np.uint8)
        for bit in range(len(FIELDS)):
            allowed[commonest[:, bit]] |= 1 << bit
        words = np.flatnonzero(allowed).tolist()
        found = [self._postings.of(range(numbers[word], numbers[word] + 1)) for word in words]
        return (
            np.concatenate([ranks for ranks, _ in found]),
            np.concatenate([fields & allowed[word] for word, (_, fields) in zip(words, found, strict=True)]),
        )

    def _held(self, ranks: Array, fields: Array, among: Array) -> Scored:
        """Where `among` holds these ranks, and their fields."""
        if len(among) * FAR_FEWER < len(ranks):
            place = np.minimum(np.searchsorted(ranks, among), len(ranks) - 1)
            at = np.flatnonzero(ranks[place] == among)
            return at, fields[place[at]]
        if len(ranks) * FAR_FEWER < len(among):
            at = np.minimum(np.searchsorted(among, ranks), len(among) - 1)
            same = among[at] == ranks
            return at[same], fields[same]
        everywhere = np.zeros(self._structures, dtype=np.uint8)
        everywhere[ranks] = fields
        held = everywhere[among]
        at = np.flatnonzero(held)
        return at, held[at]

    def _numbers(self, word: str, *, begun: bool) -> range:
        if begun:
            return self._postings.begun_by(word)
        number = self._postings.number(word)
        return range(0) if number is None else range(number, number + 1)

    def _size_of_thing(self, sought: Sought) -> int:
        return sum(map(self._size_of_way, sought.ways))

    def _size_of_way(self, way: Way) -> int:
        return min(self._size(way, term) for term in way.terms)

    def _size(self, way: Way, term: str) -> int:
        return self._postings.size(self._numbers(term, begun=way.begun))


def _all_of(findings: Iterable[tuple[int, Finding]], among: Array | None) -> Scored:
    """What is in each of these, given with how many they are at most: the fewest are looked for first, the others among them."""
    in_order = sorted(findings, key=lambda sized: sized[0])
    if not in_order[0][0]:
        return np.empty(0, dtype=np.int32), np.empty(0)
    at, scores = in_order[0][1](among)
    for _, finding in in_order[1:]:
        here, more = finding(at if among is None else among[at])
        at, scores = at[here], scores[here] + more
    return at, scores


def _best_of(sets: Sequence[Scored]) -> Scored:
    """What is in any of these, with its best score."""
    largest, *others = sorted(sets, key=lambda each: -len(each[0]))
    for other in others:
        largest = _either(largest, other)
    return largest


def _either(larger: Scored, smaller: Scored) -> Scored:
    (at, scores), (more, theirs) = larger, smaller
    if not len(more):
        return larger
    place = np.searchsorted(at, more)
    known = at[np.minimum(place, len(at) - 1)] == more
    best = scores.copy()
    best[place[known]] = np.maximum(best[place[known]], theirs[known])
    return np.insert(at, place[~known], more[~known]), np.insert(best, place[~known], theirs[~known])
