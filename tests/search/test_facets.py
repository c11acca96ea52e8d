"""Filters and facets against a loop over the rows, for questions drawn at random, by each way that counts."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from geo.categories import categories_by_no
from geo.filters import Circle, Filters, without
from geo.position import PRECISIONS, distance_m
from geo.statuts import secteur_of
from search.embedded import postgis
from search.facets import DIMENSIONS
from search.query import Facet, SearchQuery, Sort
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE, PARIS_13
from tests.search.conftest import Searchable

CATEGORIES = (620, 500, 355, 300, 10001, 999)  # 999: no nomenclature knows it
STATUTS = ("13", "60", "61", "72", "95", "90", None)
PUBLICS = ("700", "010", "436")
CODES = ("AMM", "AMM:QA014", "AMSR", "AMSR:924")
NAF = ("86.21Z", "87.10A", "2025:86.21Y")
DAYS = (None, dt.date(2025, 1, 31), dt.date(2026, 3, 1), dt.date(2026, 11, 20))
Row = dict[str, Any]


def some_of(draw: random.Random, codes: tuple[str, ...]) -> list[str]:
    return sorted(draw.sample(codes, draw.choice((0, 0, 1, 2))))


def rows(count: int = 500) -> list[Row]:
    """In and around three towns; one in twelve nowhere, one in ten closed."""
    draw = random.Random(7)
    made = []
    for n in range(count):
        place = draw.choice((LILLE, BORDEAUX, PARIS_13)).moved(draw.gauss(0, 20_000), draw.gauss(0, 20_000))
        made.append(
            a_structure(
                at=place if draw.random() > 1 / 12 else None,
                finess=f"99{n:07d}",
                name=f"CENTRE {n}",
                categorie_no=draw.choice(CATEGORIES),
                statut=draw.choice(STATUTS),
                publics=some_of(draw, PUBLICS),
                activites=some_of(draw, CODES),
                naf=some_of(draw, NAF),
                phones=["01 02 03 04 05"] if draw.random() < 0.6 else [],
                updated_on=draw.choice(DAYS),
                open=draw.random() < 0.9,
            )
        )
        if made[-1]["lon"] is not None:
            made[-1]["precision"] = draw.choice([each for each in PRECISIONS if each != "none"])
    return made


ROWS = rows()
POINT = (LILLE.lon, LILLE.lat)


def rules_of(filters: Filters) -> list[Callable[[Row], bool]]:
    """What each filter that is asked means, in the order of Filters."""

    def is_near(row: Row) -> bool:
        return row["lon"] is not None and distance_m(*POINT, row["lon"], row["lat"]) <= filters.circle.radius_m  # type: ignore[union-attr]

    def in_bounds(bounds: Any) -> Callable[[Row], bool]:
        return lambda row: row["lon"] is not None and in_box((row["lon"], row["lat"]), bounds)

    asked: list[tuple[Any, Callable[[Row], bool]]] = [
        (filters.circle, is_near),
        (filters.bbox, in_bounds(filters.bbox)),
        (filters.polygon, in_bounds(filters.polygon and box_of(filters.polygon))),
        (filters.communes, lambda row: row["commune"] in filters.communes),
        (filters.departements, lambda row: row["departement"] in filters.departements),
        (filters.regions, lambda row: row["region"] in filters.regions),
        (filters.categories, lambda row: row["categorie_no"] in filters.categories),
        (filters.domaines, lambda row: domaine(row) in filters.domaines),
        (filters.activites, lambda row: bool(set(row["activites"]) & set(filters.activites))),
        (filters.publics, lambda row: bool(set(row["publics"]) & set(filters.publics))),
        (filters.naf, lambda row: bool(set(row["naf"]) & set(filters.naf))),
        (filters.statuts, lambda row: row["statut"] in filters.statuts),
        (filters.secteurs, lambda row: secteur_of(row["statut"]) in filters.secteurs),
        (filters.precisions, lambda row: row["precision"] in filters.precisions),
        (filters.telephone is not None, lambda row: bool(row["phones"]) is filters.telephone),
        (filters.maj_depuis, lambda row: row["updated_on"] is not None and row["updated_on"] >= filters.maj_depuis),
        (filters.open_only, lambda row: row["open"]),
    ]
    return [holds for given, holds in asked if given]


def passing(filters: Filters) -> list[Row]:
    rules = rules_of(filters)
    return [row for row in ROWS if all(holds(row) for holds in rules)]


def in_box(place: tuple[float, float], bounds: Any) -> bool:
    return bool(bounds[0] <= place[0] <= bounds[2] and bounds[1] <= place[1] <= bounds[3])


def box_of(rings: Any) -> tuple[float, ...]:
    return (*rings[0][0], *rings[0][2])


def domaine(row: Row) -> str | None:
    known = categories_by_no().get(row["categorie_no"])
    return known.domaine if known else None


def values_of(row: Row, facet: Facet) -> list[Any]:
    """Which values of a facet a row counts in."""
    known = categories_by_no().get(row["categorie_no"])
    if facet is Facet.CATEGORIE:
        return [known.code if known else f"{row['categorie_no']:03d}"]
    if facet is Facet.FAMILLE:
        return [known.family] if known else []
    if facet is Facet.DOMAINE:
        return [known.domaine.lower()] if known else []
    if facet is Facet.SECTEUR:
        return [found] if (found := secteur_of(row["statut"])) else []
    if facet is Facet.TELEPHONE:
        return ["true" if row["phones"] else "false"]
    held = row[{"activite": "activites", "public": "publics"}.get(facet.value, facet.value)]
    return held if isinstance(held, list) else [] if held is None else [held]


def codes(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """A filter that is mostly left out."""
    return st.one_of(st.just(()), st.just(()), st.lists(st.sampled_from(values), min_size=1, unique=True).map(tuple))


def boxes() -> st.SearchStrategy[tuple[float, float, float, float]]:
    sides = st.tuples(st.floats(0.001, 3), st.floats(0.001, 3))
    return st.builds(
        lambda place, half: (place.lon - half[0], place.lat - half[1], place.lon + half[0], place.lat + half[1]),
        st.sampled_from((LILLE, BORDEAUX, PARIS_13)),
        sides,
    )


def squares() -> st.SearchStrategy[Any]:
    return boxes().map(lambda b: (((b[0], b[1]), (b[2], b[1]), (b[2], b[3]), (b[0], b[3]), (b[0], b[1])),))


FILTERS = st.builds(
    Filters,
    circle=st.none() | st.floats(0, 200_000).map(lambda radius: Circle(*POINT, radius)),
    bbox=st.none() | boxes() | st.just((-180.0, -90.0, 180.0, 90.0)),
    polygon=st.none() | squares(),
    communes=codes((LILLE.commune, BORDEAUX.commune)),
    departements=codes(("59", "33", "75")),
    regions=codes(("32", "75")),
    categories=codes(CATEGORIES),
    domaines=codes(("SAN", "SOC", "ENS")),
    activites=codes(CODES),
    publics=codes(PUBLICS),
    naf=codes(NAF),
    statuts=codes(tuple(each for each in STATUTS if each)),
    secteurs=codes(("public", "associatif", "lucratif")),
    precisions=codes(tuple(PRECISIONS)),
    telephone=st.none() | st.booleans(),
    maj_depuis=st.sampled_from(DAYS),
    open_only=st.booleans(),
)


def test_every_way_of_counting_agrees_with_a_loop_over_the_rows(searchable: Searchable) -> None:
    searchable.index(*ROWS)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(filters=FILTERS, words=st.sampled_from(("", "centre")))
    def agrees(filters: Filters, words: str) -> None:
        query = SearchQuery(words=words, filters=filters, facets=tuple(Facet), sort=Sort.NAME, limit=len(ROWS))
        found = [searchable.ask(query), *([] if words else [postgis.search(searchable.connection, query)])]
        expected = {row["id"] for row in passing(filters)}
        for each in found:
            assert ({hit.id for hit in each.hits}, each.total) == (expected, len(expected))
        for facet in Facet:
            narrowed = without(filters, DIMENSIONS[facet].filter)
            counted = Counter(value for row in passing(narrowed) for value in values_of(row, facet))
            for each in found:
                assert {value.value: value.count for value in each.facets[facet.value]} == counted, facet

    agrees()


def test_a_value_chosen_leaves_the_others_of_its_facet_to_choose(searchable: Searchable) -> None:
    searchable.index(a_structure(statut="13"), a_structure(statut="60"), a_structure(statut="60", categorie_no=500))
    filters = Filters(secteurs=("public",), categories=(620,))
    found = searchable.ask(SearchQuery(filters=filters, facets=(Facet.SECTEUR, Facet.CATEGORIE)))
    assert found.total == 1
    assert {each.value: each.count for each in found.facets["secteur"]} == {"public": 1, "associatif": 1}
    assert {each.value: each.count for each in found.facets["categorie"]} == {"620": 1}


def test_labels_are_those_of_the_nomenclatures(searchable: Searchable) -> None:
    searchable.index(a_structure(statut="60", publics=["999"], phones=["01 02 03 04 05"], at=LILLE))
    facets = searchable.ask(SearchQuery(facets=tuple(Facet))).facets
    assert {name: [each.label for each in values] for name, values in facets.items() if name != "categorie"} == {
        "famille": ["Commerce de Biens à Usage Médicaux"],
        "domaine": ["Sanitaire"],
        "departement": ["Nord"],
        "commune": ["Lille"],
        "activite": [],
        "public": ["Public 999"],
        "secteur": ["Associatif (privé non lucratif)"],
        "statut": ["Association Loi 1901 non Reconnue d'Utilité Publique"],
        "telephone": ["Avec un téléphone"],
        "precision": ["Au numéro"],
    }


@pytest.mark.parametrize("missing", ["publics.npy", "has_phone.npy", "strip_lon.npy"])
def test_while_the_index_is_of_an_earlier_version_postgresql_counts(searchable: Searchable, missing: str) -> None:
    searchable.index(*ROWS)
    (searchable.root / str(searchable.publication.version) / missing).unlink()
    query = SearchQuery(filters=Filters(secteurs=("public",)), facets=tuple(Facet))
    assert searchable.ask(query) == postgis.search(searchable.connection, query)


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(statuts=("13",), open_only=False), "structure_statut_idx"),
        (Filters(secteurs=("public",), open_only=False), "structure_statut_idx"),
        (Filters(publics=("700",), open_only=False), "structure_publics_idx"),
        (Filters(precisions=("pin",), open_only=False), "structure_precision_idx"),
        (Filters(maj_depuis=dt.date(2026, 11, 20), open_only=False), "structure_updated_on_idx"),
    ],
)
def test_an_index_answers_the_condition(searchable: Searchable, filters: Filters, index: str) -> None:
    searchable.index(*ROWS)
    searchable.connection.execute(text("SET LOCAL enable_seqscan = off"))
    assert index in searchable.plan(filters)
