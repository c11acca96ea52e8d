"""`/api/v1/interventions` and its page: who comes to this address, apart from where one goes."""

import json
import re
from html import unescape
from typing import Any

import pytest
import shapely
from litestar.testing import TestClient

from geo.settings import Settings
from tests.places import BORDEAUX, PARIS_13

Client = TestClient[Any]
AT_PARIS = {"lat": PARIS_13.lat, "lon": PARIS_13.lon}


def coming(client: Client, **asked: Any) -> Any:
    answer = client.get("/api/v1/interventions", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def declared(demo_instance: Settings) -> list[dict[str, Any]]:
    """The lines of the demo's file."""
    lines = (demo_instance.home / "demo" / "zones.ndjson").read_text(encoding="utf-8").splitlines()[1:]
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("place", [PARIS_13, BORDEAUX], ids=lambda place: place.name)
def test_those_whose_zone_holds_the_point_come_and_nobody_else(
    client: Client, declared: list[dict[str, Any]], place: Any
) -> None:
    """By hand: codes of the commune, or of its city, its EPCI and département, and outlines drawn around it."""
    point = shapely.Point(place.lon, place.lat)
    city = {"75113": "75056"}.get(place.commune, place.commune)
    expected = {
        f"f{zone['finess']}"
        for zone in declared
        if {place.commune, city} & set(zone.get("communes") or ())
        or place.epci in (zone.get("epcis") or ())
        or place.departement in (zone.get("departements") or ())
        or (zone.get("contour") and shapely.Polygon(zone["contour"]["coordinates"][0]).covers(point))
    }
    assert expected
    answer = coming(client, lat=place.lat, lon=place.lon, limit=100)
    assert {each["id"] for each in answer["results"]} == expected
    assert answer["total"] == len(expected)


def test_the_nearest_stand_first_and_say_which_part_of_their_zone_holds_the_point(client: Client) -> None:
    answer = coming(client, **AT_PARIS)
    distances = [each["distance_m"] for each in answer["results"]]
    assert distances == sorted(distances)
    assert {each["zone"]["kind"] for each in answer["results"]} <= {"commune", "epci", "departement", "contour"}
    assert all(each["zone"]["label"] for each in answer["results"])
    assert answer["commune"] == {"code": "75113", "name": "Paris 13e Arrondissement"}


def test_pages_follow_each_other_without_repeats(client: Client) -> None:
    whole = [each["id"] for each in coming(client, **AT_PARIS, limit=100)["results"]]
    found, cursor = [], None
    while True:
        answer = coming(client, **AT_PARIS, limit=2, **({"cursor": cursor} if cursor else {}))
        found += [each["id"] for each in answer["results"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert found == whole


def test_only_some_kinds_may_be_asked_for(client: Client) -> None:
    everybody = coming(client, **AT_PARIS, limit=100)["results"]
    code = everybody[0]["categorie"]["code"]
    some = coming(client, **AT_PARIS, limit=100, categorie=code)
    assert [each["id"] for each in some["results"]] == [
        each["id"] for each in everybody if each["categorie"]["code"] == code
    ]


def test_nobody_comes_to_the_open_sea(client: Client) -> None:
    answer = coming(client, lat=46.0, lon=-20.0)
    assert (answer["total"], answer["results"], answer["commune"]) == (0, [], None)


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({}, "lat"),
        ({"lat": 50}, "lon"),
        ({"lat": "nan", "lon": 3}, "lat"),
        ({"lat": 50, "lon": 3, "radius": 5}, "radius"),
    ],
)
def test_a_question_that_cannot_be_read_says_which_part(client: Client, asked: dict[str, Any], parameter: str) -> None:
    answer = client.get("/api/v1/interventions", params=asked)
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)


def test_a_structure_says_where_it_comes(client: Client) -> None:
    first = coming(client, **AT_PARIS)["results"][0]
    page = client.get(f"/api/v1/structures/{first['id']}").json()
    assert first["zone"] in page["zones"]
    assert "Vient à domicile" in client.get(f"/structures/{first['id']}").text


def test_the_search_at_a_point_tells_how_many_come_and_leads_to_them(client: Client) -> None:
    total = coming(client, **AT_PARIS)["total"]
    home = client.get("/", params={**AT_PARIS, "sort": "distance"}).text
    assert f"{total} structures viennent à cette adresse" in home
    page = client.get("/interventions", params=AT_PARIS)
    assert "Qui vient à cette adresse, à Paris 13e Arrondissement" in page.text
    assert page.text.count('class="resultat"') == min(total, 20)
    assert "viennent à cette adresse" not in client.get("/").text


def test_the_page_without_a_point_asks_where(client: Client) -> None:
    html = client.get("/interventions?categorie=354", headers={"accept": "text/html"})
    assert (html.status_code, "Commune ou code postal" in html.text) == (200, True)
    assert '<input type="hidden" name="categorie" value="354">' in html.text
    found = client.get("/interventions?categorie=354&lieu=bordeaux").text
    leads = re.search(
        r'href="(/interventions\?categorie=354&amp;lat=[0-9.]+&amp;lon=[-0-9.]+)">Bordeaux \(33000\)', found
    )
    assert leads is not None
    assert "Qui vient à cette adresse, à Bordeaux" in client.get(unescape(leads.group(1))).text
    assert "Saint-Denis (93200)" in client.get("/interventions?lieu=saint-denis+93").text
    assert "Saint-Denis (97400)" not in client.get("/interventions?lieu=saint-denis+93").text
    assert client.get("/interventions?lieu=sainte-colombe").text.count("Sainte-Colombe") > 8
    assert "Aucun lieu ne commence par" in client.get("/interventions?lieu=xyzzy").text
    assert client.get("/interventions?lat=50").status_code == 400
