"""The nearest are the nearest, to the row, wherever one stands."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from geo.filters import Circle, Filters
from geo.proximity import MERCATOR_RADIUS_M, reach_m
from search.embedded import ordered, postgis
from search.query import Cursor, Origin, SearchQuery, Sort
from tests.builders import a_structure
from tests.places import (
    AJACCIO,
    BORDEAUX,
    CAYENNE,
    FORT_DE_FRANCE,
    LILLE,
    MAMOUDZOU,
    NOUMEA,
    PARIS_13,
    SAINT_DENIS_REUNION,
    WALLIS,
)  # fmt: skip
from tests.search.conftest import Searchable

RADIUS_M = 6_371_008.7714
PLACES = (LILLE, PARIS_13, BORDEAUX, AJACCIO, FORT_DE_FRANCE, CAYENNE, SAINT_DENIS_REUNION, MAMOUDZOU, WALLIS, NOUMEA)


def metres(lon: float, lat: float, row: dict[str, Any]) -> float:
    """Great-circle distance, by the haversine written out: what PostGIS and numpy are compared with."""
    a, b = math.radians(lat), math.radians(row["lat"])
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(row["lon"] - lon) / 2) ** 2
    return 2 * RADIUS_M * math.asin(math.sqrt(half))


def scattered(count: int = 1_500) -> list[dict[str, Any]]:
    draw = np.random.default_rng(11)
    spread = draw.normal(0, 40_000, (count, 2))
    return [
        a_structure(
            finess=f"99{n:07d}",
            name=f"CENTRE {n}",
            at=PLACES[n % len(PLACES)].moved(*spread[n]),
            categorie_no=(620, 500, 183)[n % 3],
        )
        for n in range(count)
    ]


def expected(rows: Sequence[dict[str, Any]], lon: float, lat: float, limit: int = 20) -> list[str]:
    return [r["id"] for r in sorted(rows, key=lambda r: (metres(lon, lat, r), r["id"]))][:limit]


def points(count: int = 200) -> list[tuple[float, float]]:
    """Near places, far out at sea, and on both sides of the antimeridian."""
    draw = np.random.default_rng(13)
    near = [PLACES[n % len(PLACES)].moved(*draw.normal(0, 60_000, 2)) for n in range(count - 40)]
    far = [(float(draw.uniform(-180, 180)), float(draw.uniform(-60, 70))) for _ in range(36)]
    return [(p.lon, p.lat) for p in near] + far + [(179.99, -15.0), (-179.99, -15.0), (0.0, 89.9), (2.0, -89.9)]


def test_twenty_nearest_of_two_hundred_points_are_those_of_brute_force(searchable: Searchable) -> None:
    rows = scattered()
    searchable.index(*rows)
    for lon, lat in points():
        found = searchable.ask(SearchQuery(origin=Origin(lon, lat), sort=Sort.DISTANCE))
        assert [hit.id for hit in found.hits] == expected(rows, lon, lat), (lon, lat)
        assert found.total == len(rows)


def test_they_are_with_categories_and_with_words_too(searchable: Searchable) -> None:
    rows = scattered()
    searchable.index(*rows)
    for lon, lat in points()[:40]:
        kept = [r for r in rows if r["categorie_no"] == 183]
        for words in ("", "centre"):
            query = SearchQuery(
                words=words, origin=Origin(lon, lat), sort=Sort.DISTANCE, filters=Filters(categories=(183,))
            )
            assert [hit.id for hit in searchable.ask(query).hits] == expected(kept, lon, lat)


def test_a_radius_holds_exactly_those_within_bounds_included(searchable: Searchable) -> None:
    rows = scattered()
    searchable.index(*rows)
    for lon, lat in points()[:60]:
        edge = metres(lon, lat, rows[int(abs(lon)) % len(rows)]) + 1e-6
        radius = min(edge, 200_000.0)
        query = SearchQuery(
            origin=Origin(lon, lat), sort=Sort.DISTANCE, filters=Filters(circle=Circle(lon, lat, radius))
        )
        assert searchable.ask(query).total == sum(metres(lon, lat, r) <= radius for r in rows)


def test_structures_at_one_point_come_in_the_order_of_their_ids(searchable: Searchable) -> None:
    searchable.index(*(a_structure(finess=f"99000000{n}", at=LILLE) for n in (5, 1, 3, 2, 4)))
    found = searchable.ask(SearchQuery(origin=Origin(LILLE.lon, LILLE.lat), sort=Sort.DISTANCE))
    assert [hit.id for hit in found.hits] == [f"f99000000{n}" for n in (1, 2, 3, 4, 5)]
    assert {hit.distance_m for hit in found.hits} == {0.0}


def test_more_at_one_door_than_are_looked_at_come_in_the_order_of_their_ids_too(searchable: Searchable) -> None:
    crowd = [a_structure(finess=f"99{n:07d}", at=LILLE) for n in range(120, 0, -1)]
    searchable.index(*crowd, a_structure(finess="980000001", at=LILLE.moved(5, 5)))
    found = searchable.ask(SearchQuery(origin=Origin(LILLE.lon, LILLE.lat), sort=Sort.DISTANCE))
    assert [hit.id for hit in found.hits] == [f"f99{n:07d}" for n in range(1, 21)]


def test_a_radius_keeps_the_nearest_within_it(searchable: Searchable) -> None:
    rows = scattered()
    searchable.index(*rows)
    for lon, lat in points()[:60]:
        nearest = sorted(metres(lon, lat, row) for row in rows)
        for radius in (nearest[0] / 2, nearest[7] + 1e-6, nearest[300] + 1e-6):
            within = Filters(circle=Circle(lon, lat, min(radius, 200_000.0)))
            found = searchable.ask(SearchQuery(origin=Origin(lon, lat), sort=Sort.DISTANCE, filters=within))
            kept = [row for row in rows if metres(lon, lat, row) <= within.circle.radius_m]  # type: ignore[union-attr]
            assert [hit.id for hit in found.hits] == expected(kept, lon, lat), (lon, lat, radius)


@pytest.mark.parametrize("lat", [0.0, -21.1, 48.9, 70.0])
@pytest.mark.parametrize("distance_m", [1.0, 1_000.0, 400_000.0])
def test_nothing_within_a_distance_stands_farther_on_the_map_than_its_reach(lat: float, distance_m: float) -> None:
    towards = np.radians(np.arange(0.0, 360.0, 0.5))
    angle, north = distance_m / RADIUS_M, math.radians(lat)
    there = np.arcsin(math.sin(north) * math.cos(angle) + math.cos(north) * math.sin(angle) * np.cos(towards))
    east = np.arctan2(
        np.sin(towards) * math.sin(angle) * math.cos(north), math.cos(angle) - math.sin(north) * np.sin(there)
    )
    up = np.arctanh(np.sin(there)) - math.atanh(math.sin(north))
    farthest = float(np.max(MERCATOR_RADIUS_M * np.hypot(east, up)))
    assert farthest <= reach_m(2.0, lat, distance_m) < 1.5 * farthest


@pytest.mark.parametrize(("lon", "lat"), [(179.99, -15.0), (2.0, 85.0), (2.0, 89.9)])
def test_where_the_map_is_cut_or_ends_nothing_is_out_of_reach(lon: float, lat: float) -> None:
    assert reach_m(lon, lat, 20_000.0) == math.inf


def test_those_without_a_position_come_last_and_are_counted(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001"), a_structure(finess="990000002", at=BORDEAUX), a_structure(finess="990000003")
    )
    found = searchable.ask(SearchQuery(origin=Origin(LILLE.lon, LILLE.lat), sort=Sort.DISTANCE))
    assert [(hit.id, hit.distance_m is None) for hit in found.hits] == [
        ("f990000002", False), ("f990000001", True), ("f990000003", True),
    ]  # fmt: skip
    assert found.total == 3


@pytest.mark.parametrize("words", ["", "centre"])
@pytest.mark.parametrize("sort", [Sort.DISTANCE, Sort.NAME, Sort.RELEVANCE])
def test_pages_put_end_to_end_are_the_whole_without_repeats(searchable: Searchable, words: str, sort: Sort) -> None:
    rows = [*scattered(130), *(a_structure(finess=f"98{n:07d}", name="CENTRE SANS LIEU") for n in range(9))]
    searchable.index(*rows)
    query = SearchQuery(words=words, origin=Origin(LILLE.lon, LILLE.lat), sort=sort, limit=7)
    seen: list[str] = []
    cursor: Cursor | None = None
    while True:
        page = searchable.ask(SearchQuery(words=words, origin=query.origin, sort=sort, limit=7, cursor=cursor))
        seen += [hit.id for hit in page.hits]
        if not page.more:
            break
        last = page.hits[-1]
        cursor = Cursor(version=1, key=last.key, id=last.id, seen=len(seen), question="")
    assert len(seen) == len(set(seen)) == len(rows)
    whole = searchable.ask(SearchQuery(words=words, origin=query.origin, sort=sort, limit=len(rows)))
    assert seen == [hit.id for hit in whole.hits]


FILTERS = (
    Filters(),
    Filters(open_only=False),
    Filters(categories=(183,)),
    Filters(categories=(183, 620, 999)),
    Filters(domaines=("SOC",)),
    Filters(circle=Circle(LILLE.lon, LILLE.lat, 60_000.0)),
    Filters(circle=Circle(BORDEAUX.lon, BORDEAUX.lat, 60_000.0), categories=(500,)),
    Filters(bbox=(2.0, 50.0, 4.0, 51.0)),
    Filters(bbox=(150.0, -25.0, 180.0, -20.0)),
    Filters(bbox=(10.0, 10.0, 11.0, 11.0)),
    Filters(polygon=(((2.0, 50.0), (4.0, 50.0), (3.0, 51.5), (2.0, 50.0)),)),
    Filters(departements=("59",)),
    Filters(telephone=True),
)


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("sort", [Sort.DISTANCE, Sort.NAME])
def test_columns_and_postgis_give_the_same_pages(
    searchable: Searchable, filters: Filters, sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From three places, the nearest of many kinds and of few, which the columns look for each in its own way."""
    rows = scattered(400)
    for n, row in enumerate(rows):
        row |= {"open": n % 5 > 0, "departement": "59" if n % 10 == 0 else "33", "phones": ["01"] if n % 7 == 0 else []}
    searchable.index(*rows, *(a_structure(finess=f"98{n:07d}", name="CENTRE SANS LIEU") for n in range(9)))
    for listed in (0, 8_000):
        monkeypatch.setattr(ordered, "LISTED", listed)
        for at in (LILLE, NOUMEA, LILLE.moved(90_000, 300_000)):
            cursor = None
            for seen in (9, 18, 27, 36):
                query = SearchQuery(
                    origin=Origin(at.lon, at.lat), sort=sort, filters=filters, limit=9, cursor=cursor, total=True
                )
                ours, theirs = searchable.ask(query), postgis.search(searchable.connection, query)
                assert [hit.id for hit in ours.hits] == [hit.id for hit in theirs.hits]
                assert (ours.total, ours.more) == (theirs.total, theirs.more)
                assert [hit.distance_m for hit in ours.hits] == pytest.approx([hit.distance_m for hit in theirs.hits])
                if not ours.more:
                    break
                last = (ours if seen == 9 else theirs).hits[-1]  # one follows the other's page
                cursor = Cursor(version=1, key=last.key, id=last.id, seen=seen, question="")


