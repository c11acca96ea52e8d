"""Words on both engines: the same readings, the same scores by name, as good to who judges; lines under the search box."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from etl import demo
from geo.filters import Circle, Filters
from search.query import Facet, Origin, SearchQuery, Sort
from tests.builders import a_structure
from tests.elastic.agreement import assert_same
from tests.elastic.conftest import Both, Kept
from tests.places import BORDEAUX, LILLE, LORIENT, PARIS_13
from tests.relevance import judged, measure
from tests.relevance.corpora import fill, structures_of
from tests.relevance.summary import PROPERTY
from tests.relevance.test_relevance import DEMO_SEED, DEMO_SIZE, NATIONAL, SETS
from tests.search.test_words import DOLE, LONS_LE_SAUNIER, LYON_3E

TWO_POINTS = 0.02  # of nDCG@10
DEPARTEMENT = "35"
ONE_IN = 5  # questions of the national set: each is asked in four ways, of both


@pytest.fixture(scope="module")
def structures(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    files = demo.generate(tmp_path_factory.mktemp("demo"), size=DEMO_SIZE, seed=DEMO_SEED)
    return structures_of(files.finess)


@pytest.fixture(scope="module")
def invented(kept: Kept, structures: pl.DataFrame) -> Iterator[Both]:
    """The invented country."""
    with kept.both("invente") as both:
        fill(both.connection, structures)
        both.index_what_is_there()
        yield both


@pytest.fixture(scope="module")
def few(kept: Kept) -> Iterator[Both]:
    """A few structures for each way of reading a question."""
    with kept.both("quelques-uns") as both:
        both.index(*FEW)
        yield both


FEW = [
    a_structure(at=LILLE, name="PHARMACIE SAINTE ANNE"),
    a_structure(at=LILLE, name="PHARMACIE", open=False),
    a_structure(at=LORIENT, name="CLINIQUE SAINTE ANNE", categorie_no=365, other_names=["POLYCLINIQUE DU PORT"]),
    a_structure(at=LORIENT, name="CLINIQUE DU PORT", categorie_no=365),
    a_structure(at=LORIENT, name="PHARMACIE SAINT LOUIS"),
    a_structure(at=LORIENT, name="PHARMACIE"),
    a_structure(at=LORIENT, name="PHARMACIE DU PARC", open=False),
    a_structure(at=LORIENT, name="LE GRAND LBM CERBALLIANCE", categorie_no=611),
    a_structure(at=LORIENT, name="LBM BIOCEANE", categorie_no=611, phones=["01 02 03 04 05"]),
    a_structure(at=LORIENT, name="DOMUSVI LES PINS", categorie_no=500, ej_name="DOMUSVI"),
    a_structure(at=PARIS_13, name="HAD DE PARIS", categorie_no=127),
    a_structure(at=PARIS_13, name="AIDE A DOMICILE DU 13E", categorie_no=460, phones=["01 02 03 04 05"]),
    a_structure(at=LILLE, name="CENTRE DENTAIRE", categorie_no=124),
    a_structure(name="EHPAD NULLE PART", categorie_no=500),
    a_structure(name="CMP DES LILAS", categorie_no=156, aliases=["CENTRE DU LILAS"]),
    a_structure(name="DU PARC"),
    # Two towns of the Jura, where some are closed, some of another kind.
    a_structure(at=DOLE, name="PHARMACIE FERMEE", open=False),
    a_structure(at=DOLE, name="HAD", categorie_no=127),
    a_structure(at=DOLE, name="HAD DE L'HOPITAL", categorie_no=355),
    a_structure(at=DOLE, name="CHU LE REFUGE", categorie_no=219),
    a_structure(at=LONS_LE_SAUNIER, name="PHARMACIE DU JURA"),
    a_structure(at=LYON_3E, name="LE GRAND", categorie_no=101),
    # A school that is misspelt, beside all whom it may be a slip for.
    a_structure(at=BORDEAUX, name="ECOLE DES KINESITERAPEUTES"),
    *(a_structure(at=LORIENT, name=f"KINESITHERAPEUTE {n}") for n in range(40)),
]


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
        assert_agree(both, as_asked(question.words, question.origin))


def assert_agree(both: Both, queries: Iterable[SearchQuery]) -> None:
    for query in queries:
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
    fill(both.connection, structures_of(shared_data / "official" / NATIONAL, DEPARTEMENT))
    both.index_what_is_there()
    assert_engines_agree(both, judged.read(SETS / "national.txt")[::ONE_IN])


@pytest.mark.parametrize(
    "words",
    ["pharmacie", "pharmaci", "farmacie", "pharmcie lille", "clinique st anne", "ehpad introuvableville", "cmp", "chez moi", "e",
     "hospitalisation à domicile", "domus vi", "zzzz", "de la", "aideadomicile", "infirmière", "pharmacie lorient paris"],
)  # fmt: skip
def test_every_way_of_reading_finds_the_same(few: Both, words: str) -> None:
    assert_agree(few, as_asked(words, Origin(LILLE.lon, LILLE.lat)))


@pytest.mark.parametrize(
    ("words", "departement", "radius_m"),
    [
        ("pharmacie dole", "39", None),  # its own is closed
        ("pharmacie 39100", "39", None),
        ("39100 pharmacie", "39", None),
        ("pharmacie fermee dole", None, 50_000.0),
        ("had lons-le-saunier", "39", None),  # a hospital that says so is of its domain
        ("chu lons-le-saunier", None, 200_000.0),  # the shelter of the département is none
        ("pharmacie chenôve", None, 100_000.0),
        ("had introuvable chenôve", None, 50_000.0),
        ("thermes paris", None, 200_000.0),
        ("pharmacie lille", None, None),
        ("ehpad 29", None, None),
        ("pharmacie valence 82", None, 200_000.0),
        ("pharmacie 75013", None, 200_000.0),
    ],
)
def test_a_town_that_has_none_is_looked_around_alike(
    few: Both, words: str, departement: str | None, radius_m: float | None
) -> None:
    around = few.ask(few.embedded, SearchQuery(words=words, sort=Sort.RELEVANCE)).around
    assert (around.departement, around.radius_m) == (departement, radius_m) if around else radius_m is None
    assert_agree(few, as_asked(words, None))


@pytest.mark.parametrize(("commune", "told"), [(LORIENT.commune, True), (BORDEAUX.commune, False), ("75113", True)])
def test_corrections_are_of_what_the_filters_leave(few: Both, commune: str, told: bool) -> None:
    """Where they leave nothing, of what the words find."""
    query = SearchQuery(
        words="kinesiterapeutes", sort=Sort.RELEVANCE, filters=Filters(communes=(commune,)), explain=True
    )
    ours, theirs = (few.ask(engine, query) for engine in few.engines)
    assert bool(ours.corrected) is told
    assert_same(ours, theirs, query)


def test_of_a_beginning_that_many_words_have_the_commonest_are_sought_on_both(both: Both) -> None:
    both.index(*(a_structure(name=f"PA{n:04d} {'PAVILLON' if n % 2 else 'PARC'}") for n in range(700)))
    query = SearchQuery(words="pa", sort=Sort.RELEVANCE, limit=100)
    ours, theirs = (both.ask(engine, query) for engine in both.engines)
    assert ours.total
    assert_same(ours, theirs, query)


@pytest.mark.parametrize(
    "typed", ["p", "ph", "pharmacie sa", "pharmacies s", "farmacie", "clinqiue d", "du par", "99000", "lorient ph",
              "lbm c", "lbm ce", "lbm b", "lbm ", "pharmacie d", "farmacie d", "d", "kinesiterapeutes l"],
)  # fmt: skip
def test_lines_for_what_is_typed_so_far_are_the_same(few: Both, typed: str) -> None:
    for origin in (None, Origin(LORIENT.lon, LORIENT.lat)):
        ours, theirs = (few.suggest(engine, typed, origin) for engine in few.engines)
        assert theirs == ours


def test_a_last_word_that_may_become_a_small_one_leaves_nobody_out(few: Both) -> None:
    assert structures_of_lines(few, "lbm c") == ["LE GRAND LBM CERBALLIANCE – Lorient", "LBM BIOCEANE – Lorient"]
    assert structures_of_lines(few, "lbm cer") == ["LE GRAND LBM CERBALLIANCE – Lorient"]


def structures_of_lines(both: Both, typed: str) -> list[str]:
    return [line.label for line in both.suggest(both.elastic, typed) if line.kind == "structure"]


def test_lines_of_the_invented_country_are_nearly_all_the_same(
    invented: Both, record_property: Callable[[str, object], None]
) -> None:
    beginnings = [(each.words[:length], each.origin) for each in judged.read(SETS / "demo.txt") for length in (2, 4, 7)]
    pairs = [[invented.suggest(engine, *each) for engine in invented.engines] for each in beginnings]
    same = sum(ours == theirs for ours, theirs in pairs)
    record_property(PROPERTY, [f"lignes de la saisie, mêmes sur les deux moteurs : {same} sur {len(pairs)}"])
    assert same > 0.95 * len(pairs)
