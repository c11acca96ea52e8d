"""Words on both engines: the same readings, the same scores by name, as good to who judges; lines under the search box."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Connection, text

from etl import demo, merge
from geo.database import engine_for
from geo.filters import Circle, Filters
from search.query import Facet, Origin, SearchQuery, Sort
from tests.builders import a_structure, insert_load
from tests.conftest import fresh_database
from tests.elastic.agreement import assert_same
from tests.elastic.conftest import Both, a_client
from tests.opensearch.peer import Node
from tests.places import LILLE, LORIENT, PARIS_13
from tests.relevance import judged, measure
from tests.relevance.corpora import structures_of
from tests.relevance.summary import PROPERTY
from tests.relevance.test_relevance import DEMO_SEED, DEMO_SIZE, NATIONAL, SETS

TWO_POINTS = 0.02  # of nDCG@10
DEPARTEMENT = "35"
ONE_IN = 5  # questions of the national set: each is asked in four ways, of both


@pytest.fixture(scope="module")
def structures(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    files = demo.generate(tmp_path_factory.mktemp("demo"), size=DEMO_SIZE, seed=DEMO_SEED)
    return structures_of(files.finess)


@pytest.fixture(scope="module")
def invented(
    node: Node, server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory, structures: pl.DataFrame
) -> Iterator[Both]:
    """The invented country, indexed once for the file."""
    server = node.server("invente")
    with fresh_database(server_url, template=template) as url, a_client(server) as client:
        engine = engine_for(url)
        with engine.connect() as connection:
            both = Both(connection, tmp_path_factory.mktemp("invente"), server, client)
            fill(both, structures)
            yield both
        engine.dispose()


def fill(both: Both, structures: pl.DataFrame) -> None:
    """As a load would, in the test's own transaction."""
    connection: Connection = both.connection
    connection.execute(text("DELETE FROM structure"))
    merge.create_stage(connection)
    merge.write_stage(connection, structures)
    merge.index_stage(connection)
    merge.add_unknown_categories(connection, structures["categorie_no"].unique().to_list())
    connection.execute(text(merge.INSERT_NEW), {"load_id": insert_load(connection, "published")})
    both.index_what_is_there()


def as_asked(words: str, origin: Origin | None) -> list[SearchQuery]:
    """A question in the ways that it may be asked."""
    asked = SearchQuery(words=words, origin=origin, sort=Sort.RELEVANCE, explain=True, facets=tuple(Facet))
    near = origin or Origin(PARIS_13.lon, PARIS_13.lat)
    circle = Filters(circle=Circle(near.lon, near.lat, 30_000.0), open_only=False)
    return [
        asked,
        SearchQuery(words=words, origin=near, sort=Sort.RELEVANCE, explain=True, filters=circle),
        SearchQuery(words=words, origin=near, sort=Sort.DISTANCE, filters=Filters(open_only=False)),
        SearchQuery(words=words, origin=origin, sort=Sort.NAME, facets=(Facet.CATEGORIE,)),
    ]


def assert_engines_agree(both: Both, questions: Sequence[judged.Judged]) -> None:
    for question in questions:
        for query in as_asked(question.words, question.origin):
            ours, theirs = (both.ask(engine, query) for engine in both.engines)
            assert_same(ours, theirs, query)


def test_judged_questions_have_the_same_answers_and_are_worth_the_same(
    invented: Both, structures: pl.DataFrame, record_property: Callable[[str, object], None]
) -> None:
    questions = judged.read(SETS / "demo.txt")
    assert_engines_agree(invented, questions)
    worth = {}
    for engine in invented.engines:
        answered = measure.ask(
            questions,
            judged.prepared(structures),
            lambda query, engine=engine: [hit.id for hit in invented.ask(engine, query).hits],  # type: ignore[misc]
        )
        worth[engine] = measure.by_group(answered)
    ours, theirs = (worth[engine] for engine in invented.engines)
    record_property(PROPERTY, measure.table("demo, Elasticsearch", theirs, ours))
    assert abs(theirs[measure.WHOLE].ndcg - ours[measure.WHOLE].ndcg) < TWO_POINTS


