"""An index is made beside the one served, verified, swapped at once; two are kept, and one command goes back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from geo.errors import NotAnswering, NotReady
from geo.search_server import SearchServer
from search.elastic import doctor, documents, indexing, verification
from search.elastic.engine import ElasticEngine
from search.elastic.indices import Indices
from search.query import SearchQuery
from tests.builders import a_structure, insert_structures, publish
from tests.elastic.conftest import Both
from tests.places import LILLE


@pytest.fixture
def indices(server: SearchServer, client: Elasticsearch) -> Indices:
    return Indices(client, server.name)


def test_before_the_first_index_nothing_is_ready(both: Both) -> None:
    publish(both.connection)
    with pytest.raises(NotReady, match=r"\./lum1 search build"):
        both.elastic.check(both.publication)
    with pytest.raises(NotReady, match=r"\./lum1 search build"):
        both.ask(both.elastic, SearchQuery())


def test_nothing_is_indexed_before_the_first_publication(both: Both) -> None:
    both.connection.execute(text("DELETE FROM current_publication"))
    with pytest.raises(NotReady, match="refresh finess"):
        indexing.build(both.client, both.server, both.connection)


def test_the_new_index_answers_at_once_and_the_one_before_stays(both: Both, indices: Indices) -> None:
    both.index(a_structure(name="AVANT"))
    first = indices.served()
    both.index(a_structure(name="APRES"), a_structure(name="APRES AUSSI"))
    assert indices.all() == [first, indices.served()]
    assert both.ask(both.elastic, SearchQuery()).total == 2
    both.index(a_structure())
    assert first not in indices.all()
    assert len(indices.all()) == 2


def test_the_same_publication_may_be_indexed_again(both: Both, indices: Indices) -> None:
    both.index(a_structure(at=LILLE))
    version = both.publication.version
    built = indexing.build(both.client, both.server, both.connection)
    assert (built.index, built.written) == (f"{both.server.name}-{version}-2", 1)
    assert indices.served() == built.index


def test_going_back_serves_the_index_before(both: Both, indices: Indices) -> None:
    both.index(a_structure(name="AVANT"))
    first = indices.served()
    both.index(a_structure(name="APRES"), a_structure(name="APRES AUSSI"))
    assert indexing.back(both.server)[0] == first
    alone = ElasticEngine(replace(both.server, fallback=False), both.client)
    assert both.ask(alone, SearchQuery()).total == 1
    with pytest.raises(NotAnswering, match="autre publication"):  # the index in the home has it
        both.ask(both.elastic, SearchQuery())
    with pytest.raises(NotReady, match="plus ancien"):
        indexing.back(both.server)


def test_after_a_withdrawal_no_older_index_is_kept(both: Both, indices: Indices) -> None:
    both.index(a_structure(name="RETIREE"))
    built = indexing.build(both.client, both.server, both.connection, alone=True)
    assert indices.all() == [built.index]


def test_an_interrupted_build_leaves_what_is_served_and_nothing_else(
    both: Both, indices: Indices, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.index(a_structure())
    served = indices.served()

    def interrupted(*_: object, **__: object) -> Iterator[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(indexing, "differences", interrupted)
    with pytest.raises(KeyboardInterrupt):
        indexing.build(both.client, both.server, both.connection)
    assert (indices.all(), indices.served()) == ([served], served)


def test_a_document_that_the_mapping_does_not_know_is_refused(
    both: Both, indices: Indices, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.index(a_structure())
    served = indices.served()
    told = documents.told

    def told_more(*row: Any) -> dict[str, Any]:
        return told(*row) | {"inconnu": 1}

    monkeypatch.setattr(indexing, "told", told_more)
    with pytest.raises(NotReady, match="inconnu"):
        indexing.build(both.client, both.server, both.connection)
    assert (indices.all(), indices.served()) == ([served], served)


def test_verification_tells_what_differs(both: Both, connection: Connection) -> None:
    both.index(a_structure(finess="990000001", at=LILLE), a_structure(finess="990000002"))
    assert verification.of_what_is_served(connection, both.server) == []
    connection.execute(text("UPDATE structure SET name_key = 'AUTRE' WHERE id = 'f990000001'"))
    insert_structures(connection, [a_structure(finess="990000003", categorie_no=500, at=LILLE)])
    told = verification.of_what_is_served(connection, both.server)
    assert "categorie_no 500 : 0 structures indexées, 1 attendues" in told
    assert "departement 59 : 1 structures indexées, 2 attendues" in told
    assert any(line.startswith("f990000001 : name_key") for line in told)
    assert any(line.startswith("f990000003 : ") for line in told)


def test_an_index_of_another_form_is_not_read(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "form", lambda: "0")
    both.index(a_structure())
    monkeypatch.undo()
    with pytest.raises(NotReady, match="autre version du programme"):
        both.ask(both.elastic, SearchQuery())


def test_the_doctor_names_the_server_and_what_it_answers_from(both: Both) -> None:
    publish(both.connection)
    assert doctor.told(both.server, both.publication) == ("OpenSearch 3.8.0, sans index", False)
    both.index(a_structure())
    version = both.publication.version
    found, current = doctor.told(both.server, both.publication)
    assert current
    assert found == f"OpenSearch 3.8.0, index {both.server.name}-{version}, 1 structures"
    publish(both.connection)
    found, current = doctor.told(both.server, both.publication)
    assert not current
    assert "est servie" in found
