"""The words index of one publication: built beside the others, whole or not at all."""

import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tantivy
from sqlalchemy import Connection, text

from geo.errors import NotReady
from search.document import STRUCTURES, Document, document_of
from search.embedded.columns import CODES, LISTS, Columns
from search.embedded.writing import ColumnFiles

FIELDS = ("name", "other", "categorie", "place", "entity")
WRITER_HEAP_BYTES = 64 << 20
FETCH_ROWS = 5_000
TOLD = 20  # differences: enough to see what is wrong
KEPT_OPEN = 3  # the served publication, the one before, and one being switched to


# Asked by `verify`: a scan of the primary key.
VERIFIED = "SELECT id, open, categorie_no, activites FROM structure ORDER BY id"


def schema() -> tantivy.Schema:
    """Our own words, already normalised: split on spaces, nothing else."""
    builder = tantivy.SchemaBuilder()
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field("exact", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("ord", fast=True)
    return builder.build()


class WordIndex:
    """One publication's index and columns, open for reading; safe between threads."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "complete").exists():
            raise NotReady(f"L’index de la version {folder.name} manque : lancez ./lum1 search rebuild.")
        self.columns = Columns.open(folder)
        self.index = tantivy.Index.open(str(folder / "words"))
        self.schema = self.index.schema
        self.searcher = self.index.searcher()


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
    (unfinished / "complete").touch()
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


def verify(connection: Connection, folder: Path) -> list[str]:
    """Where the index disagrees with `structure`; empty when it doesn't."""
    try:
        words = WordIndex(folder)
    except NotReady as missing:
        return [str(missing)]
    differences, rank = [], 0
    for rows in connection.execute(text(VERIFIED).execution_options(yield_per=FETCH_ROWS)).partitions(FETCH_ROWS):
        indexed = words.columns.told(range(rank, rank + len(rows)))
        rank += len(rows)
        differences += [
            f"{row.id} : {got} indexé, {want} attendu"
            for row, got in zip(rows, indexed, strict=False)
            if got != (want := (row.id, row.open, row.categorie_no, row.activites))
        ]
        if len(differences) >= TOLD:
            return differences[:TOLD]
    if words.searcher.num_docs != rank or len(words.columns) != rank:
        differences.append(f"{words.searcher.num_docs} documents indexés, {rank} structures")
    return differences


def _fill(connection: Connection, folder: Path) -> int:
    writer = tantivy.Index(schema(), path=str(folder / "words")).writer(heap_size=WRITER_HEAP_BYTES, num_threads=1)
    indexed = 0
    with ColumnFiles(connection, folder) as columns:
        for rows in _rows(connection):
            documents = [document_of(row) for row in rows]
            for rank, document in enumerate(documents, start=indexed):
                writer.add_document(_indexed(document, rank))
            columns.append(_columns(rows, documents))
            indexed += len(rows)
        columns.finish()
    writer.commit()
    writer.wait_merging_threads()
    return indexed


def _rows(connection: Connection) -> Iterator[Sequence[Any]]:
    yield from (
        connection.execute(text(STRUCTURES).execution_options(yield_per=FETCH_ROWS)).mappings().partitions(FETCH_ROWS)
    )


def _indexed(document: Document, rank: int) -> tantivy.Document:
    indexed = tantivy.Document()
    for field in (*FIELDS, "exact"):
        indexed.add_text(field, getattr(document, field))
    indexed.add_unsigned("ord", rank)
    return indexed


def _columns(rows: Sequence[Any], documents: list[Document]) -> dict[str, list[Any]]:
    told = {name: [row[name] for row in rows] for name in ("name_key", "categorie_no", "open", *CODES, *LISTS)}
    placed = {name: [float("nan") if row[name] is None else row[name] for row in rows] for name in ("lon", "lat")}
    return (
        told
        | placed
        | {
            "ids": [row["id"] for row in rows],
            "completeness": [completeness(row["has_phone"], row["precision"]) for row in rows],
            "name_length": [document.name_length for document in documents],
        }
    )


def completeness(has_phone: bool, precision: str) -> float:
    """0 to 1: can it be called, is it precisely on the map."""
    return 0.5 * has_phone + 0.5 * (precision in ("pin", "housenumber", "street"))


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