def test_a_departement_of_the_national_file_is_answered_the_same(both: Both, shared_data: Path) -> None:
    every = structures_of(shared_data / "official" / NATIONAL)
    fill(both, every.filter(pl.col("departement") == DEPARTEMENT))
    assert_engines_agree(both, judged.read(SETS / "national.txt")[::ONE_IN])


@pytest.mark.parametrize(
    "words",
    ["pharmacie", "pharmaci", "farmacie", "pharmcie lille", "clinique st anne", "ehpad introuvableville", "cmp", "chez moi", "e",
     "hospitalisation à domicile", "domus vi", "zzzz", "de la", "aideadomicile", "infirmière", "pharmacie lorient paris"],
)  # fmt: skip
def test_every_way_of_reading_finds_the_same(both: Both, words: str) -> None:
    both.index(
        a_structure(at=LILLE, name="PHARMACIE SAINTE ANNE"),
        a_structure(at=LILLE, name="PHARMACIE", open=False),
        a_structure(at=LORIENT, name="CLINIQUE SAINTE ANNE", categorie_no=365, other_names=["POLYCLINIQUE DU PORT"]),
        a_structure(at=LORIENT, name="DOMUSVI LES PINS", categorie_no=500, ej_name="DOMUSVI"),
        a_structure(at=PARIS_13, name="HAD DE PARIS", categorie_no=127),
        a_structure(at=PARIS_13, name="AIDE A DOMICILE DU 13E", categorie_no=460, phones=["01 02 03 04 05"]),
        a_structure(name="EHPAD NULLE PART", categorie_no=500),
        a_structure(name="CMP DES LILAS", categorie_no=156, aliases=["CENTRE DU LILAS"]),
        a_structure(name="DU PARC"),
    )
    for query in as_asked(words, Origin(LILLE.lon, LILLE.lat)):
        ours, theirs = (both.ask(engine, query) for engine in both.engines)
        assert_same(ours, theirs, query)


def test_of_a_beginning_that_many_words_have_the_commonest_are_sought_on_both(both: Both) -> None:
    both.index(*(a_structure(name=f"PA{n:04d} {'PAVILLON' if n % 2 else 'PARC'}") for n in range(700)))
    query = SearchQuery(words="pa", sort=Sort.RELEVANCE, limit=100)
    ours, theirs = (both.ask(engine, query) for engine in both.engines)
    assert ours.total
    assert_same(ours, theirs, query)


@pytest.mark.parametrize(
    "typed", ["p", "ph", "pharmacie sa", "pharmacies s", "farmacie", "clinqiue d", "du par", "99000", "lorient ph"]
)
def test_lines_for_what_is_typed_so_far_are_the_same(both: Both, typed: str) -> None:
    both.index(
        a_structure(at=LILLE, name="PHARMACIE SAINTE ANNE"),
        a_structure(at=LORIENT, name="PHARMACIE SAINT LOUIS"),
        a_structure(at=LORIENT, name="PHARMACIE"),
        a_structure(at=LORIENT, name="CLINIQUE DU PORT", categorie_no=365),
        a_structure(at=LORIENT, name="PHARMACIE DU PARC", open=False),
        a_structure(name="DU PARC"),
    )
    for origin in (None, Origin(LORIENT.lon, LORIENT.lat)):
        ours, theirs = (both.suggest(engine, typed, origin) for engine in both.engines)
        assert theirs == ours


def test_lines_of_the_invented_country_are_nearly_all_the_same(
    invented: Both, record_property: Callable[[str, object], None]
) -> None:
    beginnings = [(each.words[:length], each.origin) for each in judged.read(SETS / "demo.txt") for length in (2, 4, 7)]
    pairs = [[invented.suggest(engine, *each) for engine in invented.engines] for each in beginnings]
    same = sum(ours == theirs for ours, theirs in pairs)
    record_property(PROPERTY, [f"lignes de la saisie, mêmes sur les deux moteurs : {same} sur {len(pairs)}"])
    assert same > 0.95 * len(pairs)
