"""The words index of one publication: built beside the others, whole or not at all."""

import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tantivy
from sqlalchemy import Connection

from geo.errors import NotReady
from search.document import Document
from search.embedded.columns import Columns
from search.embedded.writing import write_columns

FIELDS = ("name", "other", "categorie", "place", "entity")
WRITER_HEAP_BYTES = 64 << 20
WORDS_FORM = (
    "2"  # of the compared words (search.french, search.document): an index of another form would miss what is asked
)
KEPT_OPEN = 3  # the served publication, the one before, and one being switched to


def schema() -> tantivy.Schema:
    """Our own words, already normalised: split on spaces, nothing else."""
    builder = tantivy.SchemaBuilder()
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field("exact", tokenizer_name="raw", index_option="basic")
    for field in ("typed", "sieve", "numbers"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="basic")
    builder.add_unsigned_field("ord", fast=True)
    builder.add_unsigned_field("quality", fast=True)
    return builder.build()


class Words:
    """Every word of the index, with how often it is found: what typos are looked for among (search.typos.Vocabulary)."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self._frequencies: dict[str, int] = {}
        for field in FIELDS:
            for word, found in searcher.terms_with_prefix(field, ""):
                self._frequencies[word] = self._frequencies.get(word, 0) + found
        self._by_letter: dict[str, list[str]] = {}
        for word in self._frequencies:
            self._by_letter.setdefault(word[0], []).append(word)

    def frequency(self, word: str) -> int:
        return self._frequencies.get(word, 0)

    def beginning_with(self, letter: str) -> Sequence[str]:
        return self._by_letter.get(letter, ())


class WordIndex:
    """One publication's index and columns, open for reading; safe between threads."""

    def __init__(self, folder: Path) -> None:
        complete = folder / "complete"
        if not complete.exists() or complete.read_text() != WORDS_FORM:
            raise NotReady(f"L’index de la version {folder.name} manque : lancez ./lum1 search rebuild.")
        self.columns = Columns.open(folder)
        try:
            self.index = tantivy.Index.open(str(folder / "words"))
        except ValueError as unreadable:  # damaged, or on a disk that refuses its lock file
            raise NotReady(f"L’index de la version {folder.name} ne s’ouvre pas ({unreadable}).") from None
        self.schema = self.index.schema
        self.searcher = self.index.searcher()
        self.words = Words(self.searcher)
        self.remembered: dict[Any, Any] = {}  # answers of embedded.typed; they leave with the version


class OpenIndexes:
    """The few indexes in use, by version."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: OrderedDict[int, WordIndex] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, version: int) -> WordIndex:
        """The index of a version, opened at its first question; NotReady when it is not there."""
        with self._lock:
            if version not in self._open:
                self._open[version] = WordIndex(self._root / str(version))
                while len(self._open) > KEPT_OPEN:
                    self._open.popitem(last=False)
            return self._open[version]


def build(connection: Connection, folder: Path) -> int:
    """Index every structure the transaction sees into `folder`; how many. The folder appears complete or not at all."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "words").mkdir(parents=True)
    indexed = _fill(connection, unfinished)
    (unfinished / "complete").write_text(WORDS_FORM)
    _flush(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(unfinished, folder)
    _flush_folder(folder.parent)
    return indexed


def opens(folder: Path) -> bool:
    """Whether the index is there and whole, as this version of the program reads it; `verify` compares what it holds."""
    try:
        words = WordIndex(folder)
    except (NotReady, OSError, ValueError):
        return False
    return words.columns.are_complete() and words.searcher.num_docs == len(words.columns)


def _fill(connection: Connection, folder: Path) -> int:
    writer = tantivy.Index(schema(), path=str(folder / "words")).writer(heap_size=WRITER_HEAP_BYTES, num_threads=1)
    indexed = write_columns(connection, folder, lambda rank, document: writer.add_document(_indexed(document, rank)))
    writer.commit()
    writer.wait_merging_threads()
    return indexed


def _indexed(document: Document, rank: int) -> tantivy.Document:
    indexed = tantivy.Document()
    for field in (*FIELDS, "exact", "typed", "sieve", "numbers"):
        indexed.add_text(field, getattr(document, field))
    indexed.add_unsigned("ord", rank)
    indexed.add_unsigned("quality", document.quality)
    return indexed


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
