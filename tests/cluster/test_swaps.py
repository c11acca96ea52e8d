"""The alias moves again and again under questions: none fails, and each answer is of one publication alone."""

from collections import Counter

from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from geo.search_server import SearchServer
from search.elastic import indexing
from search.elastic.engine import ElasticEngine
from search.results import Found
from tests.cluster.asking import WITH_FACETS, Asked, ask, asking, assert_same_answer
from tests.cluster.conftest import Country
from tests.opensearch.peer import Cluster

TIMES = 3
BETWEEN = 20  # answers


def half(connection: Connection) -> None:
    """Every other structure is gone, and none of those that stay has the name it had."""
    connection.execute(text("DELETE FROM structure WHERE hashtext(id) % 2 = 0"))
    connection.execute(text("UPDATE structure SET name = 'LE ' || name, name_key = 'LE ' || name_key"))


def test_no_question_fails_and_no_answer_mixes_two_publications(
    cluster: Cluster, server: SearchServer, client: Elasticsearch, country: Country, another: Country
) -> None:
    engine = ElasticEngine(server, client)
    another.publish(half)
    before, after = country.truth(WITH_FACETS), another.truth(WITH_FACETS)
    for asked in WITH_FACETS:
        assert_nothing_in_common(before[asked], after[asked])
    answers: Counter[str] = Counter()

    def ask_one(connection: Connection, asked: Asked) -> None:
        answer = ask(engine, connection, country.publication, asked)
        of = "after" if answer.total == after[asked].total else "before"
        assert_same_answer((after if of == "after" else before)[asked], answer, asked)
        answers[of] += 1

    country.build(server)
    with asking(ask_one, WITH_FACETS, country.connect) as people:
        for _ in range(TIMES):
            another.build(server)
            people.wait_for(BETWEEN)
            indexing.back(server)
            people.wait_for(BETWEEN)
            country.build(server)
    assert min(answers["before"], answers["after"]) > BETWEEN


def assert_nothing_in_common(before: Found, after: Found) -> None:
    """So that an answer that mixed the two would be neither."""
    assert before.total != after.total
    assert [hit.id for hit in before.hits] != [hit.id for hit in after.hits]
    assert before.facets != after.facets
