"""What is kept of each structure beside the words index is what PostgreSQL says of it."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from geo.filters import Filters
from search import embedded
from search.embedded.index import STORED, WordIndex
from search.embedded.stored import ROWS
from search.engine import Recalled
from search.query import Origin, SearchQuery, Sort
from search.results import Hit
from search.rows import read_structures
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE
from tests.search.conftest import Searchable

ROWS_OF_ALL_SORTS: list[dict[str, Any]] = [
    a_structure(
        finess="590000001",
        name="PHARMACIE DE L’ÉTOILE",
        name_key="PHARMACIE DE L ETOILE",
        at=LILLE,
        phones=["03 20 00 00 00"],
        siren="732829320",
    ),
    a_structure(finess="590000002", name="PHARMACIE SANS LIEU", naf=["47.73Z", "2025:47.73Y"], ej_finess="590000099"),
    a_structure(
        finess="330000003",
        name="EHPAD « LES ŒILLETS » 👵",
        name_key="EHPAD LES OEILLETS",
        categorie_no=500,
        at=BORDEAUX,
        open=False,
        closed_on=dt.date(2026, 1, 31),
        updated_on=dt.date(2026, 2, 1),
    ),
]


@pytest.fixture
def folder(searchable: Searchable) -> Path:
    searchable.index(*ROWS_OF_ALL_SORTS)
    return searchable.root / str(searchable.publication.version)


def recalled(searchable: Searchable, query: SearchQuery) -> Recalled | None:
    return searchable.engine.recalled(query, searchable.publication)


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(sort=Sort.NAME),
        SearchQuery(origin=Origin(LILLE.lon, LILLE.lat), sort=Sort.DISTANCE),
        SearchQuery(words="pharmacie", sort=Sort.RELEVANCE),
        SearchQuery(words="pharmacie", sort=Sort.RELEVANCE, explain=True),
    ],
)
def test_a_page_is_what_the_same_hits_read_from_postgresql_are(
    searchable: Searchable, folder: Path, query: SearchQuery
) -> None:
    answer = recalled(searchable, query)
    assert answer is not None
    found, structures = answer
    assert len(structures) >= 2
    assert found == searchable.ask(query)
    assert structures == read_structures(searchable.connection, found.hits, explain=query.explain)


def test_every_row_is_kept_whatever_it_holds(searchable: Searchable, folder: Path) -> None:
    hits = [Hit(id=row["id"], key=0.0) for row in ROWS_OF_ALL_SORTS]
    assert WordIndex(folder).structures(hits) == read_structures(searchable.connection, hits)


def test_a_number_is_postgresql_s_to_find(searchable: Searchable, folder: Path) -> None:
    assert recalled(searchable, SearchQuery(words="590000001", sort=Sort.RELEVANCE)) is None


def test_without_an_index_nothing_is_recalled(searchable: Searchable, folder: Path) -> None:
    (folder / STORED / ROWS).unlink()
    assert not embedded.opens(folder)
    assert recalled(searchable, SearchQuery()) is None
    assert searchable.ask(SearchQuery()).total == 2
    assert len(searchable.engine.ids(searchable.connection, "", Filters(), searchable.publication)) == 2


@pytest.mark.parametrize("instead", [b"\xc1", b"\x93"])
def test_bytes_that_are_no_row_are_left_to_postgresql_and_seen_by_verify(
    searchable: Searchable, folder: Path, instead: bytes
) -> None:
    content = (folder / STORED / ROWS).read_bytes()
    (folder / STORED / ROWS).write_bytes(instead + content[1:])  # of the first, by id
    everything = SearchQuery(filters=Filters(open_only=False))
    assert recalled(searchable, everything) is None
    assert searchable.ask(everything).total == 3
    (difference,) = embedded.verify(searchable.connection, folder)
    assert difference == "f330000003 : ce qui est gardé ne se lit pas"


def test_verify_names_the_structure_that_is_told_otherwise(searchable: Searchable, folder: Path) -> None:
    content = (folder / STORED / ROWS).read_bytes()
    assert b"03 20 00 00 00" in content
    (folder / STORED / ROWS).write_bytes(content.replace(b"03 20 00 00 00", b"03 20 99 99 99"))
    assert embedded.verify(searchable.connection, folder) == [
        "f590000001 : ce qui est gardé n’est pas ce que PostgreSQL dit"
    ]
