"""Both engines over the same rows: filters, totals, facets, orders and pages are the same to the row."""

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.filters import Circle, Filters
from geo.position import distance_m
from search.query import Facet, Origin, SearchQuery, Sort
from tests.builders import a_structure
from tests.elastic.agreement import assert_same, assert_same_hit
from tests.elastic.conftest import Both, Kept
from tests.places import BORDEAUX, LILLE, LORIENT, NOUMEA, PARIS_13, SAINT_DENIS_REUNION, WALLIS, Place
from tests.search.test_facets import FILTERS, ROWS

HERE = Origin(LILLE.lon, LILLE.lat)
ORIGINS = (None, HERE, Origin(WALLIS.lon, WALLIS.lat), Origin(179.9999, -16.5), Origin(0.0, 90.0))


@pytest.fixture(scope="module")
def towns(kept: Kept) -> Iterator[Both]:
    """Five hundred structures in and around three towns."""
    with kept.both("villes") as both:
        both.index(*ROWS, *ELSEWHERE, *NUMBERED)
        yield both


def a_row(n: int, at: Place | None, **fields: Any) -> dict[str, Any]:
    return a_structure(at=at, finess=f"98{n:07d}", **fields)


# Ties of every kind: one place, one name, no place; and the ends of the world.
ELSEWHERE = [
    *(a_row(n, LORIENT, name="PHARMACIE DU PORT", categorie_no=620) for n in range(30)),
    *(a_row(100 + n, None, name=f"SERVICE {n % 4}", categorie_no=354) for n in range(30)),
    a_row(200, NOUMEA, name="CLINIQUE DE NOUMEA"),
    a_row(201, WALLIS, name="ETABLISSEMENT DE WALLIS"),
    a_row(202, SAINT_DENIS_REUNION, name="OEUVRE DES ENFANTS", updated_on=dt.date(2026, 11, 20)),
]
NUMBERED = [
    a_structure(finess="970000101", phones=["05 56 00 00 01"], at=BORDEAUX),
    a_structure(finess="970000102", ej_finess="330782855", siren="812345678", siret=["81234567800012"]),
    a_structure(finess="970000103", ej_finess="330782855", open=False),
]


def square(place: Place, half: float) -> Any:
    west, south, east, north = place.lon - half, place.lat - half, place.lon + half, place.lat + half
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


EACH_KIND = {
    "open": Filters(),
    "all": Filters(open_only=False),
    "circle": Filters(circle=Circle(LILLE.lon, LILLE.lat, 15_000.0)),
    "circle around the antimeridian": Filters(circle=Circle(-179.99, -13.0, 200_000.0)),
    "bbox": Filters(bbox=(LILLE.lon - 0.1, LILLE.lat - 0.1, LILLE.lon + 0.2, LILLE.lat + 0.1)),
    "bbox of the world": Filters(bbox=(-180.0, -90.0, 180.0, 90.0)),
    "polygon with a hole": Filters(polygon=(square(PARIS_13, 0.2), square(PARIS_13, 0.05))),
    "communes": Filters(communes=("33063", "75113")),
    "epcis": Filters(epcis=("200093201",)),
    "departements": Filters(departements=("59", "974")),
    "regions": Filters(regions=("75", "04")),
    "categories": Filters(categories=(620, 355)),
    "domaines": Filters(domaines=("SAN",)),
    "activites": Filters(activites=("AMM:QA014",)),
    "publics": Filters(publics=("700", "010")),
    "naf": Filters(naf=("86.21Z", "2025:86.21Y")),
    "statuts": Filters(statuts=("60",)),
    "secteurs": Filters(secteurs=("public", "lucratif")),
    "precisions": Filters(precisions=("housenumber", "none")),
    "telephone": Filters(telephone=True),
    "no telephone": Filters(telephone=False),
    "maj_depuis": Filters(maj_depuis=dt.date(2026, 3, 1)),
    "no one": Filters(communes=("01001",)),
}


