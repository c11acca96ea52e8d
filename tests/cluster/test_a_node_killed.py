"""A node is killed amid searches and a load: nobody is refused, every answer is right, the load ends whole."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch

from geo.errors import NotAnswering
from geo.search_server import SearchServer
from search.elastic.engine import ElasticEngine
from search.elastic.indices import Indices
from tests.cluster.asking import QUESTIONS, against, ask, asking
from tests.cluster.conftest import Country, Loading, assert_agrees, assert_holds, shards_of
from tests.cluster.network import between
from tests.opensearch.peer import Cluster, Member

SOME = 20  # answers


@pytest.mark.parametrize("whom", [Cluster.manager, Cluster.other], ids=["elected manager", "another"])
def test_no_question_fails_and_the_load_beside_ends_whole(
    cluster: Cluster, server: SearchServer, client: Elasticsearch, country: Country, whom: Callable[[Cluster], Member]
) -> None:
    with between(cluster.urls) as network:
        through = replace(server, urls=network.urls)
        first = country.build(through)
        killed = whom(cluster)
        network.when(network.bulk_bytes // 2, killed.kill)
        engine = ElasticEngine(server, client)
        with asking(against(engine, country.publication, country.truth()), QUESTIONS, country.connect) as people:
            people.wait_for(SOME)
            load = Loading(country, through)
            load.start()
            while killed.runs:
                people.wait_for(1)
            people.wait_for(2 * SOME)
            killed.start()  # of the index that is being filled there is one copy, which it may have
            built = load.ended()
            cluster.start()
            people.wait_for(SOME)
    assert Indices(client, server.name).all() == [first.index, built.index]
    assert_holds(cluster, server, country, built.index)


def test_what_was_just_served_is_copied_already_and_an_answer_is_of_every_shard_or_is_none(
    cluster: Cluster, server: SearchServer, country: Country
) -> None:
    without_copies = replace(server, name=f"{server.name}-seul", shards=3, replicas=0)
    country.build(without_copies)
    incomplete = ElasticEngine(without_copies)
    assert_agrees(incomplete, country)

    built = country.build(server)
    holder(cluster, built.index).kill()
    assert_agrees(ElasticEngine(server), country)
    with country.connect() as connection:
        for asked in QUESTIONS:
            with pytest.raises(NotAnswering):
                ask(incomplete, connection, country.publication, asked)


def holder(cluster: Cluster, index: str) -> Member:
    """Who has a primary of it."""
    name = next(each["node"] for each in shards_of(cluster, index) if each["prirep"] == "p")
    return next(each for each in cluster.members if each.name == name)
