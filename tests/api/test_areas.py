"""Structures for 10,000 inhabitants: what a map of areas shows is what the list counts, on any question."""

from collections.abc import Iterator
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from litestar.testing import TestClient

from geo.cells import units
from geo.communes import communes, region_of_departement
from tests.places import BORDEAUX, LILLE, PARIS_13
from tiles.areas import COMMUNES, DEPARTEMENTS, LEVELS, REGIONS, Level

Client = TestClient[Any]
QUESTIONS = [
    "",
    "q=pharmacie",
    "categorie=4400",
    "departement=59",
    "region=32&open=all",
    "q=ehpad+lille",
    "commune=75056",
]


def tiles_of(level: Level, zoom: int, departement: str | None = None) -> Iterator[tuple[int, int]]:
    """Those in which the communes of the country, or of a département, stand."""
    there = [each for each in communes().values() if departement in (None, each.departement)]
    x, y = units(np.array([each.lon for each in there]), np.array([each.lat for each in there]), zoom)
    yield from sorted({(int(a) >> 12, int(b) >> 12) for a, b in zip(x, y, strict=True)})


def drawn(client: Client, level: Level, zoom: int, query: str, departement: str | None = None) -> dict[str, Any]:
    """What tiles say of each area, by its code; the same wherever it is drawn."""
    found: dict[str, Any] = {}
    for x, y in tiles_of(level, zoom, departement):
        answer = client.get(f"/tiles/areas/{zoom}/{x}/{y}.mvt?{query}")
        assert answer.status_code in (200, 204), answer.text
        decoded = mapbox_vector_tile.decode(answer.content) if answer.content else {}
        assert set(decoded) <= {level.name}
        for feature in decoded.get(level.name, {"features": []})["features"]:
            told = feature["properties"]
            assert found.setdefault(told["code"], told) == told
    return found


def listed(client: Client, query: str, facet: str) -> dict[str, int]:
    answer = client.get(f"/api/v1/search?{query}&facets={facet}&limit=1").json()
    return {each["value"]: each["count"] for each in answer["facets"][facet]}


def some(areas: dict[str, Any]) -> dict[str, int]:
    return {code: told["n"] for code, told in areas.items() if told["n"]}


@pytest.mark.parametrize("query", QUESTIONS)
@pytest.mark.parametrize("zoom", [6, 8])
def test_each_departement_has_what_the_list_counts_there(client: Client, query: str, zoom: int) -> None:
    expected = listed(client, query, "departement")
    if "departement=" in query:
        expected = {"59": expected["59"]}
    assert some(drawn(client, DEPARTEMENTS, zoom, query)) == expected


@pytest.mark.parametrize("query", QUESTIONS)
@pytest.mark.parametrize("zoom", [3, 5])
def test_each_region_has_what_its_departements_have(client: Client, query: str, zoom: int) -> None:
    expected: dict[str, int] = {}
    for code, number in listed(client, query, "departement").items():
        region = region_of_departement(code)
        if region and ("departement=" not in query or code == "59"):
            expected[region] = expected.get(region, 0) + number
    assert some(drawn(client, REGIONS, zoom, query)) == expected


@pytest.mark.parametrize("query", ["", "q=pharmacie", "categorie=4400", "commune=59350", "q=ehpad&open=all"])
@pytest.mark.parametrize("zoom", [9, 10, 12])
def test_each_commune_has_what_the_list_counts_there(client: Client, query: str, zoom: int) -> None:
    expected = listed(client, query, "commune")
    if "commune=" in query:
        expected = {"59350": expected["59350"]}
    found = {code: n for code, n in some(drawn(client, COMMUNES, zoom, query, "59")).items() if code.startswith("59")}
    assert found == {code: number for code, number in expected.items() if code.startswith("59")}


@pytest.mark.parametrize("query", ["", "q=pharmacie", "departement=33"])
def test_departements_add_up_to_the_total(client: Client, query: str) -> None:
    total = client.get(f"/api/v1/search?{query}&limit=1").json()["total"]
    assert sum(some(drawn(client, DEPARTEMENTS, 6, query)).values()) == total
    assert sum(some(drawn(client, REGIONS, 5, query)).values()) == total


def test_paris_is_its_arrondissements(client: Client) -> None:
    found = drawn(client, COMMUNES, 10, "", PARIS_13.departement)
    assert PARIS_13.commune in found
    assert "75056" not in found


def test_overseas_is_there(client: Client) -> None:
    assert {"971", "972", "973", "974", "975", "976", "977", "978", "986", "987", "988"} <= drawn(
        client, DEPARTEMENTS, 7, ""
    ).keys()


