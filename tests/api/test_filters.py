"""Filters and facets of the contract on the demo: each adds up, both methods and every reader agree."""

import json
from typing import Any

import mapbox_vector_tile
import pytest
from litestar.testing import TestClient

from search.query import Facet

Client = TestClient[Any]
SEARCH = "/api/v1/search"


def get(client: Client, query: str) -> Any:
    answer = client.get(f"{SEARCH}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


ONE_VALUE_EACH = [facet for facet in Facet if facet not in (Facet.ACTIVITE, Facet.PUBLIC, Facet.COMMUNE)]


@pytest.mark.parametrize("facet", ONE_VALUE_EACH)
def test_a_facet_says_what_its_own_filter_finds(client: Client, facet: Facet) -> None:
    everything = get(client, f"facets={facet}")
    parameter = "categorie" if facet is Facet.FAMILLE else facet.value
    values = everything["facets"][facet.value]
    assert values
    for each in values[:3]:
        found = get(client, f"{parameter}={each['value']}&facets={facet}")
        assert found["total"] == each["count"]
        assert found["facets"][facet.value] == values  # its own filter does not narrow it


def test_two_values_of_one_filter_add_up_and_two_filters_narrow(client: Client) -> None:
    counts = {each["value"]: each["count"] for each in get(client, "facets=secteur")["facets"]["secteur"]}
    assert set(counts) == {"public", "associatif", "lucratif"}
    both = get(client, "secteur=public&secteur=associatif&facets=telephone")
    assert both["total"] == counts["public"] + counts["associatif"]
    with_phone = next(each["count"] for each in both["facets"]["telephone"] if each["value"] == "true")
    assert get(client, "secteur=public&secteur=associatif&telephone=true")["total"] == with_phone < both["total"]


def test_every_facet_is_in_the_one_answer(client: Client) -> None:
    asked = "&".join(f"facets={facet}" for facet in Facet)
    found = get(client, f"q=centre&{asked}")
    assert list(found["facets"]) == [facet.value for facet in Facet]
    assert all(each["label"] for values in found["facets"].values() for each in values)


def test_what_a_register_touched_since_a_day(client: Client) -> None:
    found = get(client, "limit=100&maj_depuis=2026-01-01")
    assert 0 < found["total"] < get(client, "")["total"]
    assert all(each["updated_on"] >= "2026-01-01" for each in found["results"])


def test_both_methods_ask_alike(client: Client) -> None:
    body = {
        "secteur": ["public"],
        "domaine": "soc",
        "telephone": True,
        "maj_depuis": "2020-01-01",
        "facets": ["statut"],
    }
    posted = client.post(SEARCH, content=json.dumps(body))
    assert posted.status_code == 200, posted.text
    asked = "secteur=public&domaine=soc&telephone=true&maj_depuis=2020-01-01&facets=statut"
    assert posted.json() == get(client, asked)


@pytest.mark.parametrize(
    "asked",
    ["domaine=soc", "domaine=san&categorie=620&categorie=500", "domaine=san&categorie=500", "secteur=public", "statut=60",
     "telephone=true", "precision=housenumber&precision=street", "maj_depuis=2026-01-01", "public=700"],
)  # fmt: skip
def test_tiles_draw_what_the_list_counts(client: Client, asked: str) -> None:
    tile = client.get(f"/tiles/structures/0/0/0.mvt?{asked}")
    layers = mapbox_vector_tile.decode(tile.content) if tile.status_code == 200 else {}
    drawn = sum(each["properties"]["n"] for each in layers.get("clusters", {}).get("features", ()))
    assert drawn == get(client, asked)["total"]


def test_a_group_of_activities_of_the_nomenclature_is_known_by_how_its_codes_begin(client: Client) -> None:
    answer = client.get(f"{SEARCH}?naf=86.2")  # SIRENE was never loaded here
    assert (answer.status_code, "not available yet" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("name", ["open_now=true", "certified=true", "claimed=true"])
def test_what_no_data_feeds_yet_is_said_so(client: Client, name: str) -> None:
    answer = client.get(f"{SEARCH}?{name}")
    assert (answer.status_code, answer.json()["parameter"]) == (400, name.split("=")[0])
    assert "not available yet" in answer.json()["detail"]


def test_a_cursor_goes_on_under_the_filters_it_was_given_for(client: Client) -> None:
    first = get(client, "secteur=public&limit=2")
    following = get(client, f"secteur=PUBLIC&limit=2&facets=statut&cursor={first['next']}")
    assert not {each["id"] for each in first["results"]} & {each["id"] for each in following["results"]}
    assert client.get(f"{SEARCH}?secteur=lucratif&cursor={first['next']}").status_code == 400


@pytest.mark.parametrize("address", [SEARCH, "/tiles/structures/5/16/11.mvt", "/ogc/collections/structures/items"])
def test_more_values_than_may_be_given_are_refused_with_how_many(client: Client, address: str) -> None:
    asked = "&".join(f"categorie={code}" for code in range(200, 401))
    told = client.get(f"{address}?{asked}")
    assert told.status_code == 400
    assert told.json()["parameter"] == "categorie"
    assert told.json()["detail"] == "« categorie » a 201 valeurs ; 200 au plus."
    assert client.post(SEARCH, json={"categorie": ["620"] * 201}).json()["detail"] == told.json()["detail"]
    assert client.get(f"{address}?{asked.partition('&')[2]}").status_code in (200, 204)
