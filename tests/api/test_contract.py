"""DESIGN § 7, first part: what outsiders rely on, asked over HTTP of a published demo."""

import json
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import polars as pl
import pytest
from litestar.testing import TestClient

from tests.places import LILLE, PARIS_13

Client = TestClient[Any]


def get(client: Client, address: str, status: int = 200, **headers: str) -> Any:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def problem(client: Client, address: str, status: int) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    found: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= found.keys()
    assert found["status"] == status
    return found


def test_the_total_is_the_number_of_open_establishments(client: Client, truth: Path) -> None:
    assert get(client, "/api/v1/search")["total"] == pl.read_parquet(truth)["open"].sum()
    assert get(client, "/api/v1/search?open=all")["total"] == len(pl.read_parquet(truth))


def test_an_answer_has_the_members_of_the_contract(client: Client) -> None:
    answer = get(client, "/api/v1/search?q=pharmacie&facets=categorie&limit=3")
    assert answer.keys() == {"total", "results", "facets", "next", "engine", "data"}
    assert answer["engine"] == "embedded"
    assert answer["data"]["fictitious"] is True
    assert answer["data"]["sources"][0].keys() == {"name", "licence", "as_of"}
    assert answer["facets"]["categorie"][0].keys() == {"value", "label", "count"}
    assert answer["results"][0].keys() == {
        "id", "name", "categorie", "naf", "finess", "siret", "siren", "entite_juridique", "address", "position", "distance_m",
        "phones", "open", "closed_on", "updated_on", "score",
    }  # fmt: skip


def test_around_a_point_answers_nearest_first_in_metres(client: Client) -> None:
    answer = get(client, f"/api/v1/search?lat={PARIS_13.lat}&lon={PARIS_13.lon}&radius=50000&limit=100")
    distances = [each["distance_m"] for each in answer["results"]]
    assert distances == sorted(distances)
    assert max(distances) <= 50_000
    assert answer["total"] >= len(distances) > 3


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/search?limit=40",
        "/api/v1/search?q=ehpad&limit=9",
        f"/api/v1/search?lat={LILLE.lat}&lon={LILLE.lon}&limit=50",
    ],
)
def test_pages_follow_one_another_without_repeats(client: Client, address: str) -> None:
    page = get(client, address)
    seen = [each["id"] for each in page["results"]]
    while page["next"]:
        page = get(client, f"{address}&cursor={page['next']}")
        seen += [each["id"] for each in page["results"]]
    assert len(seen) == len(set(seen)) == page["total"]


def test_post_takes_the_same_members(client: Client) -> None:
    asked = {"q": "pharmacie", "lat": 48.85, "lon": 2.35, "categorie": ["620"], "limit": 5}
    posted = client.post("/api/v1/search", json=asked)
    assert posted.status_code == 200
    assert posted.json() == get(client, "/api/v1/search?q=pharmacie&lat=48.85&lon=2.35&categorie=620&limit=5")


def test_geojson_has_the_same_members_beside_features(client: Client) -> None:
    answer = client.get("/api/v1/search?q=pharmacie&limit=4", headers={"accept": "application/geo+json"})
    assert answer.headers["content-type"].startswith("application/geo+json")
    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    assert {"total", "facets", "next", "engine", "data", "features"} <= collection.keys()
    feature = collection["features"][0]
    assert feature["geometry"]["coordinates"] == [feature["properties"]["position"][axis] for axis in ("lon", "lat")]


def test_a_polygon_and_its_box_agree_with_the_rows(client: Client) -> None:
    ring = [[1.5, 48.5], [3.5, 48.5], [3.5, 49.5], [1.5, 49.5], [1.5, 48.5]]
    polygon = json.dumps({"type": "Polygon", "coordinates": [ring]})
    by_polygon = client.get("/api/v1/search", params={"polygon": polygon}).json()["total"]
    assert by_polygon == get(client, "/api/v1/search?bbox=1.5,48.5,3.5,49.5")["total"] > 0


def test_areas_and_families_filter(client: Client) -> None:
    everything = get(client, "/api/v1/search?facets=departement&facets=categorie")
    first = everything["facets"]["departement"][0]
    assert get(client, f"/api/v1/search?departement={first['value']}")["total"] == first["count"]
    family = sum(each["count"] for each in everything["facets"]["categorie"] if each["value"] in ("500", "501", "502"))
    assert get(client, "/api/v1/search?categorie=500&categorie=501&categorie=502")["total"] == family
    assert get(client, "/api/v1/search?categorie=4400")["total"] >= family


