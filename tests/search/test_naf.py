"""naf=: the codes of both nomenclatures, with and without words; names that SIRENE gives are found."""

import pytest

from geo.filters import Filters
from search.query import SearchQuery, Sort
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE
from tests.search.conftest import Searchable

GENERALIST, DENTIST, BOTH = "CABINET DU DR PETIT", "CABINET DENTAIRE", "CABINET DES DEUX"


@pytest.fixture
def surgeries(searchable: Searchable) -> Searchable:
    searchable.index(
        a_structure(name=GENERALIST, at=LILLE, naf=["86.21Z", "2025:86.21Y"]),
        a_structure(name=DENTIST, at=LILLE, naf=["86.23Z"]),
        a_structure(name=BOTH, at=BORDEAUX, naf=["86.21Z", "86.23Z"]),
        a_structure(name="CABINET SANS CODE", at=LILLE),
    )
    return searchable


@pytest.mark.parametrize("words", ["", "cabinet"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("86.21Z",), [BOTH, GENERALIST]),
        (("2025:86.21Y",), [GENERALIST]),
        (("86.21Y",), []),  # of rév. 2, which has no such code
        (("86.21Z", "86.23Z"), [DENTIST, BOTH, GENERALIST]),
    ],
)
def test_one_of_the_codes_asked_is_enough(
    surgeries: Searchable, words: str, asked: tuple[str, ...], found: list[str]
) -> None:
    query = SearchQuery(words=words, filters=Filters(naf=asked), sort=Sort.NAME)
    assert surgeries.names(query) == found
    assert surgeries.ask(query).total == len(found)


def test_a_structure_is_found_by_a_name_that_only_sirene_has(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMACIE DU PONT", aliases=["Grande Pharmacie Zibeline"]),
        a_structure(name="PHARMACIE DU PORT"),
    )
    assert searchable.names(SearchQuery(words="zibeline", sort=Sort.RELEVANCE)) == ["PHARMACIE DU PONT"]
