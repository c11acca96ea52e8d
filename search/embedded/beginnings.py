"""Words as people begin them: which open structures bear each, those known by their name first, then along the map.

An open structure's *turn* is its place in that order. Ascending, turns are at once what to look at first afar and, for each level
of renown, a stretch of each square: no structure of the rest of the country is read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copyfileobj, rmtree
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO

import numpy as np

from search import ranking
from search.document import Document
from search.embedded.arrays import Array, between, mapped, once, starts_of, to_fill, write_header
from search.embedded.columns import Columns
from search.embedded.postings import Postings, PostingsFiles
from search.french import sound
from search.query import Origin
from search.squares import FINEST, around, squares_of

# By turn: the structure's rank in the columns, its level and square. By word, in the order of bytes: the word, where its turns
# begin (one more than words). By word and structure: turns, ascending. Then the same of beginnings that many words have.
# Then how the words sound, in order, and which word each is.
ARRAYS = ("ranks", "keys", "words", "starts", "turns", "begun", "begun_starts", "begun_turns", "sounds", "sounding")
MANY_WORDS = 64  # a beginning of more of them has a list of its own: reading theirs one by one would take a millisecond
LONGEST = 40  # letters of a word; what follows is not compared
LEVELS = 7  # of renown: known by name or not, then complete, half or not at all
DENSE = 16  # a list of more than this part of the structures is quicker marked in a table than sorted or sought in
SORTED_AT_ONCE = 4_000_000  # turns
_LEVEL_BITS = 2 * FINEST

Lists = Sequence[Array]  # of turns, each ascending: what is in any of them
Stretches = Array  # of turns: first and one after the last, a row each, ascending


class Beginnings:
    """Memory-mapped, safe between threads."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self.arrays = arrays

    @classmethod
    def open(cls, folder: Path) -> "Beginnings":
        return cls({name: mapped(folder / f"{name}.npy") for name in ARRAYS})

    def __len__(self) -> int:
        """How many structures have a turn."""
        return len(self.arrays["ranks"])

    def are_complete(self) -> bool:
        """Whether every part is there, as long as the others say."""
        arrays = self.arrays
        alike = (("keys", "ranks"), ("sounds", "words"), ("sounding", "words"))
        return all(len(arrays[one]) == len(arrays[other]) for one, other in alike) and all(
            len(arrays[words]) + 1 == len(arrays[starts]) and int(arrays[starts][-1]) == len(arrays[turns])
            for words, starts, turns in (("words", "starts", "turns"), ("begun", "begun_starts", "begun_turns"))
        )

    def whole(self, word: str) -> Lists:
        """Who bears this very word."""
        at = self._place("words", word)
        return [] if at is None else [self._turns("", at)]

    def begun(self, beginning: str) -> Lists:
        """Who bears a word that begins so."""
        at = self._place("begun", beginning)
        if at is not None:
            return [self._turns("begun_", at)]
        (first,), (last,) = between(self.arrays["words"], [beginning], begun=True)
        return [self._turns("", each) for each in range(first, last)]

    def heard(self, word: str, *, begun: bool) -> list[str]:
        """The words that sound like this one, or begin so."""
        heard = sound(word)
        if not heard:  # « hhhh »
            return []
        (first,), (last,) = between(self.arrays["sounds"], [heard], begun=begun)
        return [bytes(self.arrays["words"][each]).decode() for each in self.arrays["sounding"][first:last].tolist()]

    def known(self, words: Sequence[str], *, begun: bool) -> list[str]:
        """Those of these, sorted, that are words, or begin some."""
        first, last = between(self.arrays["words"], words, begun=begun)
        return [words[i] for i in np.flatnonzero(first < last).tolist()]

    def stretches(self, zoom: int, origin: Origin, levels: range = range(LEVELS)) -> Stretches:
        """The turns of these levels in the squares of a zoom around a point."""
        squares = around(zoom, origin.lon, origin.lat)
        keys = (np.arange(levels.start, levels.stop)[:, None, None] << _LEVEL_BITS) + squares
        found = _places(self.arrays["keys"], keys)
        return found[found[:, 0] < found[:, 1]]

    def first(self, things: Sequence[Lists], most: int) -> Array:
        """The first turns, `most` at least where there are as many, that all of these hold."""
        found, here, wide = [np.empty(0, dtype=np.int32)], 0, 1 << 14
        while here < len(self) and sum(map(len, found)) < most:
            found.append(self.all_of(things, np.array([[here, here + wide]])))
            here, wide = here + wide, wide * 4
        return np.concatenate(found)[:most]

    def all_of(self, things: Sequence[Lists], stretches: Stretches) -> Array:
        """The turns of these stretches that all of these hold, ascending."""
        fewest, *others = sorted(things, key=lambda lists: sum(map(len, lists)))
        pieces = list(_cut(fewest, stretches))
        turns = _joined(pieces) if len(fewest) == 1 else self._any_of(pieces)
        for lists in others:
            turns = turns[self._held(lists, turns)]
        return turns

    def at_most(self, things: Sequence[Lists], stretches: Stretches) -> int:
        """No more turns of these stretches than that are held by all of these."""
        return min(sum(int(np.diff(_places(each, stretches)).sum()) for each in lists) for lists in things)

    def _any_of(self, pieces: Lists) -> Array:
        together = _joined(pieces)
        if len(together) * DENSE < len(self):
            return once(together)
        return np.flatnonzero(_marked(pieces, len(self))).astype(np.int32)

    def _held(self, lists: Lists, turns: Array) -> Array:
        """A flag for each of these turns, ascending: whether a list holds it."""
        held = np.zeros(len(turns), dtype=bool)
        if not len(turns):
            return held
        first, last = turns[0], turns[-1]
        for each in lists:
            among = each[np.searchsorted(each, first) : np.searchsorted(each, last, "right")]
            if len(turns) * DENSE > len(among):
                held |= _marked([among - first], last - first + 1)[turns - first]
            else:
                place = np.minimum(np.searchsorted(among, turns), len(among) - 1)
                held |= among[place] == turns
        return held

    def _place(self, name: str, word: str) -> int | None:
        (first,), (last,) = between(self.arrays[name], [word], begun=False)
        return int(first) if first < last else None

    def _turns(self, kind: str, at: int) -> Array:
        first, last = self.arrays[f"{kind}starts"][at : at + 2].tolist()
        return self.arrays[f"{kind}turns"][first:last]


