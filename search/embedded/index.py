"""The words index of one publication: built beside the others, whole or not at all."""

import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tantivy
from sqlalchemy import Connection, text

from geo.errors import NotReady
from search.document import STRUCTURES, Document, document_of
from search.embedded.columns import CODES, LISTS, Columns

FIELDS = ("name", "other", "categorie", "place", "entity")
WRITER_HEAP_BYTES = 64 << 20
FETCH_ROWS = 5_000
KEPT_OPEN = 3  # the served publication, the one before, and one being switched to


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
    rows = connection.execute(text("SELECT id, open, lon, lat, categorie_no FROM structure ORDER BY id")).all()
    differences = []
    if words.searcher.num_docs != len(rows):
        differences.append(f"{words.searcher.num_docs} documents indexés, {len(rows)} structures")
    indexed = zip(
        words.columns["ids"].tolist(),
        words.columns["open"].tolist(),
        words.columns["categorie_no"].tolist(),
        strict=True,
    )
    expected = [(row.id.encode(), row.open, row.categorie_no) for row in rows]
    differences += [
        f"{want[0].decode()} : {got} indexé, {want} attendu"
        for got, want in zip(indexed, expected, strict=False)
        if got != want
    ][:20]
    return differences


def _fill(connection: Connection, folder: Path) -> int:
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "ids",
            "name_key",
            "lon",
            "lat",
            "categorie_no",
            "open",
            "completeness",
            "name_length",
            *CODES,
            *LISTS,
        )
    }
    writer = tantivy.Index(schema(), path=str(folder / "words")).writer(heap_size=WRITER_HEAP_BYTES, num_threads=1)
    for rank, row in enumerate(_rows(connection)):
        document = document_of(row)
        writer.add_document(_indexed(document, rank))
        _append(columns, row, document)
    writer.commit()
    writer.wait_merging_threads()
    Columns.of(columns).save(folder)
    return len(columns["ids"])


def _rows(connection: Connection) -> Iterator[Any]:
    result = connection.execute(text(STRUCTURES).execution_options(yield_per=FETCH_ROWS))
    yield from result.mappings()


def _indexed(document: Document, rank: int) -> tantivy.Document:
    indexed = tantivy.Document()
    for field in (*FIELDS, "exact"):
        indexed.add_text(field, getattr(document, field))
    indexed.add_unsigned("ord", rank)
    return indexed


def _append(columns: dict[str, list[Any]], row: Any, document: Document) -> None:
    columns["ids"].append(row["id"])
    for name in ("name_key", "categorie_no", "open", *CODES, *LISTS):
        columns[name].append(row[name])
    for name in ("lon", "lat"):
        columns[name].append(float("nan") if row[name] is None else row[name])
    columns["completeness"].append(completeness(row["has_phone"], row["precision"]))
    columns["name_length"].append(document.name_length)


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
