"""Postings: the structures that hold each word, as ranks in the columns, ascending, and the fields that it stands in.

Nothing else is kept of a word, since nothing else counts: what it is worth depends on its best field alone (search/ranking.py).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from search.document import Document
from search.embedded.arrays import Array, begins, mapped, starts_of, to_fill

FIELDS = ("name", "other", "categorie", "place", "entity")  # bit i of a mask is the i-th, unless others are said
WORDS = "words.txt"  # a word a line, in the order of their bytes; a word's number is its line
# By word: where its line begins, where its postings begin (both one more than words), how many structures hold it in each field.
# By posting: a rank, and a mask of fields.
BY_WORD = ("line_starts", "starts", "found")
BY_POSTING = ("ranks", "fields")
_RUN = np.dtype([("word", np.int32), ("rank", np.int32), ("fields", np.uint8)])


class Postings(Sequence[bytes]):
    """Memory-mapped, safe between threads. As a sequence: the words."""

    def __init__(self, lines: bytes, arrays: dict[str, Array]) -> None:
        self.lines = lines
        self.arrays = arrays
        self._line_starts, self._starts = arrays["line_starts"], arrays["starts"]

    @classmethod
    def open(cls, folder: Path) -> "Postings":
        arrays = {name: mapped(folder / f"{name}.npy") for name in (*BY_WORD, *BY_POSTING)}
        return cls((folder / WORDS).read_bytes(), arrays)

    def __len__(self) -> int:
        return len(self._line_starts) - 1

    def __getitem__(self, number: Any) -> Any:
        return self.lines[self._line_starts[number] : self._line_starts[number + 1] - 1]

    def are_complete(self) -> bool:
        """Whether every part is there, as long as the others say."""
        words, postings = len(self), int(self._starts[-1])
        lengths = [len(self.arrays[name]) - more for name, more in zip(BY_WORD, (1, 1, 0), strict=True)]
        return (
            lengths == [words] * len(BY_WORD)
            and len(self.lines) == int(self._line_starts[-1])
            and all(len(self.arrays[name]) == postings for name in BY_POSTING)
        )

    def number(self, word: str) -> int | None:
        """A word's number, None when no structure holds it."""
        sought = word.encode()
        at = bisect_left(self, sought)
        return at if at < len(self) and self[at] == sought else None

    def begun_by(self, beginning: str) -> range:
        """The numbers of the words that begin so."""
        first = bisect_left(self, beginning.encode())
        return range(first, bisect_left(self, beginning.encode() + b"\xff", lo=first))  # no UTF-8 has this byte

    def words(self, numbers: range) -> list[str]:
        """The words of these numbers."""
        first, last = self._line_starts[[numbers.start, numbers.stop]].tolist()
        return self.lines[first:last].decode().split("\n")[:-1]

    def found(self, numbers: range) -> Array:
        """How many structures hold each of these words in each field: a row for a word."""
        return self.arrays["found"][numbers.start : numbers.stop]

    def size(self, numbers: range) -> int:
        """How many postings these words have, together."""
        return int(self._starts[numbers.stop] - self._starts[numbers.start])

    def of(self, numbers: range) -> tuple[Array, Array]:
        """Ranks and fields of these words, one word after the other: ascending for a single one."""
        postings = slice(self._starts[numbers.start], self._starts[numbers.stop])
        return self.arrays["ranks"][postings], self.arrays["fields"][postings]


class PostingsFiles:
    """The files of `Postings`, written as documents come.

    Where a word's postings begin is known only once every document was seen: until then they are kept in runs on disk, each
    sorted by word, and dealt out at the end. Memory holds the vocabulary and one run.
    """

    def __init__(self, folder: Path, fields: Sequence[str] = FIELDS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._fields = fields
        self._numbers: dict[str, int] = {}  # in the order of their first sight
        self._runs: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115 - as long as this is open
        self._lengths: list[int] = []

    def __enter__(self) -> "PostingsFiles":
        return self

    def __exit__(self, *_: object) -> None:
        self._runs.close()

    def append(self, first: int, documents: Sequence[Document]) -> None:
        """The next documents; `first`: the rank of the first of them."""
        run = _merged(*self._seen(first, documents))
        run.tofile(self._runs)
        self._lengths.append(len(run))

    def finish(self) -> None:
        """Once every document is there."""
        words = sorted(self._numbers)  # by code point, as UTF-8 sorts
        places = np.empty(len(words), dtype=np.int32)
        places[[self._numbers[word] for word in words]] = np.arange(len(words))
        lines = [word.encode() for word in words]
        (self._folder / WORDS).write_bytes(b"".join(line + b"\n" for line in lines))
        self._save("line_starts", starts_of([len(line) + 1 for line in lines]))
        self._deal(places)

    def _seen(self, first: int, documents: Sequence[Document]) -> tuple[Array, Array]:
        """For each word of each field: a key that orders by word then by rank, and the field's bit."""
        ranks = np.arange(first, first + len(documents), dtype=np.int64)
        numbers = self._numbers
        keys, bits = [], []
        for bit, field in enumerate(self._fields):
            held = [
                [numbers.setdefault(word, len(numbers)) for word in getattr(document, field).split()]
                for document in documents
            ]
            words = np.fromiter(chain.from_iterable(held), dtype=np.int64)
            keys.append(words << 32 | np.repeat(ranks, [len(each) for each in held]))
            bits.append(np.full(len(words), 1 << bit, dtype=np.uint8))
        return np.concatenate(keys), np.concatenate(bits)

    def _deal(self, places: Array) -> None:
        """Each posting to its word's place: runs come in the order of ranks, so each word's stay ascending."""
        counts, found = self._counted(len(places))
        in_order = np.argsort(places)
        starts = starts_of(counts[in_order])
        self._save("starts", starts)
        self._save("found", found[in_order])
        ranks, fields = (
            to_fill(self._folder / f"{name}.npy", kind, int(starts[-1]))
            for name, kind in (("ranks", np.int32), ("fields", np.uint8))
        )
        free = starts[:-1].copy()
        for run in self._each_run():
            first = begins(run["word"])
            lengths = np.diff(first, append=len(run))
            words = places[run["word"][first]]
            at = np.repeat(free[words] - first, lengths) + np.arange(len(run))
            ranks[at], fields[at] = run["rank"], run["fields"]
            free[words] += lengths

    def _counted(self, words: int) -> tuple[Array, Array]:
        """By word in the order of first sight: how many postings, and how many in each field."""
        counts, found = np.zeros(words, dtype=np.int64), np.zeros((words, len(self._fields)), dtype=np.int32)
        for run in self._each_run():
            counts += np.bincount(run["word"], minlength=words)
            for bit in range(len(self._fields)):
                found[:, bit] += np.bincount(run["word"][run["fields"] >> bit & 1 == 1], minlength=words)
        return counts, found

    def _each_run(self) -> Iterator[Array]:
        self._runs.seek(0)
        for length in self._lengths:
            if length:
                yield np.fromfile(self._runs, dtype=_RUN, count=length)

    def _save(self, name: str, values: Array) -> None:
        np.save(self._folder / f"{name}.npy", values)


def _merged(keys: Array, bits: Array) -> Array:
    """The postings of a run: one for a word that a structure has in several fields, with a bit for each."""
    order = np.argsort(keys, kind="stable")
    first = begins(keys[order])
    once = keys[order][first]
    run = np.empty(len(once), dtype=_RUN)
    run["word"], run["rank"] = once >> 32, once & 0xFFFFFFFF
    if len(once):
        run["fields"] = np.bitwise_or.reduceat(bits[order], first)
    return run
