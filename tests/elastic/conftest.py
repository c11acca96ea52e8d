"""A real node for the session, and both engines over the same rows."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from geo import outbox
from geo.database import engine_for
from geo.filters import Filters
from geo.publication import Publication, served_publication
from geo.search_server import SearchServer
from search import embedded
from search.elastic import indexing
from search.elastic.connect import connected
from search.elastic.engine import ElasticEngine
from search.engine import Engine, SearchEngine
from search.query import Cursor, Origin, SearchQuery
from search.results import Found, Hit, Suggestion, next_cursor
from tests.builders import insert_structures, publish
from tests.conftest import fresh_database
from tests.opensearch.peer import Node, missing, running_node
from tiles import counts

_names = itertools.count(1)
JSON = "application/json"


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    if why := missing():
        pytest.skip(f"{why} : essai sur un vrai moteur sauté")
    with running_node() as running:
        yield running


@pytest.fixture
def server(node: Node) -> SearchServer:
    """The node under a name of the test's own."""
    return node.server(f"essai{next(_names)}")


@contextmanager
def a_client(server: SearchServer) -> Iterator[Elasticsearch]:
    """Patient, as commands are: it makes indexes. What it makes under the server's name leaves with it."""
    with connected(server, patient=True) as client:
        yield client
        client.indices.delete(index=f"{server.name}-*")


@pytest.fixture
def client(server: SearchServer) -> Iterator[Elasticsearch]:
    with a_client(server) as client:
        yield client


class Both:
    """The engines side by side, on what a transaction holds."""

    def __init__(self, connection: Connection, root: Path, server: SearchServer, client: Elasticsearch) -> None:
        self.connection = connection
        self.root = root
        self.server = server
        self.client = client
        outbox.register(connection, server.consumer)
        self.embedded: Engine = SearchEngine(root)
        self.elastic: Engine = ElasticEngine(server, client)

    def index(self, *rows: dict[str, Any]) -> None:
        """Replace what there is by these rows, on both."""
        self.connection.execute(text("DELETE FROM structure"))
        insert_structures(self.connection, rows)
        self.index_what_is_there()

    def index_what_is_there(self) -> None:
        version = publish(self.connection)
        counts.build(self.connection)
        embedded.build(self.connection, self.root / str(version))
        indexing.build(self.client, self.server, self.connection)

    @property
    def engines(self) -> tuple[Engine, Engine]:
        return self.embedded, self.elastic

    @property
    def publication(self) -> Publication:
        found = served_publication(self.connection)
        assert found is not None
        return found

    def ask(self, engine: Engine, query: SearchQuery) -> Found:
        return engine.search(self.connection, query, self.publication)

    def every_hit(self, engine: Engine, query: SearchQuery) -> list[Hit]:
        """Those of each page, through cursors, to the end."""
        return self._every_hit([engine], query)

    def every_hit_by_turns(self, query: SearchQuery) -> list[Hit]:
        """The same, each page from the other engine."""
        return self._every_hit(self.engines, query)

    def _every_hit(self, engines: Sequence[Engine], query: SearchQuery) -> list[Hit]:
        hits: list[Hit] = []
        cursor: Cursor | None = None
        for engine in itertools.cycle(engines):
            found = engine.search(self.connection, _at(query, cursor), self.publication)
            hits += found.hits
            if not found.more:
                return hits
            cursor = next_cursor("", self.publication.version, found.hits, cursor.seen if cursor else 0)
        raise AssertionError("un cycle ne finit pas")

    def suggest(self, engine: Engine, words: str, origin: Origin | None = None, limit: int = 8) -> list[Suggestion]:
        return engine.suggest(self.connection, words, origin, limit, self.publication)

    def placed(self, engine: Engine, words: str, filters: Filters) -> list[tuple[str, float, float]]:
        found = engine.placed(self.connection, words, filters, self.publication)
        return list(zip(found.ids, found.lon, found.lat, strict=True))


def _at(query: SearchQuery, cursor: Cursor | None) -> SearchQuery:
    members = {name: getattr(query, name) for name in query.__struct_fields__}
    return SearchQuery(**members | {"cursor": cursor})


class Kept:
    """Makes engines side by side that several tests only read: in a database and an index of their own, until the file ends."""

    def __init__(self, node: Node, server_url: str, template: str, folder: Path) -> None:
        self._node = node
        self._server_url = server_url
        self._template = template
        self._folder = folder

    @contextmanager
    def both(self, name: str) -> Iterator[Both]:
        """`name`: of the index."""
        server = self._node.server(name)
        with fresh_database(self._server_url, template=self._template) as url, a_client(server) as client:
            engine = engine_for(url)
            with engine.connect() as connection:
                yield Both(connection, self._folder / name, server, client)
            engine.dispose()


@pytest.fixture(scope="session")
def kept(node: Node, server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(node, server_url, template, tmp_path_factory.mktemp("moteurs"))


@pytest.fixture
def both(connection: Connection, tmp_path: Path, server: SearchServer, client: Elasticsearch) -> Both:
    return Both(connection, tmp_path / "search", server, client)


class Answering(BaseHTTPRequestHandler):
    """Says of itself what the test wants said, and keeps the headers it was asked with."""

    server: Any

    def do_GET(self) -> None:
        self.server.headers_seen.append({name.lower(): value for name, value in self.headers.items()})
        kind = self.server.kind
        body = json.dumps(self.server.answer).encode() if kind == JSON else self.server.answer.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def answering() -> Iterator[Callable[..., Any]]:
    """A server that answers so, on the loopback."""
    running = []

    def made(answer: Any, status: int = 200, kind: str = JSON) -> Any:
        server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        server.answer, server.status, server.kind, server.headers_seen = answer, status, kind, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return server

    yield made
    for server in running:
        server.shutdown()
        server.server_close()


def at(server: Any, **options: Any) -> SearchServer:
    return SearchServer(urls=(f"http://127.0.0.1:{server.server_port}",), **options)


def search_with(monkeypatch: pytest.MonkeyPatch, home: Path, database_url: str, **server: str) -> None:
    """The environment of an instance whose search server is this one, by the names of its settings."""
    of_instance = {"HOME": str(home), "DATABASE_URL": database_url, "SCHEDULE": "0", "SEARCH": "elasticsearch"}
    of_server = {f"SEARCH_{name}": value for name, value in ({"REPLICAS": "0"} | server).items()}
    for name, value in (of_instance | of_server).items():
        monkeypatch.setenv(f"LUM1_{name}", value)
