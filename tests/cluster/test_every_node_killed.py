"""Every node is killed: what is here answers and says so, until they are back, without a restart."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from geo.errors import NotReady
from geo.filters import Filters
from geo.search_server import SearchServer
from geo.settings import Settings
from search import breaker
from search.elastic.engine import NAME as ELASTIC
from search.engine import NAME as EMBEDDED
from search.engine import Engine, Speaks, engine_of
from search.query import Origin, SearchQuery, Sort
from tests.cluster.asking import QUESTIONS, Drawn, Typed, ask, assert_same_answer
from tests.cluster.conftest import Country
from tests.opensearch.peer import Cluster
from tests.places import LILLE

BACK_S = 60.0
WORDS = SearchQuery(words="pharmacie", sort=Sort.RELEVANCE)
NO_WORDS = (
    SearchQuery(sort=Sort.NAME),
    SearchQuery(sort=Sort.DISTANCE, origin=Origin(LILLE.lon, LILLE.lat)),
    SearchQuery(sort=Sort.NAME, filters=Filters(departements=("59", "974"), open_only=False)),
)


@pytest.fixture(autouse=True)
def _soon_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PAUSE_S", 0.5)
    monkeypatch.setattr(breaker, "LONGEST_PAUSE_S", 0.5)


def test_what_is_here_answers_until_they_are_back(cluster: Cluster, server: SearchServer, country: Country) -> None:
    country.build(server)
    guarded = engine_for_instance(country, replace(server, fallback=True))
    alone = engine_for_instance(country, server)
    truth = country.truth(QUESTIONS)
    with country.connect() as connection:
        assert [each.check(country.publication) for each in (guarded, alone)] == [Speaks(ELASTIC)] * 2
        assert_answers(guarded, connection, country, ELASTIC)

        for each in cluster.members:
            each.kill()

        for asked, answer in truth.items():
            assert_same_answer(answer, ask(guarded, connection, country.publication, asked), asked)
        assert_answers(guarded, connection, country, EMBEDDED)
        assert guarded.check(country.publication) == Speaks(EMBEDDED, stands_in=True)
        assert guarded.is_replaced

        for words in (WORDS, Typed("pharm"), Drawn("pharmacie")):
            with pytest.raises(NotReady):
                ask(alone, connection, country.publication, words)
        for asked in NO_WORDS:
            found = alone.search(connection, asked, country.publication)
            assert found.engine == EMBEDDED
            assert_same_answer(ask(country.embedded, connection, country.publication, asked), found, asked)
        assert alone.check(country.publication) == Speaks(EMBEDDED, words=False, stands_in=True)

        cluster.start()
        for engine in (guarded, alone):
            wait_until_it_speaks(engine, country)
            for asked, answer in truth.items():
                assert_same_answer(answer, ask(engine, connection, country.publication, asked), asked)
            assert_answers(engine, connection, country, ELASTIC)
            assert not engine.is_replaced


def engine_for_instance(country: Country, server: SearchServer) -> Engine:
    """As an instance of these settings has it."""
    return engine_of(Settings(home=country.home, database_url=country.database_url, search_server=server))


def assert_answers(engine: Engine, connection: Connection, country: Country, name: str) -> None:
    for asked in (WORDS, *NO_WORDS):
        assert engine.search(connection, asked, country.publication).engine == name


def wait_until_it_speaks(engine: Engine, country: Country) -> None:
    end = time.monotonic() + BACK_S
    while engine.check(country.publication).stands_in:
        assert time.monotonic() < end
        time.sleep(0.1)
