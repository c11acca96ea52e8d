"""Three real nodes for the session, and an invented country whose embedded index says what is true."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from etl import demo
from geo.database import engine_for
from geo.publication import Publication, served_publication
from geo.search_server import SearchServer
from search import embedded
from search.elastic import sync, verification
from search.elastic.connect import connected
from search.elastic.indexing import Built
from search.engine import Engine, SearchEngine
from tests.builders import publish
from tests.cluster.asking import QUESTIONS, Answer, Asked, ask, assert_same_answer
from tests.conftest import fresh_database
from tests.opensearch.peer import Cluster, missing, running_cluster
from tests.relevance.corpora import fill, structures_of

SIZE, SEED = 2_000, 5
_names = itertools.count(1)


@pytest.fixture(scope="session")
def nodes() -> Iterator[Cluster]:
    if why := missing():
        pytest.skip(f"{why} : essai sur trois nœuds sauté")
    with running_cluster(3) as running:
        yield running


@pytest.fixture
def cluster(nodes: Cluster) -> Iterator[Cluster]:
    """Whole when the test begins, and emptied of what it made."""
    nodes.start()
    yield nodes
    nodes.start()
    with connected(nodes.server("lum1"), patient=True) as client:
        client.indices.delete(index="essai*")


@pytest.fixture
def server(cluster: Cluster) -> SearchServer:
    """Under a name of the test's own."""
    return cluster.server(f"essai{next(_names)}")


@pytest.fixture
def client(server: SearchServer) -> Iterator[Elasticsearch]:
    """A person's."""
    with connected(server) as client:
        yield client


class Country:
    """Structures committed to a database, published, with their index in a home."""

    publication: Publication

    def __init__(self, database_url: str, home: Path) -> None:
        self.database_url = database_url
        self.home = home
        self.embedded = SearchEngine(home / "search")
        self._engine = engine_for(database_url, pool_size=16)

    def connect(self) -> Connection:
        return self._engine.connect()

    def publish(self, change: Callable[[Connection], object]) -> None:
        """What a change leaves."""
        with self._engine.begin() as connection:
            change(connection)
            embedded.build(connection, self.home / "search" / str(publish(connection)))
            found = served_publication(connection)
        assert found is not None
        self.publication = found

    def build(self, server: SearchServer) -> Built:
        """As `./lum1 search build` does."""
        return sync.follow(self._engine, server, anew=True)

    def follow(self, server: SearchServer, *, alone: bool = False) -> Built:
        """As `./lum1 search sync` does, where another index would be a surprise."""
        return sync.follow(self._engine, server, alone=alone, may_build=False)

    def truth(self, questions: Iterable[Asked] = QUESTIONS) -> dict[Asked, Answer]:
        """What the embedded engine answers, by question."""
        with self.connect() as connection:
            return {each: ask(self.embedded, connection, self.publication, each) for each in questions}

    def ids(self) -> list[str]:
        with self.connect() as connection:
            return list(connection.scalars(text("SELECT id FROM structure ORDER BY id")))

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def a_country(server_url: str, template: str, home: Path) -> Iterator[Country]:
    with fresh_database(server_url, template=template) as url:
        country = Country(url, home)
        yield country
        country.close()


@pytest.fixture(scope="session")
def country(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """That no test changes."""
    files = demo.generate(tmp_path_factory.mktemp("demo"), size=SIZE, seed=SEED)
    structures = structures_of(files.finess)
    with a_country(server_url, template, tmp_path_factory.mktemp("pays")) as made:
        made.publish(lambda connection: fill(connection, structures))
        yield made


@pytest.fixture
def another(server_url: str, country: Country, tmp_path: Path) -> Iterator[Country]:
    """The same, of the test's own."""
    country.close()  # nobody may be connected to what is copied
    with a_country(server_url, country.database_url, tmp_path) as made:
        made.publish(lambda _: None)
        yield made


class Loading(threading.Thread):
    """An index made beside everything else."""

    def __init__(self, country: Country, server: SearchServer) -> None:
        super().__init__(daemon=True)
        self._make = lambda: country.build(server)
        self._built: Built | None = None
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._built = self._make()
        except BaseException as failure:
            self._failure = failure

    def ended(self) -> Built:
        """What it made, or why it did not."""
        self.join()
        if self._failure is not None:
            raise self._failure
        assert self._built is not None
        return self._built


def assert_holds(cluster: Cluster, server: SearchServer, country: Country, index: str) -> None:
    """Each copy of what is served has every structure of PostgreSQL once, as it is there."""
    copies = shards_of(cluster, index)
    assert [each["state"] for each in copies] == ["STARTED"] * (1 + server.replicas)
    for each in copies:
        assert _held(cluster, index, each["id"]) == country.ids(), each
    with country.connect() as connection:
        assert verification.of_what_is_served(connection, server) == []


def assert_agrees(engine: Engine, country: Country) -> None:
    """Every question has the embedded engine's answer."""
    with country.connect() as connection:
        for asked, answer in country.truth().items():
            assert_same_answer(answer, ask(engine, connection, country.publication, asked), asked)


def shards_of(cluster: Cluster, index: str) -> list[dict[str, str]]:
    """Each copy: whether a primary (`prirep`), where, whether it answers."""
    asked = f"{cluster.alive.url}/_cat/shards/{index}?format=json&h=prirep,node,id,state"
    found: list[dict[str, str]] = requests.get(asked, timeout=30).json()
    return found


def _held(cluster: Cluster, index: str, node: str) -> list[str]:
    """The ids that a node's copy holds, in order; one that is there twice, twice."""
    asked = f"{cluster.alive.url}/{index}/_search?preference=_only_nodes:{node}&size=10000&_source=false&sort=id"
    return [each["_id"] for each in requests.get(asked, timeout=30).json()["hits"]["hits"]]