def test_a_rate_is_of_all_inhabitants_and_absent_where_nobody_lives(client: Client) -> None:
    areas = drawn(client, COMMUNES, 9, "", "59") | drawn(client, COMMUNES, 9, "", "55")
    lille = areas[LILLE.commune]
    assert lille["name"] == "Lille"
    assert lille["population"] == communes()[LILLE.commune].population
    assert lille["per_10000"] == pytest.approx(lille["n"] * 10_000 / lille["population"], rel=0.06)
    assert areas["55039"] == {"code": "55039", "name": "Beaumont-en-Verdunois", "n": 0, "population": 0}


def test_classes_hold_as_many_areas_each(client: Client) -> None:
    told = client.get("/tiles/areas.json?q=pharmacie").json()
    assert told["classes"].keys() == {level.name for level in LEVELS}
    rates = [each["per_10000"] for each in drawn(client, DEPARTEMENTS, 6, "q=pharmacie").values() if each["n"]]
    breaks = told["classes"]["departements"]
    assert len(breaks) == 4
    assert breaks == sorted(breaks)
    sizes = np.bincount(np.searchsorted(breaks, rates, side="right"), minlength=5)
    assert sizes.max() - sizes.min() <= len(rates) / 5


def test_tilejson_is_of_the_question_and_credits_everybody(client: Client) -> None:
    told = client.get("/tiles/areas.json?departement=59").json()
    assert told["tilejson"] == "3.0.0"
    assert told["tiles"][0].endswith("/tiles/areas/{z}/{x}/{y}.mvt?departement=59")
    assert [(each["id"], each["minzoom"], each["maxzoom"]) for each in told["vector_layers"]] == [
        ("regions", 0, 5), ("departements", 6, 8), ("communes", 9, 12),
    ]  # fmt: skip
    for credited in ("fictives", "Insee", "code officiel géographique 2026", "IGN"):
        assert credited in told["attribution"]


def test_a_question_that_finds_nothing_has_no_class_and_areas_without_any(client: Client) -> None:
    assert client.get("/tiles/areas.json?q=xyzzyqwz").json()["classes"] == {
        "regions": [],
        "departements": [],
        "communes": [],
    }
    areas = drawn(client, REGIONS, 4, "q=xyzzyqwz")
    assert areas
    assert some(areas) == {}


def test_a_tile_is_not_sent_again_to_who_has_it_and_another_question_is_another(client: Client) -> None:
    first = client.get("/tiles/areas/6/32/21.mvt?q=pharmacie")
    assert first.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    again = client.get("/tiles/areas/6/32/21.mvt?q=pharmacie", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    etags = {
        client.get(f"/tiles/{name}/6/32/21.mvt?{query}").headers["etag"]
        for name, query in (("areas", "q=pharmacie"), ("areas", ""), ("structures", ""), ("structures", "q=pharmacie"))
    }
    assert len(etags) == 4


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
def test_a_tile_comes_in_the_encoding_asked_for(client: Client, encoding: str) -> None:
    answer = client.get("/tiles/areas/5/16/11.mvt", headers={"accept-encoding": encoding})
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert "regions" in mapbox_vector_tile.decode(answer.content)


@pytest.mark.parametrize("zoom", [4, 9, 11])
def test_the_base_map_holds_none_of_them(client: Client, zoom: int) -> None:
    x, y = {4: (8, 5), 9: (259, 176), 11: (1037, 704)}[zoom]
    layers = mapbox_vector_tile.decode(client.get(f"/tiles/base/{zoom}/{x}/{y}.mvt").content)
    assert layers.keys() <= {"land", "departements", "labels"} | ({"communes"} if zoom >= 10 else set())


def test_the_sea_has_none(client: Client) -> None:
    assert client.get("/tiles/areas/8/10/10.mvt").status_code == 204


MANY = "&".join(f"commune={code}" for code in list(communes())[:201])


@pytest.mark.parametrize(
    ("address", "status", "parameter"),
    [
        ("13/4164/2755.mvt", 400, "z"), ("3/8/0.mvt", 400, "x"), ("3/0/-1.mvt", 400, "y"), ("3/4/2.mvt?limit=3", 400, "limit"),
        ("3/4/2.mvt?lat=nan&lon=2", 400, "lat"), ("3/4/2.mvt?bbox=nan,1,2,3", 400, "bbox"),
        ("3/4/2.mvt?departement=999", 400, "departement"),
        (f"3/4/2.mvt?{MANY}", 400, "commune"), ("3/4/2.png", 404, None), ("a/4/2.mvt", 404, None),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(client: Client, address: str, status: int, parameter: str | None) -> None:
    answer = client.get(f"/tiles/areas/{address}")
    assert (answer.status_code, answer.json().get("parameter")) == (status, parameter)


def test_its_tilejson_refuses_the_same(client: Client) -> None:
    assert client.get("/tiles/areas.json?sort=name").json()["parameter"] == "sort"
    assert client.get("/tiles/areas.json?departement=999").status_code == 400
    assert BORDEAUX.departement in listed(client, "", "departement")