@pytest.mark.parametrize("code", ["lib:medecin-generaliste", "LIB:Pharmacie", "lib", "sirene"])
def test_a_category_of_what_sirene_knows_is_a_filter_too(client: Client, code: str) -> None:
    assert get(client, f"/api/v1/search?categorie={code}")["total"] == 0  # the demo has loaded FINESS only
    paris = get(client, "/api/v1/search?commune=75056")["total"]
    assert paris == get(client, "/api/v1/search?departement=75")["total"] > 0


def test_a_structure_is_found_by_its_id_and_numbers(client: Client, truth: Path) -> None:
    row = next(r for r in pl.read_parquet(truth).iter_rows(named=True) if r["siret"] and r["open"])
    page = get(client, f"/api/v1/structures/f{row['finess']}")
    assert (page["name"], page["finess"], page["siret"]) == (row["name"], [row["finess"]], [row["siret"]])
    assert page["provenance"][0].keys() == {"fields", "source", "licence", "as_of"}
    assert get(client, f"/api/v1/structures/finess:{row['finess']}") == page
    assert get(client, f"/api/v1/structures/siret:{row['siret']}") == page
    found = get(client, f"/api/v1/structures/finess:{page['entite_juridique']['finess']}")
    ids = [each["id"] for each in found["results"]] if "results" in found else [found["id"]]
    assert page["id"] in ids


def test_a_closed_structure_says_so(client: Client, truth: Path) -> None:
    row = next(r for r in pl.read_parquet(truth).iter_rows(named=True) if not r["open"])
    assert get(client, f"/api/v1/structures/f{row['finess']}")["open"] is False


@pytest.mark.parametrize("identifier", ["f990000000", "nimporte", "finess:990000000", "siret:73282932000074", "rpps:1"])
def test_an_unknown_structure_is_404(client: Client, identifier: str) -> None:
    problem(client, f"/api/v1/structures/{identifier}", 404)


@pytest.mark.parametrize("identifier", ["finess:12", "siret:73282932000075", "siret:abc"])
def test_a_number_that_cannot_exist_is_400(client: Client, identifier: str) -> None:
    problem(client, f"/api/v1/structures/{identifier}", 400)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("lat=48", "lon"), ("lon=2", "lat"), ("radius=100", "radius"), ("lat=91&lon=2", "lat"), ("lat=48&lon=181", "lon"),
        ("lat=nan&lon=2", "lat"), ("lat=48&lon=2&radius=-1", "radius"), ("lat=48&lon=2&radius=200001", "radius"),
        ("bbox=1,2,3", "bbox"), ("bbox=3,48,1,49", "bbox"), ("bbox=a,b,c,d", "bbox"), ("bbox=-200,0,0,1", "bbox"),
        ("bbox=1_0,48,11,49", "bbox"), ("bbox=١,48,2,49", "bbox"), ("lat=4_8&lon=2", "lat"), ("bbox=.,48,2,49", "bbox"),
        ("polygon=%7B%7D", "polygon"), ("polygon=[1,2]", "polygon"), ("polygon=[[[[", "polygon"),
        ("commune=99999", "commune"), ("departement=XX", "departement"), ("categorie=nimporte", "categorie"),
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=abc", "limit"), ("sort=distance", "sort"), ("sort=prix", "sort"),
        ("facets=couleur", "facets"), ("open=maybe", "open"), ("cursor=abc", "cursor"), ("cursor=%00", "cursor"),
        ("couleur=bleu", "couleur"),
        ("domaine=med", "domaine"), ("secteur=prive", "secteur"), ("statut=XX", "statut"), ("public=pers.", "public"),
        ("precision=porte", "precision"), ("telephone=oui", "telephone"), ("telephone=1&telephone=0", "telephone"),
        ("maj_depuis=hier", "maj_depuis"), ("maj_depuis=2026-02-30", "maj_depuis"), ("naf=99", "naf"), ("naf=8", "naf"),
        ("q=a&q=b", "q"), ("q=" + "a" * 201, "q"), ("total=peut-etre", "total"),
    ],
)  # fmt: skip
def test_bad_questions_are_400_naming_the_parameter(client: Client, query: str, parameter: str) -> None:
    assert problem(client, f"/api/v1/search?{query}", 400).get("parameter") == parameter


def test_what_may_be_counted_is_told_to_who_asks_for_something_else(client: Client) -> None:
    detail = problem(client, "/api/v1/search?facets=couleur", 400)["detail"]
    assert "Attendu : « categorie », « famille »" in detail.replace("\u202f", " ")


@pytest.mark.parametrize("name", ["naf=86.21Z", "naf=2025:86.21Y", "open_now=true", "certified=true", "claimed=1"])
def test_a_reserved_name_is_not_available_yet(client: Client, name: str) -> None:
    assert "not available yet" in problem(client, f"/api/v1/search?{name}", 400)["detail"]


