"""The words index of one publication: built beside the others, whole or not at all."""

import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection

from geo.errors import NotReady
from geo.recent import Recent
from search.document import Document
from search.embedded import complete, swap
from search.embedded.beginnings import Beginnings, BeginningsFiles
from search.embedded.columns import Columns
from search.embedded.finding import Finder
from search.embedded.names import Names, NamesFiles
from search.embedded.numbers import Numbers, NumbersFiles
from search.embedded.postings import Postings, PostingsFiles
from search.embedded.stored import Stored, StoredFiles
from search.embedded.writing import Row, write_columns
from search.results import Hit, Structure
from search.rows import Told

POSTINGS, NAMES, BEGINNINGS, NUMBERS, STORED = "postings", "names", "beginnings", "numbers", "stored"  # folders
# Of the compared words (search.french, search.document) and of the files: an index of another form would miss what is asked.
WORDS_FORM = "5"
MATCHES_BYTES = 64 << 20  # of what the last questions found, for each index that is open
KEPT_OPEN = 3  # the served publication, the one before, and one being switched to


class Words:
    """Every word of the index, with how often it is found: what typos are looked for among (search.typos.Vocabulary)."""

    def __init__(self, postings: Postings) -> None:
        self._postings = postings
        self._by_letter: dict[str, Sequence[str]] = {}

    def frequency(self, word: str) -> int:
        number = self._postings.number(word)
        return 0 if number is None else int(self._postings.found(range(number, number + 1)).sum())

    def beginning_with(self, letter: str) -> Sequence[str]:
        if letter not in self._by_letter:
            self._by_letter[letter] = self._postings.words(self._postings.begun_by(letter))
        return self._by_letter[letter]


class WordIndex:
    """One publication's index and columns, open for reading; safe between threads."""

    def __init__(self, folder: Path) -> None:
        if not complete.is_whole(folder, WORDS_FORM):
            raise NotReady(
                f"L’index de la version {folder.name} manque, en tout ou partie : lancez ./lum1 search rebuild."
            )
        try:
            self.columns = Columns.open(folder)
            self.postings = Postings.open(folder / POSTINGS)
            self.names = Names.open(folder / NAMES)
            self.beginnings = Beginnings.open(folder / BEGINNINGS)
            self.numbers = Numbers.open(folder / NUMBERS)
            self.stored = Stored.open(folder / STORED)
            parts = (self.columns, self.postings, self.names, self.beginnings, self.numbers, self.stored)
            if not all(each.are_complete() for each in parts):
                raise ValueError("incomplet")
        except (OSError, EOFError, ValueError, LookupError, TypeError) as unreadable:  # damaged
            raise NotReady(f"L’index de la version {folder.name} ne s’ouvre pas ({unreadable}).") from None
        self.words = Words(self.postings)
        self.finder = Finder(self.postings, len(self.columns))
        self.matches: Recent[Any] = Recent(MATCHES_BYTES)  # of embedded.words
        self.remembered: dict[Any, Any] = {}  # answers of embedded.typed; they leave with the version

    def structures(self, hits: Sequence[Hit], *, explain: bool = False) -> list[Structure]:
        """The structures of these hits, in their order, each with its distance and score."""
        return self.stored.structures(self._ranks([hit.id for hit in hits]), hits, explain=explain)

    def told(self, found: Sequence[str]) -> list[Told]:
        """What is said of structures of this publication, by id."""
        return [self.stored.told(rank) for rank in self._ranks(found)]

    def _ranks(self, found: Sequence[str]) -> list[int]:
        ids = self.columns["ids"]
        ranks: list[int] = np.searchsorted(ids, np.array([each.encode() for each in found], dtype=ids.dtype)).tolist()
        return ranks


class OpenIndexes:
    """The few indexes in use, by version."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: OrderedDict[tuple[int, tuple[int, int]], WordIndex] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, version: int) -> WordIndex:
        """The index of a version, opened at its first question, and again once another was made in its place.

        NotReady when it is not there.
        """
        folder = self._root / str(version)
        key = (version, complete.identity(folder))
        with self._lock:
            if key not in self._open:
                self._close_those_gone()
                key, opened = _opened(version, folder)
                self._open[key] = opened
                while len(self._open) > KEPT_OPEN:
                    self._open.popitem(last=False)
            return self._open[key]

    def _close_those_gone(self) -> None:
        """A folder that was deleted, since somebody in it must not be told any more, takes its disk until nobody has it open."""
        for version, identity in list(self._open):
            if complete.identity(self._root / str(version)) != identity:
                del self._open[version, identity]


def _opened(version: int, folder: Path) -> tuple[tuple[int, tuple[int, int]], WordIndex]:
    """Its files are opened one after the other: if another index took its place meanwhile, they may be of both."""
    while True:
        identity = complete.identity(folder)
        try:
            index = WordIndex(folder)
        except NotReady:
            if complete.identity(folder) == identity:
                raise
            continue
        if complete.identity(folder) == identity:
            return (version, identity), index


def build(connection: Connection, folder: Path) -> int:
    """Index every structure the transaction sees into `folder`; how many. The folder appears complete or not at all."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    indexed = write(connection, unfinished)
    complete.write(unfinished, WORDS_FORM)
    _flush(unfinished)
    swap.put(unfinished, folder)
    _flush_folder(folder.parent)
    return indexed


def opens(folder: Path) -> bool:
    """Whether the index is there and whole, as this version of the program reads it; `verify` compares what it holds."""
    try:
        words = WordIndex(folder)
    except NotReady:
        return False
    return len(words.columns) == len(words.names) == len(words.stored)


def write(connection: Connection, folder: Path) -> int:
    """Write columns, postings, names, beginnings, numbers, what is said of each; how many structures."""
    with (
        PostingsFiles(folder / POSTINGS) as postings,
        BeginningsFiles(folder / BEGINNINGS) as beginnings,
        StoredFiles(folder / STORED) as stored,
    ):
        names, numbers = NamesFiles(folder / NAMES), NumbersFiles(folder / NUMBERS)

        def seen(first: int, rows: Sequence[Row], documents: Sequence[Document]) -> None:
            postings.append(first, documents)
            beginnings.append(first, documents)
            names.append(documents)
            numbers.append(first, documents)
            stored.append(Told(**{name: row[name] for name in Told.__struct_fields__}) for row in rows)

        written = write_columns(connection, folder, seen)
        postings.finish()
        beginnings.finish(Columns.open(folder))
        names.finish()
        numbers.finish()
        stored.finish()
    return written


def _flush(folder: Path) -> None:
    for path in (p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    for path in (folder, *(p for p in folder.rglob("*") if p.is_dir())):
        _flush_folder(path)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