class BeginningsFiles:
    """The files of `Beginnings`, written as documents come: postings by rank on disk, put in the order of turns at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._by_rank = folder, folder / "by-rank"
        self._postings = PostingsFiles(self._by_rank, ("typed",))

    def __enter__(self) -> "BeginningsFiles":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._postings.__exit__(kind, error, at)
        rmtree(self._by_rank, ignore_errors=True)

    def append(self, first: int, documents: Sequence[Document]) -> None:
        """The next documents; `first`: the rank of the first of them."""
        self._postings.append(first, documents)

    def finish(self, columns: Columns) -> None:
        """Once every document is there, and every column."""
        self._postings.finish()
        written = Postings.open(self._by_rank)
        turns = self._save_turns(columns)
        words = np.array(list(written), dtype=f"S{LONGEST}") if len(written) else np.empty(0, dtype="S1")
        starts = written.arrays["starts"]
        self._save("words", words)
        self._save_sounds(words)
        self._save("starts", starts)
        in_order = to_fill(self._folder / "turns.npy", np.int32, int(starts[-1]))
        for first, last in _runs(starts):
            postings = slice(starts[first], starts[last])
            numbers = np.repeat(np.arange(last - first), np.diff(starts[first : last + 1]))
            in_order[postings] = np.sort(numbers << 32 | turns[written.arrays["ranks"][postings]]) & 0xFFFFFFFF
        self._save_begun(words, starts, in_order, int(np.count_nonzero(columns["open"])))

    def _save_turns(self, columns: Columns) -> Array:
        """Ranks and keys in the order of turns; returns the turn of each rank, -1 when it is closed."""
        ranks = np.flatnonzero(columns["open"]).astype(np.int32)
        renowned = np.isin(columns["categorie_no"][ranks], sorted(ranking.LOOKED_FOR_BY_NAME))
        # Halves: 0 to 2 (document.completeness).
        levels = LEVELS - 1 - 4 * renowned - np.round(2 * columns["completeness"][ranks]).astype(np.int64)
        keys = levels << _LEVEL_BITS | squares_of(columns["lon"][ranks], columns["lat"][ranks])
        order = np.lexsort((ranks, keys))
        self._save("ranks", ranks[order])
        self._save("keys", keys[order].astype(np.int32))
        turns = np.full(len(columns), -1, dtype=np.int64)
        turns[ranks[order]] = np.arange(len(order))
        return turns

    def _save_sounds(self, words: Array) -> None:
        sounds = np.array([sound(word.decode()) for word in words.tolist()], dtype=words.dtype)
        order = np.argsort(sounds, kind="stable")
        self._save("sounds", sounds[order])
        self._save("sounding", order.astype(np.int32))

    def _save_begun(self, words: Array, starts: Array, turns: Array, structures: int) -> None:
        beginnings = _begun_by_many(words)
        lengths = []
        with TemporaryFile(dir=self._folder) as lists:
            for _, first, last in beginnings:
                lengths.append(_write_union(lists, turns[starts[first] : starts[last]], structures))
            self._save("begun", np.array([word for word, _, _ in beginnings], dtype=f"S{LONGEST}"))
            self._save("begun_starts", starts_of(lengths))
            lists.seek(0)
            with (self._folder / "begun_turns.npy").open("wb") as stream:
                write_header(stream, np.int32, sum(lengths))
                copyfileobj(lists, stream)

    def _save(self, name: str, values: Array) -> None:
        np.save(self._folder / f"{name}.npy", values)


def _runs(starts: Array) -> Iterator[tuple[int, int]]:
    """Words, first and one after the last, that have some millions of postings together."""
    first, words = 0, len(starts) - 1
    while first < words:
        last = int(np.searchsorted(starts, starts[first] + SORTED_AT_ONCE, "right")) - 1
        last = max(first + 1, last)
        yield first, last
        first = last


def _begun_by_many(words: Array) -> list[tuple[bytes, int, int]]:
    """The beginnings of more than MANY_WORDS of these sorted words, sorted; the first of those words, one after the last."""
    found = []
    for length in range(1, LONGEST):
        begun = words.astype(f"S{length}")
        first = np.flatnonzero(np.concatenate([[True], begun[1:] != begun[:-1]])) if len(begun) else np.empty(0, int)
        last = np.append(first[1:], len(begun))
        many = last - first > MANY_WORDS
        long = [
            (begun[a], a, b)
            for a, b in zip(first[many].tolist(), last[many].tolist(), strict=True)
            if len(begun[a]) == length
        ]
        if not long:
            break
        found += long
    return sorted(found)


def _write_union(stream: IO[bytes], turns: Array, structures: int) -> int:
    dense = len(turns) * DENSE > structures
    held = np.flatnonzero(_marked([turns], structures)).astype(np.int32) if dense else once(turns)
    held.tofile(stream)
    return len(held)


def _joined(pieces: Lists) -> Array:
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int32)


def _marked(lists: Lists, size: int) -> Array:
    """A table of flags, set where a list says."""
    marked = np.zeros(size, dtype=bool)
    for each in lists:
        marked[each] = True
    return marked


def _places(turns: Array, stretches: Stretches) -> Array:
    """Where each stretch begins and ends in a list."""
    return np.searchsorted(turns, stretches.ravel().astype(np.int32)).reshape(-1, 2)


def _cut(lists: Lists, stretches: Stretches) -> Iterator[Array]:
    for each in lists:
        for first, last in _places(each, stretches).tolist():
            if first < last:
                yield each[first:last]
