"""The measures themselves, on answers short enough to be reckoned by hand."""

import math

import polars as pl
import pytest

from search.query import Origin
from tests.relevance import judged, metrics
from tests.relevance.judged import Judged
from tests.relevance.measure import Measured, ask, by_group, falls

ROWS = pl.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "name": ["Clinique Pasteur", "EHPAD Bon-Pasteur", "Les Œillets", "Clinique fermée"],
        "other_names": [[], ["E.H.P.A.D. BP"], [], []],
        "ej_name": [None, "KORIAN", None, None],
        "categorie_no": [365, 500, 620, 365],
        "commune": ["31555", "75113", "75114", "31555"],
        "departement": ["31", "75", "75", "31"],
        "region": ["76", "11", "11", "76"],
        "postcode": ["31000", "75013", "75014", "31000"],
        "finess": [["310000001"], ["750000002"], ["750000003"], ["310000004"]],
        "siret": [[], [], ["73282932000074"], []],
        "phones": [["05 65 44 31 10"], [], [], []],
        "lon": [1.4442, 2.3622, 2.3270, 1.4442],
        "lat": [43.6047, 48.8289, 48.8331, 43.6047],
        "open": [True, True, True, False],
    },
    schema_overrides={"other_names": pl.List(pl.String), "siret": pl.List(pl.String), "phones": pl.List(pl.String)},
)
PARIS_13 = Origin(2.3622, 48.8289)


def test_ndcg_is_one_for_the_best_order_and_less_for_another() -> None:
    assert metrics.ndcg([3, 2, 1], [1, 2, 3]) == 1.0
    assert metrics.ndcg([2, 3, 1], [1, 2, 3]) == pytest.approx(
        (3 + 7 / math.log2(3) + 1 / 2) / (7 + 3 / math.log2(3) + 1 / 2)
    )


def test_what_comes_after_the_tenth_counts_for_nothing() -> None:
    assert metrics.ndcg([0] * 10 + [3], [3]) == 0.0
    assert metrics.reciprocal_rank([0] * 10 + [3], best=3) == 0.0
    assert metrics.ndcg([3] * 10, [3] * 500) == 1.0


def test_a_good_answer_that_is_not_the_best_is_no_hit() -> None:
    assert (metrics.hit([2, 3], best=3), metrics.reciprocal_rank([2, 3], best=3)) == (0.0, 0.5)
    assert (metrics.hit([3], best=3), metrics.hit([], best=3)) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        ("categorie=365", {"a"}),  # the closed one is not asked for
        ("categorie=4401,620", {"b", "c"}),  # a family stands for its members
        ("commune=751*", {"b", "c"}),
        ("departement=75 & categorie=500", {"b"}),
        ("postcode=75013,31000", {"a", "b"}),
        ("nom~^CLINIQUE PASTEUR$", {"a"}),
        ("nom~OEILLETS", {"c"}),
        ("noms~E H P A D", {"b"}),
        ("ej~KORIAN", {"b"}),
        ("finess=310000001", {"a"}),
        ("siret=73282932000074", {"c"}),
        ("telephone=05 65 44 31 10", {"a"}),
        ("km=3", {"b", "c"}),
        ("autour=31555:5", {"a"}),
    ],
)
def test_a_rule_finds_what_it_says(conditions: str, ids: set[str]) -> None:
    question = Judged("", "", PARIS_13, ((3, conditions),))
    assert set(judged.grades(question, judged.prepared(ROWS))) == ids


def test_the_best_rule_counts() -> None:
    question = Judged("", "", None, ((3, "nom~PASTEUR$"), (1, "departement=75"), (2, "categorie=500")))
    assert judged.grades(question, judged.prepared(ROWS)) == {"a": 3, "b": 3, "c": 1}


def test_a_rule_that_nothing_satisfies_is_a_mistake_of_the_file() -> None:
    with pytest.raises(ValueError, match="pasteur"):
        ask([Judged("noms", "pasteur", None, ((3, "finess=999999999"),))], judged.prepared(ROWS), lambda query: [])


def test_means_are_by_group_and_of_all() -> None:
    pasteur = Judged("noms", "pasteur", None, ((3, "nom~^CLINIQUE PASTEUR$"),))
    oeillets = Judged("autres", "les oeillets", None, ((3, "nom~OEILLETS"),))
    answers = {"pasteur": ["a"], "les oeillets": ["b", "c"]}
    measured = by_group(ask([pasteur, oeillets], judged.prepared(ROWS), lambda query: answers[query.words]))
    assert [(name, each.questions, each.mrr, each.hit) for name, each in measured.items()] == [
        ("noms", 1, 1.0, 1.0),
        ("autres", 1, 0.5, 0.0),
        ("ensemble", 2, 0.75, 0.5),
    ]


def test_a_fall_of_more_than_a_point_is_told_and_a_smaller_one_is_not() -> None:
    before = {"noms": Measured(10, 0.9, 0.9, 0.9), "gone": Measured(1, 1, 1, 1)}
    now = {"noms": Measured(10, 0.891, 0.88, 0.95)}
    assert falls(now, before) == ["le groupe « gone » n’est plus mesuré", "noms : mrr 0.880, 0.900 auparavant"]
