"""The worker brings the search server to what is published: once it answers, or by an index that must be made."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from etl import following, search_server
from etl.registers import journal, settling
from etl.rhythm import Rhythm
from geo.database import engine_for
from geo.search_server import SearchServer
from geo.settings import Settings
from search.elastic import sync
from tests.builders import a_structure, insert_structures, publish
from tests.conftest import fresh_database
from tests.elastic.conftest import a_client, search_with
from tests.opensearch.peer import Node
from tests.places import LILLE

QUICK = Rhythm(search_s=0.05, search_again_s=0.05)
PATIENCE_S = 60.0


@pytest.fixture
def server(node: Node) -> SearchServer:
    return node.server("suivi")


@pytest.fixture
def engine(
    server: SearchServer, server_url: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """An instance that has published, and told the server nothing."""
    with fresh_database(server_url, template=template) as url, a_client(server):
        search_with(monkeypatch, tmp_path, url, URL=server.urls[0], NAME=server.name)
        engine = engine_for(url)
        published(engine)
        yield engine
        engine.dispose()


def published(engine: Engine) -> int:
    with engine.begin() as connection:
        insert_structures(connection, [a_structure(at=LILLE)])
        return publish(connection)


def held_version(server: SearchServer) -> int | None:
    held = sync.held(server)
    return held.version if held else None


def kept_up_to(server: SearchServer, version: int) -> None:
    """Let the worker look, until the server holds a version."""

    async def until() -> None:
        keeping = asyncio.ensure_future(following.keep_up(Settings.from_environment(), QUICK))
        async with asyncio.timeout(PATIENCE_S):
            while await asyncio.to_thread(held_version, server) != version or settling.is_unfinished(
                Settings.from_environment().home
            ):
                assert not keeping.done(), keeping.result()
                await asyncio.sleep(0.05)
        keeping.cancel()

    asyncio.run(until())


def test_the_worker_makes_the_index_and_brings_it_to_each_publication(engine: Engine, server: SearchServer) -> None:
    kept_up_to(server, 1)
    kept_up_to(server, published(engine))


def test_a_server_that_is_away_is_caught_up_once_it_answers(
    engine: Engine, server: SearchServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept_up_to(server, 1)
    with monkeypatch.context() as away:
        away.setenv("LUM1_SEARCH_URL", "http://127.0.0.1:9")  # where nobody listens
        version = published(engine)
        assert not search_server.told(engine, purged=False)
        assert "sera mis à jour plus tard" in caplog.text
    kept_up_to(server, version)


def test_whoever_publishes_tells_it_at_once(engine: Engine, server: SearchServer) -> None:
    kept_up_to(server, 1)
    version = published(engine)
    assert search_server.told(engine, purged=False)
    assert held_version(server) == version


def test_a_withdrawal_that_the_server_did_not_hear_of_stays_to_be_finished(
    engine: Engine, server: SearchServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "LEASE_S", 0.0)  # how long files are waited for is tests/cluster's
    kept_up_to(server, 1)
    journal.keep(tmp_path, settling.UNFINISHED, b"")
    with monkeypatch.context() as away:
        away.setenv("LUM1_SEARCH_URL", "http://127.0.0.1:9")
        settling.finish(engine, tmp_path, tmp_path / "search")
    assert settling.is_unfinished(tmp_path)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM structure"))
        version = publish(connection)
    settling.finish(engine, tmp_path, tmp_path / "search")
    assert held_version(server) == version


def test_without_a_server_nothing_is_to_be_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LUM1_SEARCH")
    assert search_server.told(engine, purged=True)


@contextmanager
def listening(answer: bytes | None) -> Iterator[tuple[str, list[int]]]:
    """The address of what takes every connection and says these bytes to it, or nothing; one more in the list for each."""
    taken: list[int] = []
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def take() -> None:
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                taken.append(len(taken))
                kept.append(connection)
                if answer is not None:
                    connection.recv(65_536)
                    connection.sendall(answer)
                    connection.close()

        taking = threading.Thread(target=take)
        taking.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}", taken
        finally:
            door.shutdown(socket.SHUT_RDWR)
            taking.join()
            for each in kept:
                each.close()


def test_a_server_that_hangs_is_asked_once_by_who_withdraws(
    engine: Engine,
    server: SearchServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept_up_to(server, 1)
    journal.keep(tmp_path, settling.UNFINISHED, b"")
    with monkeypatch.context() as away, listening(None) as (address, taken):
        away.setenv("LUM1_SEARCH_URL", address)
        away.setenv("LUM1_SEARCH_TIMEOUT_S", "1")
        settling.finish(engine, tmp_path, tmp_path / "search")
        assert len(taken) == 1
    assert settling.is_unfinished(tmp_path)
    assert "Il garde jusque-là ce qui vient d’être retiré." in caplog.text
    kept_up_to(server, 1)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"null", b'{"version": {"number": 3}}', b"<html>Bonjour</html>"],
    ids=lambda body: body.decode(),
)
def test_whatever_it_answers_what_is_published_is_published(
    engine: Engine, server: SearchServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    kept_up_to(server, 1)
    said = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    with monkeypatch.context() as away, listening(said) as (address, _):
        away.setenv("LUM1_SEARCH_URL", address)
        assert not search_server.told(engine, purged=False)
    assert "sera mis à jour plus tard" in caplog.text
    assert "Bonjour" not in caplog.text
    assert search_server.told(engine, purged=False)
