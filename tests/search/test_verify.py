"""`verify`: every column of the words index compared with PostgreSQL, and a damaged one said, not raised."""

from pathlib import Path

import numpy as np
import pytest

from search import embedded
from search.embedded import names
from search.embedded.columns import CODES, LISTS, NUMBERS, Columns
from search.embedded.postings import BY_POSTING, BY_WORD, WORDS
from search.embedded.strips import STRIPS
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE
from tests.search.conftest import Searchable

COLUMNS = (
    "ids",
    "name_key",
    "name_length",
    "name_order",
    "sphere",
    *NUMBERS,
    *CODES,
    *LISTS,
    *(f"{name}_starts" for name in LISTS),
    *STRIPS,
)

PARTS = (*(f"postings/{name}" for name in (*BY_WORD, *BY_POSTING)), *(f"names/{name}" for name in names.PARTS))


@pytest.fixture
def folder(searchable: Searchable) -> Path:
    searchable.index(
        a_structure(
            at=LILLE,
            activites=["AMM", "AMM:QA014"],
            publics=["700"],
            statut="60",
            naf=["86.10Z", "2025:86.10Y"],
            phones=["03 20 00 00 00"],
        ),
        a_structure(at=BORDEAUX, open=False, name="Clinique du Port", activites=[]),
        a_structure(activites=["AMM"], publics=["700"], naf=["86.10Z"]),
    )
    return searchable.root / str(searchable.publication.version)


def damage(file: Path) -> None:
    """Another value in the last place, the file as long as before."""
    array = np.load(file, allow_pickle=False)
    others = {"S": lambda _: b"Z", "b": lambda value: not value, "f": lambda _: 1}
    array[-1] = others.get(array.dtype.kind, lambda value: value + 1)(array[-1])
    if file.stem.endswith("_starts"):
        array[1] += 1
    np.save(file, array)


def test_an_index_as_it_was_built_has_no_difference(searchable: Searchable, folder: Path) -> None:
    assert embedded.verify(searchable.connection, folder) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_that_is_damaged_is_told(searchable: Searchable, folder: Path, column: str) -> None:
    before = Columns.open(folder)[column].copy()
    damage(folder / f"{column}.npy")
    assert Columns.open(folder)[column].tobytes() != before.tobytes()
    assert embedded.verify(searchable.connection, folder) != []


@pytest.mark.parametrize("part", PARTS)
def test_words_that_are_damaged_are_told(searchable: Searchable, folder: Path, part: str) -> None:
    damage(folder / f"{part}.npy")
    assert embedded.verify(searchable.connection, folder) != []


def test_another_word_is_told(searchable: Searchable, folder: Path) -> None:
    file = folder / "postings" / WORDS
    file.write_bytes(file.read_bytes().replace(b"port", b"pore"))
    assert "mots" in embedded.verify(searchable.connection, folder)[0]


@pytest.mark.parametrize("part", ["names/ranks", "postings/ranks", "postings/starts", "sphere", "name_order"])
def test_an_index_with_a_part_cut_short_does_not_open(folder: Path, part: str) -> None:
    assert embedded.opens(folder)
    file = folder / f"{part}.npy"
    np.save(file, np.load(file)[:-1])
    assert not embedded.opens(folder)
    file.unlink()
    assert not embedded.opens(folder)


def test_a_column_cut_short_or_missing_is_told(searchable: Searchable, folder: Path) -> None:
    (folder / "activites.npy").unlink()
    (told,) = embedded.verify(searchable.connection, folder)
    assert "search rebuild" in told
    (folder / "lon.npy").write_bytes((folder / "lon.npy").read_bytes()[:-4])
    (told,) = embedded.verify(searchable.connection, folder)
    assert "search rebuild" in told
