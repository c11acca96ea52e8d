"""Saved searches may be percolated: the query that a question becomes is kept as it is, and finds the documents it would find."""

import datetime as dt

import pytest
from elasticsearch import Elasticsearch

from geo.filters import Circle, Filters
from geo.search_server import SearchServer
from search.elastic.conditions import all_of, conditions
from search.elastic.indices import Indices, OpenIndices
from search.elastic.mapping import PROPERTIES
from search.elastic.reading import Reader
from search.readings import question_of
from tests.builders import a_structure
from tests.elastic.conftest import Both
from tests.places import BORDEAUX, LILLE

FOUND, NOT_FOUND = "f990000001", "f990000002"
SQUARE = (((2.9, 50.5), (3.2, 50.5), (3.2, 50.7), (2.9, 50.7), (2.9, 50.5)),)
SAVED = {
    "in a circle": Filters(circle=Circle(LILLE.lon, LILLE.lat, 2_000)),
    "in a box": Filters(bbox=(2.9, 50.5, 3.2, 50.7)),
    "in a polygon": Filters(polygon=SQUARE),
    "of a category": Filters(categories=(365,)),
    "of a département": Filters(departements=(LILLE.departement,)),
    "with a telephone": Filters(telephone=True),
    "changed since a day": Filters(maj_depuis=dt.date(2026, 11, 1)),
    "of a NAF": Filters(naf=("86.10Z",)),
}


@pytest.fixture
def saved(both: Both) -> str:
    """An index of saved searches: a `percolator` beside the very fields of structures."""
    both.index(
        a_structure(
            finess=FOUND[1:],
            at=LILLE,
            name="CLINIQUE DU PARC",
            categorie_no=365,
            phones=["0300000000"],
            updated_on=dt.date(2026, 11, 20),
            naf=["86.10Z"],
        ),
        a_structure(finess=NOT_FOUND[1:], at=BORDEAUX, name="FOYER DES LILAS", updated_on=dt.date(2020, 1, 1)),
    )
    index = f"{both.server.name}-recherches"
    properties = {**PROPERTIES, "query": {"type": "percolator"}}
    both.client.indices.create(index=index, mappings={"dynamic": "strict", "properties": properties})
    for name, filters in SAVED.items():
        both.client.index(index=index, id=name, document={"query": all_of(conditions(filters).values())})
    for name, words in (("words", "clinique parc lille"), ("misspelt", "cliniqe parc")):
        both.client.index(index=index, id=name, document={"query": sought(both.client, both.server, words)})
    both.client.indices.refresh(index=index)
    return index


def sought(client: Elasticsearch, server: SearchServer, words: str) -> object:
    """What the strictest reading that may find something seeks."""
    opened = OpenIndices(client, Indices(client, server.name)).served()
    return next(Reader(client, opened).readings(question_of(words), open_only=True)).sought


def test_each_saved_search_finds_the_structure_that_it_would_find(both: Both, saved: str) -> None:
    def finding(structure: str) -> set[str]:
        told = both.client.get(index=Indices(both.client, both.server.name).served() or "", id=structure)["_source"]
        query = {"percolate": {"field": "query", "document": told}}
        return {hit["_id"] for hit in both.client.search(index=saved, query=query, size=100)["hits"]["hits"]}

    assert finding(FOUND) == {*SAVED, "words", "misspelt"}
    assert finding(NOT_FOUND) == set()