def test_each_is_found_once_where_a_domain_has_categories_that_nobody_is_of(searchable: Searchable) -> None:
    searchable.index(a_structure(at=LILLE, categorie_no=620), a_structure(at=BORDEAUX, categorie_no=101))
    query = SearchQuery(
        origin=Origin(LILLE.lon, LILLE.lat), sort=Sort.DISTANCE, filters=Filters(domaines=("SAN",)), limit=10
    )
    found = searchable.ask(query)
    assert (found.total, len(found.hits)) == (2, 2)


def test_nearly_as_far_as_one_another_they_come_once_each_whoever_measured_the_page_before(
    searchable: Searchable,
) -> None:
    """Beside a pole all of a country is as far to some micrometres."""
    rows = scattered(300)
    searchable.index(*rows)
    for lat, engines in ((89.9999999, (0,)), (89.9999999, (1,)), (89.0, (0, 1))):
        seen: list[str] = []
        cursor = None
        while True:
            asked = SearchQuery(origin=Origin(3.0, lat), sort=Sort.DISTANCE, limit=7, cursor=cursor)
            page = (
                postgis.search(searchable.connection, asked)
                if engines[len(seen) // 7 % len(engines)]
                else searchable.ask(asked)
            )
            seen += [hit.id for hit in page.hits]
            if not page.more:
                break
            cursor = Cursor(version=1, key=page.hits[-1].key, id=page.hits[-1].id, seen=len(seen), question="")
        assert sorted(seen) == sorted(row["id"] for row in rows), (lat, engines)


def test_of_very_many_those_that_may_be_the_nearest_are_measured(
    searchable: Searchable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordered, "SIEVED", 30)
    rows = scattered(400)
    searchable.index(*rows, *(a_structure(finess=f"98{n:07d}", name="CENTRE SANS LIEU") for n in range(9)))
    for lon, lat in points()[-60:]:
        found = searchable.ask(SearchQuery(origin=Origin(lon, lat), sort=Sort.DISTANCE))
        assert [hit.id for hit in found.hits] == expected(rows, lon, lat), (lon, lat)
