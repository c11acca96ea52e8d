"""What changed is told while a node is killed, the network cut, the process killed: run again, the index is PostgreSQL's."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from geo.errors import NotAnswering
from geo.search_server import SearchServer
from geo.settings import REPOSITORY
from search.elastic.engine import ElasticEngine
from search.elastic.indices import Indices
from tests.builders import a_structure, insert_structures
from tests.cluster import follower
from tests.cluster.conftest import Country, assert_agrees, assert_holds, shards_of
from tests.cluster.network import between
from tests.opensearch.peer import Cluster
from tests.places import LILLE

NOTED, WRITTEN = 20_000, 200_000  # bytes: amid the words there were before, amid the documents of now


def some_change(connection: Connection) -> None:
    """A fifth is renamed, a tenth is gone, some are new."""
    connection.execute(
        text("UPDATE structure SET name = name || ' BIS', name_key = name_key || ' BIS' WHERE hashtext(id) % 5 = 0")
    )
    connection.execute(text("DELETE FROM structure WHERE hashtext(id) % 10 = 1"))
    insert_structures(connection, [a_structure(at=LILLE, name=f"PHARMACIE NOUVELLE {n}") for n in range(20)])


def a_little_more(connection: Connection) -> None:
    """Some of the same again, and others."""
    connection.execute(
        text("UPDATE structure SET name = name || ' TER', name_key = name_key || ' TER' WHERE hashtext(id) % 7 = 0")
    )


def test_a_node_is_killed_amid_it(
    cluster: Cluster, server: SearchServer, client: Elasticsearch, another: Country
) -> None:
    with between(cluster.urls) as network:
        through = replace(server, urls=network.urls)
        built = another.build(through)
        name = next(each["node"] for each in shards_of(cluster, built.index) if each["prirep"] == "p")
        killed = next(each for each in cluster.members if each.name == name)
        network.when(WRITTEN, killed.kill)
        another.publish(some_change)
        told = another.follow(through)
        assert not killed.runs
        assert told.index == built.index
        assert_agrees(ElasticEngine(server, client), another)
    cluster.start()
    assert_holds(cluster, server, another, built.index)


def test_the_network_is_cut_amid_it(
    cluster: Cluster, server: SearchServer, client: Elasticsearch, another: Country
) -> None:
    with between(cluster.urls) as network:
        through = replace(server, urls=network.urls)
        built = another.build(through)
        for at in (NOTED, WRITTEN):
            another.publish(some_change)
            network.when(at, network.cut)
            with pytest.raises(NotAnswering):
                another.follow(through)
            assert network.is_cut
            another.publish(a_little_more)
            network.mend()
            assert another.follow(through).index == built.index
            assert_holds(cluster, server, another, built.index)
    assert_agrees(ElasticEngine(server, client), another)


def test_the_process_is_killed_as_it_begins_each_step(
    cluster: Cluster, server: SearchServer, client: Elasticsearch, another: Country
) -> None:
    built = another.build(server)
    for step in follower.STEPS:
        another.publish(some_change)
        told = [another.database_url, ",".join(cluster.urls), server.name, step]
        done = subprocess.run([sys.executable, "-m", follower.__name__, *told], cwd=REPOSITORY, check=False)
        assert done.returncode == -signal.SIGKILL, step
        another.publish(a_little_more)
        assert another.follow(server).index == built.index
        assert_holds(cluster, server, another, built.index)
    assert_agrees(ElasticEngine(server, client), another)
    assert Indices(client, server.name).all() == [built.index]