def test_a_cursor_of_another_question_is_refused(client: Client) -> None:
    cursor = get(client, "/api/v1/search?q=ehpad&limit=1")["next"]
    problem(client, f"/api/v1/search?q=pharmacie&cursor={cursor}", 400)


@pytest.mark.parametrize(
    "body", ["[]", "3", "{", '{"lat": "48"}', '{"limit": 1000}', '{"naf": "86.21Z"}', '{"q": {"a": 1}}']
)
def test_a_bad_body_is_400(client: Client, body: str) -> None:
    answer = client.post("/api/v1/search", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "words", ["%F0%9F%92%8A", "'; DROP TABLE structure; --", "((((", '"', "a" * 200, "%E2%80%AE", "\\"]
)
def test_odd_words_are_only_words(client: Client, words: str) -> None:
    assert client.get(f"/api/v1/search?q={words}").status_code == 200
    assert client.get(f"/api/v1/suggest?q={words}").status_code == 200


def test_suggestions_have_the_members_of_the_contract(client: Client) -> None:
    found = get(client, "/api/v1/suggest?q=par&limit=5")["suggestions"]
    assert 0 < len(found) <= 5
    assert found[0].keys() == {"kind", "label", "id", "lon", "lat"}


def test_tiles_of_zoom_0_count_every_open_placed_structure(client: Client, truth: Path) -> None:
    answer = client.get("/tiles/structures/0/0/0.mvt")
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    clusters = mapbox_vector_tile.decode(answer.content)["clusters"]["features"]
    assert sum(c["properties"]["n"] for c in clusters) == pl.read_parquet(truth)["open"].sum()


@pytest.mark.parametrize("query", ["q=pharmacie", "categorie=620", "departement=75", "q=ehpad&categorie=4400"])
def test_tiles_and_lists_agree_on_any_question(client: Client, query: str) -> None:
    answer = client.get(f"/tiles/structures/0/0/0.mvt?{query}")
    clusters = mapbox_vector_tile.decode(answer.content)["clusters"]["features"]
    assert sum(c["properties"]["n"] for c in clusters) == get(client, f"/api/v1/search?{query}")["total"] > 0


def test_a_tile_is_not_sent_again_to_who_has_it(client: Client) -> None:
    first = client.get("/tiles/structures/5/16/11.mvt")
    again = client.get("/tiles/structures/5/16/11.mvt", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/tiles/structures/3/8/0.mvt", 400), ("/tiles/structures/23/0/0.mvt", 400), ("/tiles/structures/3/0/0.png", 404),
        ("/tiles/structures/3/0/0.mvt?sort=name", 400), ("/tiles/structures/3/0/0.mvt?bbox=1", 400),
        ("/tiles/structures/a/0/0.mvt", 404),
        ("/nulle/part", 404),
    ],
)  # fmt: skip
def test_impossible_addresses_are_problems(client: Client, address: str, status: int) -> None:
    problem(client, address, status)


def test_an_empty_tile_is_204(client: Client) -> None:
    assert client.get("/tiles/structures/8/10/10.mvt").status_code == 204


def test_tilejson_names_layers_and_credits(client: Client) -> None:
    tilejson = get(client, "/tiles/structures.json")
    assert [layer["id"] for layer in tilejson["vector_layers"]] == ["clusters", "structures"]
    assert "fictives" in tilejson["attribution"]


def test_a_question_has_its_own_tilejson(client: Client) -> None:
    (address,) = get(client, "/tiles/structures.json?q=centre+de+sant%C3%A9&departement=59")["tiles"]
    assert address.endswith("/tiles/structures/{z}/{x}/{y}.mvt?q=centre+de+sant%C3%A9&departement=59")
    assert client.get(address.replace("{z}/{x}/{y}", "5/16/10")).status_code == 200


def test_the_description_is_openapi_3_1_and_no_route_writes(client: Client) -> None:
    openapi = get(client, "/openapi.json")
    assert openapi["openapi"].startswith("3.1")
    assert {"/api/v1/search", "/api/v1/suggest", "/api/v1/structures/{identifier}"} <= openapi["paths"].keys()
    methods = {
        (path, method)
        for path, item in openapi["paths"].items()
        for method in item
        if method not in ("get", "parameters")
    }
    assert methods == {("/api/v1/search", "post")}


def test_operations_answer(client: Client) -> None:
    assert client.get("/livez").text == "ok\n"
    assert get(client, "/readyz")["ready"] is True


def test_every_answer_forbids_other_origins(client: Client) -> None:
    for address in ("/", "/api/v1/search", "/nulle/part"):
        headers = client.get(address).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
