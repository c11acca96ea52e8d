"""Columns written to their files as rows come, a few thousand at a time: the country grows, the memory doesn't."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from sqlalchemy import Connection, RowMapping, text

from search.document import STRUCTURES, Document, completeness, document_of
from search.embedded.arrays import write_header
from search.embedded.columns import CODES, LISTS, NEVER, NUMBERS, VOCABULARIES, by_kind, days_since_1970
from search.embedded.sphere import on_sphere
from search.embedded.standing import standing_of
from search.embedded.strips import strips_of

NAME_LENGTH = np.int16  # words
Kind = np.dtype[Any]
Row = RowMapping  # by the names of STRUCTURES

FETCH_ROWS = 5_000

# Asked by `ColumnFiles`: one scan, so that each file's header can be written first.
MEASURES = """
SELECT
    count(*) AS rows,
    coalesce(max(octet_length(id)), 1) AS ids,
    coalesce(max(octet_length(name_key)), 1) AS name_key,
    coalesce(sum(cardinality(activites)), 0) AS activites,
    coalesce(sum(cardinality(publics)), 0) AS publics,
    coalesce(sum(cardinality(naf)), 0) AS naf
FROM structure
"""


def write_columns(
    connection: Connection, folder: Path, each: Callable[[int, Sequence[Row], Sequence[Document]], object]
) -> int:
    """Write every structure's columns, calling `each` with the rank of the first of some, their rows of STRUCTURES and their
    documents; how many there are."""
    written = 0
    with ColumnFiles(connection, folder) as columns:
        found = connection.execute(text(STRUCTURES).execution_options(yield_per=FETCH_ROWS))
        for rows in found.mappings().partitions(FETCH_ROWS):
            documents = [document_of(row) for row in rows]  # type: ignore[arg-type]
            each(written, rows, documents)
            columns.append(_columns(rows, documents))
            written += len(rows)
        columns.finish()
    return written


class ColumnFiles:
    """The files of `Columns`, open for the rows that the connection's transaction sees, in the order of their ids."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        measured = connection.execute(text(MEASURES)).mappings().one()
        rows = measured["rows"]
        self._folder = folder
        self._files = ExitStack()
        self._columns: dict[str, tuple[BinaryIO, Kind]] = {}
        self._ranks: dict[str, dict[str, int]] = {name: {} for name in (*CODES, *LISTS)}
        self._held = dict.fromkeys(LISTS, 0)
        for name, kind in NUMBERS.items():
            self._open(name, kind, rows)
        for name in CODES:
            self._open(name, np.int32, rows)
        for name in ("ids", "name_key"):
            self._open(name, f"S{max(1, measured[name])}", rows)
        self._open("name_length", NAME_LENGTH, rows)
        for name in LISTS:
            self._open(name, np.int32, measured[name])
            self._open(f"{name}_starts", np.int64, rows + 1)
            self._write(f"{name}_starts", [0])

    def __enter__(self) -> "ColumnFiles":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._files.close()

    def append(self, rows: Mapping[str, list[Any]]) -> None:
        """The next rows, as lists of equal length: ids, name_key, name_length, NUMBERS, CODES, LISTS."""
        for name in (*NUMBERS, "ids", "name_key", "name_length"):
            self._write(name, rows[name])
        for name in CODES:
            self._write(name, [-1 if code is None else self._rank(name, code) for code in rows[name]])
        for name in LISTS:
            starts = self._held[name] + np.cumsum([len(codes) for codes in rows[name]], dtype=np.int64)
            self._held[name] = int(starts[-1]) if len(starts) else self._held[name]
            self._write(f"{name}_starts", starts)
            self._write(name, [self._rank(name, code) for codes in rows[name] for code in codes])

    def finish(self) -> None:
        """Once every row is there: what the ranks stand for."""
        words = {name: list(ranks) for name, ranks in self._ranks.items()}
        (self._folder / VOCABULARIES).write_text(json.dumps(words), encoding="utf-8")
        for stream, _ in self._columns.values():
            stream.flush()
        lon, lat = (np.load(self._folder / f"{name}.npy", mmap_mode="r") for name in ("lon", "lat"))
        kinds = np.load(self._folder / "categorie_no.npy", mmap_mode="r")
        for name, values in (strips_of(lon, lat) | by_kind(kinds) | standing_of(lon, lat)).items():
            np.save(self._folder / f"{name}.npy", values)
        np.save(self._folder / "sphere.npy", on_sphere(lon, lat))
        self._save_order_of_names()

    def _save_order_of_names(self) -> None:
        """Ranks in the order of names, ties by id; and each structure's place in that order."""
        in_order = np.argsort(np.load(self._folder / "name_key.npy", mmap_mode="r"), kind="stable").astype(np.int32)
        places = np.empty(len(in_order), dtype=np.int32)
        places[in_order] = np.arange(len(in_order))
        np.save(self._folder / "by_name.npy", in_order)
        np.save(self._folder / "name_order.npy", places)

    def _rank(self, name: str, code: str) -> int:
        ranks = self._ranks[name]
        return ranks.setdefault(code, len(ranks))

    def _open(self, name: str, kind: Any, length: int) -> None:
        stream, dtype = self._files.enter_context((self._folder / f"{name}.npy").open("wb")), np.dtype(kind)
        write_header(stream, dtype, int(length))
        self._columns[name] = (stream, dtype)

    def _write(self, name: str, values: Iterable[Any]) -> None:
        stream, dtype = self._columns[name]
        stream.write(np.asarray(values, dtype=dtype).tobytes())


def _columns(rows: Sequence[Any], documents: list[Document]) -> dict[str, list[Any]]:
    told = {name: [row[name] for row in rows] for name in ("name_key", "categorie_no", "open", *CODES, *LISTS)}
    placed = {name: [float("nan") if row[name] is None else row[name] for row in rows] for name in ("lon", "lat")}
    return (
        told
        | placed
        | {
            "ids": [row["id"] for row in rows],
            "has_phone": [row["has_phone"] for row in rows],
            "updated_on": [NEVER if row["updated_on"] is None else days_since_1970(row["updated_on"]) for row in rows],
            "completeness": [completeness(row["has_phone"], row["precision"]) for row in rows],
            "name_length": [document.name_length for document in documents],
        }
    )
