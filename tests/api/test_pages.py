"""Pages as a browser without JavaScript gets them."""

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote_plus, unquote_plus, urlencode

import polars as pl
import pytest
from litestar.testing import TestClient

from api.parameters import Narrowing
from api.web import places
from tests.places import LILLE

Client = TestClient[Any]
HTML = {"accept": "text/html"}
WITHOUT_PHARMACY = "Trémargat"  # a village: the demo's pharmacies are in towns


def page(client: Client, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=HTML | headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def test_the_list_is_complete_without_javascript(client: Client) -> None:
    html = page(client, "/?q=pharmacie")
    assert html.count('<li class="resultat"') == 20
    assert 'href="/?q=pharmacie&amp;cursor=' in html
    following = re.search(r'id="suite" href="([^"]+)"', html)
    assert following is not None
    assert '<li class="resultat"' in page(client, following.group(1).replace("&amp;", "&"))


def test_fictitious_data_say_so_on_every_page(client: Client, truth: Path) -> None:
    finess = pl.read_parquet(truth)["finess"][0]
    for address in ("/", "/donnees", "/api/docs", f"/structures/f{finess}"):
        assert "Données fictives" in page(client, address)


def test_a_structure_s_page_says_whom_to_call_and_how_precise_it_is(client: Client) -> None:
    listed = client.get("/api/v1/search?limit=100").json()["results"]
    one = next(s for s in listed if s["phones"] and s["position"]["precision"] == "commune")
    html = page(client, f"/structures/{one['id']}")
    assert f'href="tel:{one["phones"][0].replace(" ", "")}"' in html
    assert "au centre de la commune" in html


def test_a_fragment_is_only_what_changes(client: Client) -> None:
    fragment = page(client, "/?q=ehpad", **{"x-lum1-fragment": "1"})
    assert fragment.lstrip().startswith("<main")
    assert "<html" not in fragment


def test_an_unreadable_question_is_explained_on_the_page(client: Client) -> None:
    html = page(client, "/?q=ehpad&lat=999&lon=2", status=400)
    assert "« 999 » ne convient pas pour « lat »." in html
    assert "latitude en degrés décimaux (WGS 84), de −90 à 90" in html
    assert "data-lat" not in html  # the map would go there
    assert "data-tuiles" not in html
    assert 'value="ehpad"' in html


def test_errors_are_pages_for_people_who_may_search_on(client: Client) -> None:
    for address in ("/structures/f990000000", "/structures/%00", "/nulle-part"):
        html = page(client, address, status=404)
        assert "Introuvable" in html
        assert 'name="q" type="search"' in html


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_what_is_typed_is_shown_as_text(client: Client, typed: str) -> None:
    assert typed not in client.get("/", params={"q": typed}, headers=HTML).text


def test_what_is_typed_is_no_template(client: Client) -> None:
    html = client.get("/", params={"q": "{{ 7 * 7 }}"}, headers=HTML).text
    assert re.findall(r'name="q" type="search" value="([^"]*)"', html) == ["{{ 7 * 7 }}"]


def test_an_empty_answer_says_what_to_try(client: Client) -> None:
    assert "Vérifiez l’orthographe" in page(client, "/?q=xyzzyqwz")


# one value of each filter, alone or with those it needs
SAMPLES = {
    "q": "q=pharmacie",
    "lat": "lat=48.85&lon=2.35&radius=200000",
    "lon": "lat=48.85&lon=2.35&radius=200000",
    "radius": "lat=48.85&lon=2.35&radius=200000",
    "bbox": "bbox=-5%2C42%2C8%2C51",
    "polygon": "polygon=" + quote_plus('{"type":"Polygon","coordinates":[[[-5,42],[8,42],[8,51],[-5,51],[-5,42]]]}'),
    "commune": "commune=13055&commune=31555&commune=33063&commune=59350&commune=69123&commune=75056",
    "epci": "epci=200054781",
    "departement": "departement=59&departement=75",
    "region": "region=11",
    "categorie": "categorie=500&categorie=620",
    "domaine": "domaine=san&domaine=soc",
    "activite": "activite=AMM%3AQA001&activite=AMSR",
    "public": "public=436&public=700",
    "statut": "statut=60&statut=72",
    "secteur": "secteur=associatif&secteur=public",
    "precision": "precision=housenumber&precision=street",
    "telephone": "telephone=true",
    "maj_depuis": "maj_depuis=2000-01-01",
    "open": "open=all",
}


def test_each_filter_has_its_sample() -> None:
    asks_sirene = {"naf"}  # tests/api/test_registers.py
    assert set(SAMPLES) | asks_sirene == set(Narrowing.__struct_fields__)


@pytest.mark.parametrize("asked", SAMPLES.values(), ids=SAMPLES.keys())
def test_every_filter_goes_on_in_tiles_pages_and_links(client: Client, asked: str) -> None:
    html = page(client, f"/?{asked}&limit=1")
    (tiles,) = re.findall(r'data-tuiles="([^"]*)"', html)
    assert parse_qs(unescape(tiles)) == parse_qs(asked)
    (following,) = re.findall(r'id="suite" href="/[?]([^"]+)"', html)
    carried = parse_qs(unescape(following))
    assert carried.pop("cursor")
    assert carried == parse_qs(asked) | {"limit": ["1"]}
    (back,) = re.findall(r'/structures/[^"?]+[?]retour=([^"]+)"', html)
    assert parse_qs(unquote_plus(unescape(back)).removeprefix("?")) == parse_qs(asked) | {"limit": ["1"]}


@pytest.mark.parametrize("asked", [*SAMPLES.values(), "q=pharmacie&departement=59"])
def test_the_map_beside_a_structure_is_of_the_question_one_returns_to(client: Client, asked: str) -> None:
    (link,) = re.findall(r'href="(/structures/[^"]+)"', page(client, f"/?{asked}&limit=1"))
    html = page(client, unescape(link))
    (tiles,) = re.findall(r'data-tuiles="([^"]*)"', html)
    assert parse_qs(unescape(tiles)) == parse_qs(asked)
    (question,) = re.findall(r'data-requete="([^"]*)"', html)
    assert parse_qs(unescape(question)) == parse_qs(asked) | {"limit": ["1"]}


@pytest.mark.parametrize(
    "back", ["", "?", "?q=", "?inconnu=1", "?departement=zz", "/ailleurs", "?%FF", "?lat=48.85&lon=2.35"]
)
def test_and_of_everything_where_one_comes_from_no_narrower_question(client: Client, back: str) -> None:
    (link,) = re.findall(r'href="(/structures/[^"?]+)', page(client, "/?limit=1"))
    html = page(client, link + "?" + urlencode({"retour": back}))
    assert "data-tuiles" not in html
    assert "data-requete" not in html


def test_a_point_without_radius_orders_the_list_and_leaves_the_map_whole(client: Client) -> None:
    assert 'data-tuiles=""' in page(client, "/?lat=48.85&lon=2.35")


@pytest.mark.parametrize("asked", SAMPLES.values(), ids=SAMPLES.keys())
def test_the_form_of_filters_loses_nothing_of_the_question(client: Client, asked: str) -> None:
    html = page(client, f"/?{asked}")
    form = html[html.index('<form class="filtres"') :]
    form = form[: form.index("</form>")]
    carried = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    carried += [(name, value) for name, value in parse_qsl(asked) if f'<option value="{value}" selected' in form]
    carried += re.findall(r'type="(?:checkbox|radio)" name="([^"]+)" value="([^"]*)" checked', form)
    known = [(name, unescape(value)) for name, value in carried]
    assert set(parse_qsl(asked)) <= {
        *known,
        ("radius", "200000"),
    }  # a radius that the menu lacks becomes « sans limite »


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ("region=11", "Île-de-France"),
        ("epci=200054781", "Métropole du Grand Paris"),
        (SAMPLES["polygon"], "Zone dessinée"),
        ("domaine=soc", "Social et médico-social"),
        ("secteur=lucratif", "Privé lucratif"),
        ("statut=60", "Association Loi 1901 non Reconnue d'Utilité Publique"),
        ("precision=street", "Dans la rue"),
        ("telephone=false", "Sans téléphone"),
        ("maj_depuis=2026-03-01", "Touchées depuis le 01/03/2026"),
        ("categorie=4400", "Etablissements et Services pour Personnes Agées"),
    ],
)
def test_every_filter_in_force_is_named_with_a_way_out(client: Client, asked: str, label: str) -> None:
    (token,) = re.findall(
        r'<a class="jeton" href="/[?]"><span class="invisible">Retirer\u00a0: </span>([^<]+) <',
        page(client, f"/?{asked}"),
    )
    assert unescape(token) == label