@pytest.mark.parametrize("filters", EACH_KIND.values(), ids=EACH_KIND)
def test_each_filter_finds_the_same(towns: Both, filters: Filters) -> None:
    query = SearchQuery(filters=filters, limit=1_000, facets=tuple(Facet))
    ours, theirs = (towns.ask(engine, query) for engine in towns.engines)
    assert_same(ours, theirs, query)
    assert theirs.engine == "elasticsearch"


@given(
    filters=FILTERS, origin=st.sampled_from(ORIGINS), facets=st.lists(st.sampled_from(Facet), unique=True).map(tuple)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_filters_together_find_count_and_order_the_same(
    towns: Both, filters: Filters, origin: Origin | None, facets: tuple[Facet, ...]
) -> None:
    query = SearchQuery(
        filters=filters, origin=origin, sort=Sort.DISTANCE if origin else Sort.NAME, facets=facets, limit=1_000
    )
    ours, theirs = (towns.ask(engine, query) for engine in towns.engines)
    assert_same(ours, theirs, query)


@pytest.mark.parametrize(
    ("words", "origin", "sort"),
    [
        ("", None, Sort.NAME),
        ("", HERE, Sort.NAME),
        ("", HERE, Sort.DISTANCE),
        ("", ORIGINS[3], Sort.DISTANCE),
        ("centre", None, Sort.RELEVANCE),
        ("pharmacie", HERE, Sort.RELEVANCE),
        ("pharmacie", HERE, Sort.DISTANCE),
        ("pharmacie", HERE, Sort.NAME),
    ],
)
def test_pages_go_to_the_same_end(towns: Both, words: str, origin: Origin | None, sort: Sort) -> None:
    query = SearchQuery(words=words, origin=origin, sort=sort, limit=13, filters=Filters(open_only=False), explain=True)
    ours, theirs = (towns.every_hit(engine, query) for engine in towns.engines)
    assert [hit.id for hit in theirs] == [hit.id for hit in ours]
    assert len({hit.id for hit in theirs}) == len(theirs)
    assert len(theirs) > 100
    for one, other in zip(ours, theirs, strict=True):
        assert_same_hit(one, other)


def test_a_page_begun_on_one_engine_goes_on_with_the_other(towns: Both) -> None:
    for origin, sort in ((HERE, Sort.RELEVANCE), *((each, Sort.DISTANCE) for each in ORIGINS if each)):
        query = SearchQuery(words="pharmacie", origin=origin, sort=sort, limit=9)
        alone = towns.every_hit(towns.elastic, query)
        assert [hit.id for hit in towns.every_hit_by_turns(query)] == [hit.id for hit in alone]


def test_no_total_when_none_is_asked(towns: Both) -> None:
    query = SearchQuery(total=False, facets=(Facet.CATEGORIE,))
    ours, theirs = (towns.ask(engine, query) for engine in towns.engines)
    assert theirs.total is None
    assert_same(ours, theirs, query)


@pytest.mark.parametrize("words", ["", "pharmacie", "990000012", "introuvable"])
def test_tiles_are_given_the_same_places(towns: Both, words: str) -> None:
    filters = Filters(departements=("59", "56"), open_only=False)
    if words:  # without words tiles ask PostgreSQL
        ours, theirs = (towns.placed(engine, words, filters) for engine in towns.engines)
        assert theirs == ours
        assert bool(theirs) is (words != "introuvable") or words == "990000012"


def test_the_edge_of_a_circle_is_in_it(both: Both) -> None:
    near = LILLE.moved(east_m=1_234.5)
    edge = distance_m(LILLE.lon, LILLE.lat, near.lon, near.lat)
    both.index(a_structure(at=near), a_structure(at=LILLE))
    for radius, expected in ((edge, 2), (math.nextafter(edge, 0) - 1e-6, 1), (0.0, 1)):
        query = SearchQuery(words="structure", filters=Filters(circle=Circle(LILLE.lon, LILLE.lat, radius)))
        ours, theirs = (both.ask(engine, query) for engine in both.engines)
        assert ours.total == theirs.total == expected


def at(lon: float, lat: float) -> Place:
    return Place("Quelque part", "59350", "59", "32", "59000", lon, lat)


def test_edges_of_a_polygon_are_in_it_those_of_its_holes_too(both: Both) -> None:
    outside = ((3.0, 50.0), (3.3, 50.1), (3.1, 50.7), (3.0, 50.0))
    hole = ((3.05, 50.1), (3.1, 50.1), (3.1, 50.2), (3.05, 50.1))
    slope = [at(3.0 + 0.3 * k / 7, 50.0 + 0.1 * k / 7) for k in range(8)]  # on the edge, as nearly as doubles say
    beside = [at(math.nextafter(p.lon, 9), p.lat) for p in slope] + [
        at(p.lon, math.nextafter(p.lat, 90)) for p in slope
    ]
    corners = [at(*point) for point in (*outside[:3], *hole[:3])]
    within = [at(3.2, 50.2), at(3.09, 50.15), at(3.1, 50.15), at(3.05, 50.100000001), at(2.99, 50.0), at(3.075, 50.1)]
    both.index(*(a_structure(at=place) for place in (*slope, *beside, *corners, *within)))
    for polygon in ((outside,), (outside, hole)):
        query = SearchQuery(filters=Filters(polygon=polygon), limit=100)
        ours, theirs = (both.ask(engine, query) for engine in both.engines)
        assert_same(ours, theirs, query)
        assert theirs.total
        assert theirs.total > len(corners)


def test_names_sort_without_accents_ties_by_id(both: Both) -> None:
    both.index(
        a_structure(finess="990000003", name="ÉTOILE", name_key="ETOILE"),
        a_structure(finess="990000001", name="Étoile", name_key="ETOILE"),
        a_structure(finess="990000002", name="ZÈBRE", name_key="ZEBRE"),
        a_structure(finess="990000004", name="abeille", name_key="ABEILLE"),
    )
    found = both.ask(both.elastic, SearchQuery())
    assert [hit.id for hit in found.hits] == ["f990000004", "f990000001", "f990000003", "f990000002"]
    assert_same(both.ask(both.embedded, SearchQuery()), found, SearchQuery())


NUMBERS = (
    "970000101",
    "33 078 285 5",
    "n° FINESS 330782855",
    "+33 5 56 00 00 01",
    "812 345 678",
    "81234567800012",
    "123456782",
)


@pytest.mark.parametrize("words", NUMBERS)
def test_a_number_finds_who_bears_it(towns: Both, words: str) -> None:
    for filters in (Filters(), Filters(open_only=False), Filters(departements=("33",))):
        query = SearchQuery(words=words, origin=HERE, sort=Sort.RELEVANCE, filters=filters, facets=tuple(Facet))
        ours, theirs = (towns.ask(engine, query) for engine in towns.engines)
        assert_same(ours, theirs, query)
        assert towns.placed(towns.elastic, words, filters) == towns.placed(towns.embedded, words, filters)


@pytest.mark.parametrize("origin", ORIGINS[1:], ids=str)
def test_the_nearest_of_a_whole_country_are_looked_for_where_they_stand(towns: Both, origin: Origin) -> None:
    """Without a radius the server proposes some; whatever page, filter or words, they are those of every distance measured."""
    for words, filters, limit in (("", Filters(), 1), ("", Filters(open_only=False), 90), ("pharmacie", Filters(), 40)):
        query = SearchQuery(
            words=words, origin=origin, filters=filters, sort=Sort.DISTANCE, limit=limit, facets=(Facet.CATEGORIE,)
        )
        one, other = (towns.ask(engine, query) for engine in towns.engines)
        assert [hit.id for hit in other.hits] == [hit.id for hit in one.hits]
        assert (other.total, other.facets) == (one.total, one.facets)
        if limit > 1:
            ours, theirs = (towns.every_hit(engine, query) for engine in towns.engines)
            assert [hit.id for hit in theirs] == [hit.id for hit in ours]
