"""Words as people type them."""

import pytest

from geo.filters import Circle, Filters
from search.query import Facet, Origin, SearchQuery, Sort
from search.results import FacetValue
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE, LORIENT, PARIS_13
from tests.search.conftest import Searchable


def asked(words: str, **more: object) -> SearchQuery:
    return SearchQuery(words=words, sort=Sort.RELEVANCE, **more)  # type: ignore[arg-type]


def test_the_exact_name_comes_before_a_longer_one(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="CLINIQUE PASTEUR ANNEXE"),
        a_structure(finess="990000002", name="CLINIQUE PASTEUR"),
    )
    assert searchable.names(asked("clinique pasteur")) == ["CLINIQUE PASTEUR", "CLINIQUE PASTEUR ANNEXE"]


@pytest.mark.parametrize(
    "typed",
    ["hôpital de l'estuaire", "HOPITAL ESTUAIRE", "hopitaux estuaire", "estuaire hôpital", "hôpital de l’Estuaire"],
)
def test_accents_case_elision_plurals_and_order_do_not_count(searchable: Searchable, typed: str) -> None:
    searchable.index(a_structure(name="HOPITAL DE L'ESTUAIRE"), a_structure(name="HOPITAL DU NORD"))
    assert searchable.names(asked(typed)) == ["HOPITAL DE L'ESTUAIRE"]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("EHPAD", 500), ("maison de retraite", 500), ("prise de sang", 611), ("IME", 183), ("i.m.e.", 183), ("SSIAD", 354),
        ("CMP", 156), ("officine", 620), ("foyer logement", 202), ("msp", 603),
    ],
)  # fmt: skip
def test_what_people_call_a_category_finds_it_whatever_the_name(
    searchable: Searchable, typed: str, number: int
) -> None:
    others = [n for n in (500, 611, 183, 354, 156, 620, 202, 603) if n != number]
    searchable.index(
        a_structure(finess="990000009", name="LES TILLEULS", categorie_no=number),
        *(a_structure(name=f"AUTRE {n}", categorie_no=n) for n in others),
    )
    assert searchable.names(asked(typed)) == ["LES TILLEULS"]


def test_what_and_where_are_understood_from_one_box(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMACIE DU PONT", at=BORDEAUX),
        a_structure(name="PHARMACIE DU PORT", at=LILLE),
        a_structure(name="EHPAD DU PONT", at=BORDEAUX, categorie_no=500),
    )
    for typed in ("pharmacie bordeaux", "bordeaux pharmacie", "pharmacie 33000", "pharmacie gironde"):
        assert searchable.names(asked(typed)) == ["PHARMACIE DU PONT"], typed


def test_the_place_comes_before_a_name_that_sounds_like_it(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="EHPAD RESIDENCE LORIENT", at=LILLE, categorie_no=500),
        a_structure(name="EHPAD RESIDENCE KER ANNA", at=LORIENT, categorie_no=500),
    )
    assert searchable.names(asked("ehpad lorient")) == ["EHPAD RESIDENCE KER ANNA", "EHPAD RESIDENCE LORIENT"]


def test_a_typo_is_forgiven_only_when_nothing_else_matches(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR"), a_structure(name="CLINIQUE PASTOUR"))
    assert searchable.names(asked("pasteur")) == ["CLINIQUE PASTEUR"]
    assert set(searchable.names(asked("clinique pastuer"))) == {"CLINIQUE PASTEUR"}
    assert searchable.names(asked("clinique xyzzyqwz")) == []


def test_the_last_word_may_be_only_begun(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR"), a_structure(name="CLINIQUE DES LILAS"))
    assert searchable.names(asked("clinique past")) == ["CLINIQUE PASTEUR"]


@pytest.mark.parametrize(
    "typed", ["990000002", "99 000 0002", "732 829 320 00074", "73282932000074", "05 65 44 31 10", "+33565443110"]
)
def test_a_number_answers_exactly_what_bears_it(searchable: Searchable, typed: str) -> None:
    searchable.index(
        a_structure(finess="990000001", name="UNE"),
        a_structure(finess="990000002", name="DEUX", siret=["73282932000074"], phones=["05 65 44 31 10"]),
    )
    assert searchable.names(asked(typed)) == ["DEUX"]


def test_a_legal_entity_s_number_answers_its_establishments(searchable: Searchable) -> None:
    searchable.index(a_structure(name="UNE", ej_finess="750000001"), a_structure(name="AUTRE", ej_finess="750000002"))
    assert searchable.names(asked("750000001")) == ["UNE"]


def test_words_place_and_filters_combine_and_the_total_is_exact(searchable: Searchable) -> None:
    near = [a_structure(name=f"PHARMACIE {n}", at=PARIS_13.moved(200 * n)) for n in range(1, 8)]
    searchable.index(
        *near,
        a_structure(name="PHARMACIE LOIN", at=LILLE),
        a_structure(name="EHPAD PRES", at=PARIS_13, categorie_no=500),
    )
    circle = Circle(PARIS_13.lon, PARIS_13.lat, 1_001)
    query = asked(
        "pharmacie",
        origin=Origin(PARIS_13.lon, PARIS_13.lat),
        filters=Filters(circle=circle),
        facets=(Facet.CATEGORIE,),
        limit=3,
    )
    found = searchable.ask(query)
    assert (found.total, len(found.hits), found.more) == (5, 3, True)
    assert found.facets["categorie"] == [FacetValue("620", "Pharmacie d'Officine", 5)]
    assert [hit.distance_m for hit in found.hits] == pytest.approx([200, 400, 600], abs=1)


def test_closed_ones_are_found_only_on_demand_and_come_last(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="CLINIQUE", open=False), a_structure(finess="990000002", name="CLINIQUE")
    )
    assert len(searchable.ask(asked("clinique")).hits) == 1
    everything = searchable.ask(asked("clinique", filters=Filters(open_only=False)))
    assert [hit.id for hit in everything.hits] == ["f990000002", "f990000001"]


def test_explain_names_every_part_and_they_add_up_to_the_score(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR", at=LILLE))
    (hit,) = searchable.ask(asked("clinique pasteur", origin=Origin(LILLE.lon, LILLE.lat), explain=True)).hits
    assert hit.explanation is not None
    assert set(hit.explanation) == {"words", "exact_name", "coverage", "complete", "closed", "nearness"}
    assert sum(hit.explanation.values()) == pytest.approx(hit.score, abs=1e-4)


def test_suggestions_offer_places_kinds_and_names(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMACIE DE LILLE", at=LILLE), a_structure(name="CLINIQUE PASTEUR", at=BORDEAUX)
    )
    suggest = lambda words: searchable.engine.suggest(searchable.connection, words, None, 8, searchable.publication)  # noqa: E731
    assert ("commune", "59350") in [(s.kind, s.id) for s in suggest("lil")]
    assert ("categorie", "620") in [(s.kind, s.id) for s in suggest("pharm")]
    assert ("structure", "CLINIQUE PASTEUR – Bordeaux") in [(s.kind, s.label) for s in suggest("pasteu")]
    assert suggest("") == []