def test_the_way_out_of_a_point_leaves_no_order_by_distance(client: Client) -> None:
    html = page(client, "/?q=pharmacie&lat=48.85&lon=2.35&radius=5000&sort=distance")
    assert (
        '<a class="jeton" href="/?q=pharmacie"><span class="invisible">Retirer\u00a0: </span>Autour d’un point' in html
    )


def bounds(html: str) -> list[float]:
    (found,) = re.findall(r'data-bornes="([^"]*)"', html)
    return [float(each) for each in found.split(",")]


def test_the_map_goes_where_an_area_is(client: Client) -> None:
    assert bounds(page(client, "/?bbox=1,48,3,49")) == [1, 48, 3, 49]
    west, south, east, north = bounds(page(client, "/?region=94"))
    assert 8 < west < east < 10
    assert 41 < south < north < 44
    assert bounds(page(client, f"/?{SAMPLES['polygon']}")) == [-5, 42, 8, 51]


def test_the_map_goes_where_the_words_say_however_many_they_find(client: Client) -> None:
    listed = client.get("/api/v1/search?q=pharmacie+paris&limit=100").json()["results"]
    paris = [s["position"] for s in listed if s["address"]["commune"]["code"].startswith("75")]
    assert len(paris) > 2
    west, south, east, north = bounds(page(client, "/?q=pharmacie+paris&limit=1"))  # more than one page
    assert 2.1 < west < east < 2.6
    assert 48.7 < south < north < 49.0


