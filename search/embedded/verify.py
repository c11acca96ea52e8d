"""The words index against PostgreSQL: all its files are made again beside it, and compared value by value."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sqlalchemy import Connection

from geo.errors import NotReady
from search.embedded.arrays import Array
from search.embedded.beginnings import Beginnings
from search.embedded.columns import CODES, KINDS, LISTS, Columns
from search.embedded.columns import NUMBERS as NUMBER_COLUMNS
from search.embedded.index import BEGINNINGS, NAMES, NUMBERS, POSTINGS, STORED, WordIndex, write
from search.embedded.names import Names
from search.embedded.numbers import Numbers
from search.embedded.postings import BY_POSTING, Postings
from search.embedded.standing import STANDING, WHERE
from search.embedded.stored import Stored
from search.embedded.strips import STRIPS

TOLD = 20  # differences: enough to see what is wrong
WORDS = ("ids", "name_key", "name_length", "name_order", "by_name")


def verify(connection: Connection, folder: Path) -> list[str]:
    """Where the index disagrees with `structure`; empty when it doesn't."""
    try:
        words = WordIndex(folder)
    except NotReady as missing:
        return [str(missing)]
    with TemporaryDirectory() as made:
        write(connection, Path(made))
        return list(islice(_all_differences(words, Path(made)), TOLD))


def _all_differences(words: WordIndex, made: Path) -> Iterator[str]:
    yield from _differences(words.columns, Columns.open(made))
    yield from _of_words(words.postings, Postings.open(made / POSTINGS))
    if not _equal(words.names.arrays, Names.open(made / NAMES).arrays):
        yield "noms entiers : ce ne sont pas ceux des structures"
    if not _equal(words.beginnings.arrays, Beginnings.open(made / BEGINNINGS).arrays):
        yield "mots commencés : ce ne sont pas ceux des structures"
    if not _equal(words.numbers.arrays, Numbers.open(made / NUMBERS).arrays):
        yield "numéros : ce ne sont pas ceux des structures"
    yield from _of_rows(words.stored, Stored.open(made / STORED))


def _differences(indexed: Columns, expected: Columns) -> Iterator[str]:
    if len(indexed) != len(expected):
        yield f"{len(indexed)} structures dans les colonnes de l’index, {len(expected)} attendues"
        return
    for name in (*WORDS, *NUMBER_COLUMNS, *CODES):
        got, want = (_told(columns, name) for columns in (indexed, expected))
        for rank in np.flatnonzero(~_same(got, want)).tolist():
            yield f"{_id(expected, rank)} : {name} {got[rank]} indexé, {want[rank]} attendu"
    for name in LISTS:
        yield from _of_lists(indexed, expected, name)
    for name in STRIPS:
        if not np.array_equal(indexed[name], expected[name]):
            yield f"{name} : les bandes de latitude ne sont pas celles des positions"
    for name in (*STANDING, WHERE):
        if not np.array_equal(indexed[name], expected[name]):
            yield f"{name} : ce n’est pas l’ordre des positions"
    for name in KINDS:
        if not np.array_equal(indexed[name], expected[name]):
            yield f"{name} : ce ne sont pas les structures de chaque catégorie"
    if not np.array_equal(indexed["sphere"], expected["sphere"], equal_nan=True):
        yield "sphere : ce ne sont pas les positions"


def _told(columns: Columns, name: str) -> Array:
    """Values rather than ranks: two indexes may number a vocabulary each its own way."""
    if name not in CODES:
        return columns[name]
    known = np.array([*columns.vocabularies[name], "?", ""])  # "?": a rank that stands for nothing
    ranks = columns[name]
    return known[np.where((ranks >= -1) & (ranks < len(known) - 2), ranks, -2)]


def _same(got: Array, want: Array) -> Array:
    same: Array = got == want
    return same | (np.isnan(got) & np.isnan(want)) if got.dtype.kind == "f" else same


def _of_lists(indexed: Columns, expected: Columns, name: str) -> Iterator[str]:
    for rank in range(len(expected)):
        got, want = (_held(columns, name, rank) for columns in (indexed, expected))
        if got != want:
            yield f"{_id(expected, rank)} : {name} {got} indexé, {want} attendu"


def _of_words(indexed: Postings, expected: Postings) -> Iterator[str]:
    """Told by word where only postings differ: with other words, nothing after the first stands in the same place."""
    if indexed.lines != expected.lines:
        yield f"{len(indexed)} mots indexés, {len(expected)} attendus, ou d’autres mots"
        return
    for number in range(len(expected)) if not _equal(indexed.arrays, expected.arrays) else ():
        got, want = (postings.of(range(number, number + 1)) for postings in (indexed, expected))
        if not all(map(np.array_equal, got, want)):
            yield f"« {expected[number].decode()} » : ce ne sont pas les structures ou les champs qui portent ce mot"
    if any(
        not np.array_equal(indexed.arrays[name], expected.arrays[name])
        for name in expected.arrays
        if name not in BY_POSTING
    ):
        yield "mots : leurs places, leurs nombres ou leurs champs ne sont pas ceux des structures"


def _of_rows(indexed: Stored, expected: Stored) -> Iterator[str]:
    """Told by structure, where as many are there."""
    if _equal(indexed.arrays, expected.arrays):
        return
    if len(indexed) != len(expected):
        yield f"{len(indexed)} structures gardées, {len(expected)} attendues"
        return
    for rank in range(len(expected)):
        want = expected.told(rank)
        try:
            if indexed.told(rank) != want:
                yield f"{want.id} : ce qui est gardé n’est pas ce que PostgreSQL dit"
        except NotReady:
            yield f"{want.id} : ce qui est gardé ne se lit pas"


def _equal(got: Mapping[str, Array], want: Mapping[str, Array]) -> bool:
    return all(np.array_equal(got[name], want[name]) for name in want)


def _held(columns: Columns, name: str, rank: int) -> list[str]:
    first, last = columns[f"{name}_starts"][rank : rank + 2].tolist()
    known = columns.vocabularies[name]
    return [known[i] if 0 <= i < len(known) else "?" for i in columns[name][first:last].tolist()]


def _id(columns: Columns, rank: int) -> str:
    return str(columns["ids"][rank].decode())
