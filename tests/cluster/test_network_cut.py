"""The network is cut half-way through a bulk request: what is served goes on, and nothing half is left once it is back."""

from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch

from geo.errors import NotAnswering, NotReady
from geo.search_server import SearchServer
from search.elastic import indexing
from search.elastic.engine import ElasticEngine
from search.elastic.indices import Indices
from tests.cluster.asking import QUESTIONS, against, asking
from tests.cluster.conftest import Country, assert_holds
from tests.cluster.network import between
from tests.opensearch.peer import Cluster


def test_a_load_that_is_cut_leaves_what_is_served_and_is_made_again(
    cluster: Cluster, server: SearchServer, client: Elasticsearch, country: Country
) -> None:
    engine, indices = ElasticEngine(server, client), Indices(client, server.name)
    with between(cluster.urls) as network:
        through = replace(server, urls=network.urls)
        first = country.build(through)
        with asking(against(engine, country.publication, country.truth()), QUESTIONS, country.connect) as people:
            network.when(network.bulk_bytes // 2, network.cut)
            with pytest.raises(NotAnswering, match="ne répond pas"):
                country.build(through)
            assert network.is_cut
            assert indices.served() == first.index
            people.wait_for(len(QUESTIONS))

            network.mend()
            half = [each for each in indices.all() if each != first.index]
            assert len(half) == 1  # nobody could delete it
            with pytest.raises(NotReady, match="plus ancien"):
                indexing.back(through)  # nor is it gone back to
            again = country.build(through)
            people.wait_for(len(QUESTIONS))
    assert indices.all() == [first.index, again.index]
    assert_holds(cluster, server, country, again.index)


def test_a_connection_that_is_reset_is_a_request_asked_again_and_no_document_twice(
    cluster: Cluster, server: SearchServer, country: Country
) -> None:
    with between(cluster.urls) as network:

        def hiccup() -> None:
            network.cut()
            network.mend()

        network.when(200_000, hiccup)
        built = country.build(replace(server, urls=network.urls))
    assert_holds(cluster, server, country, built.index)