def test_words_narrow_the_area_that_is_looked_at(client: Client) -> None:
    whole = bounds(page(client, "/?region=11"))
    west, south, east, north = bounds(page(client, "/?region=11&q=ehpad+paris"))
    assert whole[0] < west < east < whole[2]
    assert whole[1] < south < north < whole[3]


def test_words_that_span_the_country_leave_the_map_where_it_is(client: Client) -> None:
    assert "data-bornes" not in page(client, "/?q=pharmacie")
    assert "data-bornes" not in page(client, "/")


LILLE_BOX = (2.9, 50.5, 3.2, 50.8)


@pytest.mark.parametrize(("elsewhere", "goes"), [(0, True), (2, True), (9, False)])
def test_one_match_in_ten_may_be_elsewhere(elsewhere: int, goes: bool) -> None:
    lon = [LILLE.lon + step / 200 for step in range(-12, 12)] + [0.54] * elsewhere
    lat = [LILLE.lat + step / 200 for step in range(-12, 12)] + [43.2] * elsewhere
    found = places.together(lon, lat)
    assert (found is not None) is goes
    if found:
        assert all(abs(edge - expected) < 0.2 for edge, expected in zip(found, LILLE_BOX, strict=True))


def test_nothing_placed_is_nowhere() -> None:
    assert places.together([], []) is None


def test_the_documentation_sets_names_as_code(client: Client) -> None:
    html = page(client, "/api/docs")
    assert "`" not in html
    assert "<code>minLon,minLat,maxLon,maxLat</code>" in html
    assert "/tiles/structures/{z}/{x}/{y}.mvt" in html


def test_words_that_were_given_up_are_said_by_the_page_and_by_the_answer(client: Client) -> None:
    asked = {"q": "pharmacie xylographique"}
    answer = client.get("/api/v1/search", params=asked).json()
    assert (answer["left_out"], answer["total"] > 0) == (["xylographique"], True)
    html = client.get("/", params=asked, headers=HTML).text.replace("\u202f", " ").replace("\xa0", " ")
    assert "Rien ne répond à tous vos mots : voici sans « xylographique »." in " ".join(html.split())
    whole = client.get("/api/v1/search", params={"q": "pharmacie"}).json()
    assert "left_out" not in whole


def said_by(client: Client, **asked: str) -> str:
    """The text of the page, tags and French spaces plain."""
    html = client.get("/", params=asked, headers=HTML).text.replace("\u202f", " ").replace("\xa0", " ")
    return " ".join(re.sub(r"<[^>]+>", "", unescape(html)).split())


def test_what_was_corrected_is_told_by_the_page_and_by_the_answer(client: Client) -> None:
    answer = client.get("/api/v1/search", params={"q": "farmacie"}).json()
    assert answer["corrected"] == [{"typed": "farmacie", "meant": "pharmacie", "instead": True}]
    assert "Résultats pour « pharmacie », au lieu de « farmacie »." in said_by(client, q="farmacie")
    assert "corrected" not in client.get("/api/v1/search", params={"q": "pharmacie"}).json()


def test_the_surroundings_of_a_town_that_has_nothing_are_told_with_the_way_to_the_whole_country(client: Client) -> None:
    asked = {"q": f"pharmacie à {WITHOUT_PHARMACY}"}
    answer = client.get("/api/v1/search", params=asked).json()
    assert (answer["around"]["commune"]["name"], answer["total"] > 0) == (WITHOUT_PHARMACY, True)
    assert answer["results"][0]["distance_m"] is not None
    told = said_by(client, **asked)
    assert f"Rien ne répond à {WITHOUT_PHARMACY} : voici" in told
    assert "sans «" not in told
    leads = re.search(r'href="/\?q=pharmacie">Chercher', client.get("/", params=asked, headers=HTML).text)
    assert leads is not None


def test_an_area_without_any_says_so_with_the_way_to_the_whole_country(client: Client) -> None:
    told = said_by(client, q="chu wallis-et-futuna")
    assert "Rien ne répond à « chu » dans le lieu demandé (Wallis et Futuna)." in told
    assert "Chercher « chu » dans toute la France" in told


def test_a_place_that_has_nothing_says_so_and_doubts_no_spelling(client: Client) -> None:
    told = said_by(client, q="archipel des kerguelen")
    assert "Les données ne contiennent aucune structure ouverte dans le lieu demandé (Archipel des Kerguelen)." in told
    assert "orthographe" not in told
