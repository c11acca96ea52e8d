"""`/ogc` as clients of OGC API - Features and Tiles ask it: documents, links, pages, filters, tiles."""

import datetime as dt
import json
from typing import Any
from urllib.parse import quote

import mapbox_vector_tile
import pytest
from litestar.testing import TestClient
from schemathesis.specs.openapi.definitions import OPENAPI_30_VALIDATOR
from sqlalchemy import text

from api.app import create_app
from api.ogc.parameters import CommunesAsked, StructuresAsked
from geo.communes import communes
from geo.database import engine_for
from geo.settings import Settings
from tests.api import two_registers as two
from tests.api.conftest import demo_with_everything
from tests.once import copy_of

Client = TestClient[Any]
ROOT = "http://testserver.local/ogc"
STRUCTURES, COMMUNES = "/ogc/collections/structures/items", "/ogc/collections/communes/items"
GEOJSON = "application/geo+json"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"


def get(client: Client, address: str, media_type: str = "application/json") -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    return answer.json()


def items(client: Client, query: str = "", of: str = STRUCTURES) -> Any:
    return get(client, f"{of}?{query}", GEOJSON)


def refused(client: Client, query: str, of: str = STRUCTURES) -> dict[str, Any]:
    answer = client.get(f"{of}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    found: dict[str, Any] = answer.json()
    return found


def pages(client: Client, query: str, of: str = STRUCTURES) -> list[Any]:
    """Every feature, page after page, by the links alone."""
    page = items(client, query, of)
    found = page["features"]
    while following := linked(page, "next"):
        page = get(client, following.removeprefix("http://testserver.local"), GEOJSON)
        found += page["features"]
    return found


def linked(document: Any, rel: str) -> str | None:
    return next((each["href"] for each in document["links"] if each["rel"] == rel), None)


def total(client: Client, query: str) -> int:
    found: int = client.get(f"/api/v1/search?{query}").json()["total"]
    return found


# Documents


def test_every_link_of_the_landing_page_and_of_the_collections_leads_to_what_it_says(client: Client) -> None:
    documents = [get(client, "/ogc"), *get(client, "/ogc/collections")["collections"]]
    documents.append(get(client, "/ogc/collections/structures/tiles"))
    links = [link for each in documents for link in each["links"]]
    assert {"self", "service-desc", "conformance", "data", "items", QUERYABLES} <= {each["rel"] for each in links}
    for each in links:
        assert each["href"].startswith(ROOT)
        answer = client.get(each["href"].removeprefix("http://testserver.local"))
        assert (answer.status_code, answer.headers["content-type"]) == (200, each["type"]), each


def test_links_are_those_of_the_address_that_the_operator_says(demo_instance: Settings) -> None:
    told = Settings(
        home=demo_instance.home, database_url=demo_instance.database_url, public_url="https://carte.example/sante"
    )
    with TestClient(create_app(told)) as client:
        page = items(client, "limit=1")
        assert linked(page, "self") == "https://carte.example/sante/ogc/collections/structures/items?limit=1"
        assert str(linked(page, "next")).startswith(
            "https://carte.example/sante/ogc/collections/structures/items?limit=1&"
        )
        assert linked(get(client, "/ogc"), "data") == "https://carte.example/sante/ogc/collections"


def test_a_collection_says_where_and_when_it_extends(client: Client) -> None:
    one = get(client, "/ogc/collections/structures")
    west, south, east, north = one["extent"]["spatial"]["bbox"][0]
    assert all(
        west <= lon <= east and south <= lat <= north
        for lon, lat in (each["geometry"]["coordinates"] for each in pages(client, "limit=1000") if each["geometry"])
    )
    first, last = one["extent"]["temporal"]["interval"][0]
    assert dt.datetime.fromisoformat(first) < dt.datetime.fromisoformat(last)
    assert one["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    assert one["attribution"].startswith("Données fictives")
    assert client.get("/ogc/collections/nulle").status_code == 404
    assert client.get("/ogc/collections/nulle/queryables").status_code == 404


def test_a_program_is_answered_in_its_format_whatever_it_accepts(client: Client) -> None:
    for accepted in ("text/html", "*/*", "application/xml"):
        answer = client.get(f"{STRUCTURES}?limit=1", headers={"accept": accepted})
        assert answer.headers["content-type"] == GEOJSON
        answer = client.get("/ogc/collections/nulle", headers={"accept": accepted})
        assert answer.headers["content-type"].startswith("application/problem+json")


def test_the_description_that_clients_read_is_openapi_3_0_and_the_same_as_ours(client: Client) -> None:
    described = get(client, "/ogc/api", "application/vnd.oai.openapi+json;version=3.0")
    assert [str(error) for error in OPENAPI_30_VALIDATOR.iter_errors(described)] == []
    assert described["servers"] == [{"url": ROOT}]
    ours = client.get("/openapi.json").json()["paths"]
    assert {f"/ogc{path}".rstrip("/") for path in described["paths"]} == {
        each for each in ours if each.startswith("/ogc")
    }
    asked = {"structures": StructuresAsked, "communes": CommunesAsked}
    for name, shape in asked.items():
        parameters = described["paths"][f"/collections/{name}/items"]["get"]["parameters"]
        assert [each["name"] for each in parameters] == list(shape.__struct_encode_fields__)
    assert '"null"' not in json.dumps(described)


def test_queryables_are_a_json_schema_of_what_filters_name(client: Client) -> None:
    schema = get(client, "/ogc/collections/structures/queryables", "application/schema+json")
    assert schema["properties"]["departement"] == {"title": "Code du département", "type": "string"}
    assert schema["properties"]["geometry"]["format"] == "geometry-point"
    shown = items(client, "limit=1")["features"][0]["properties"].keys()
    assert shown - schema["properties"].keys() == {"address"}


# Pages


def test_a_page_counts_exactly_and_says_when(client: Client) -> None:
    page = items(client, "limit=7")
    assert (page["type"], page["numberReturned"], len(page["features"])) == ("FeatureCollection", 7, 7)
    assert page["numberMatched"] == total(client, "")
    assert abs(dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(page["timeStamp"])) < dt.timedelta(minutes=1)
    answer = client.get(f"{STRUCTURES}?limit=7")
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    assert items(client)["numberReturned"] == 100
    assert items(client, "limit=100000")["numberReturned"] == min(1_000, total(client, ""))
    assert linked(items(client, "departement=2A&limit=1000"), "next") is None


@pytest.mark.parametrize("query", ["limit=37", "open=all&limit=200", "departement=59&departement=75&limit=9"])
def test_pages_hold_every_structure_once_in_the_order_of_ids(client: Client, query: str) -> None:
    ids = [each["id"] for each in pages(client, query)]
    assert ids == sorted(set(ids))
    searched = "&".join(each for each in query.split("&") if not each.startswith("limit"))
    assert len(ids) == total(client, searched)


def test_what_a_publication_changes_between_two_pages_repeats_and_loses_nothing_else(
    demo_instance: Settings, server_url: str, tmp_path: Any
) -> None:
    with copy_of(demo_with_everything, server_url, tmp_path / "home") as instance:
        engine = engine_for(instance.database_url)
        with TestClient(create_app(instance)) as client:
            whole = [each["id"] for each in pages(client, "limit=1000")]
            first = items(client, "limit=100")
            gone = [whole[3], whole[99], whole[150]]  # one shown, the last shown, one to come
            with engine.begin() as connection:
                connection.execute(text("DELETE FROM structure WHERE id = ANY (:gone)"), {"gone": gone})
            page, seen = first, [each["id"] for each in first["features"]]
            while following := linked(page, "next"):
                page = get(client, following.removeprefix("http://testserver.local"), GEOJSON)
                seen += [each["id"] for each in page["features"]]
        engine.dispose()
    assert seen == [each for each in whole if each != whole[150]]


@pytest.mark.parametrize("cursor", ["é", "====", "AA", "a" * 300, "Zg==", "%00"])
def test_a_cursor_that_is_not_ours_is_refused(client: Client, cursor: str) -> None:
    assert refused(client, f"cursor={cursor}")["parameter"] == "cursor"


# What is shown


def test_a_feature_shows_what_the_search_shows(client: Client) -> None:
    for each in client.get("/api/v1/search?open=all&limit=30").json()["results"]:
        feature = get(client, f"{STRUCTURES}/{each['id']}", GEOJSON)
        told = feature["properties"]
        assert (feature["id"], told["name"], told["open"]) == (each["id"], each["name"], each["open"])
        assert (told["categorie"], told["categorie_label"]) == tuple(each["categorie"].values())
        assert (told["finess"], told["siret"]) == tuple(", ".join(each[n]) or None for n in ("finess", "siret"))
        assert (told["phones"], told["address"]) == (
            ", ".join(each["phones"]) or None, ", ".join(each["address"]["lines"]) or None,
        )  # fmt: skip
        assert (told["commune"], told["commune_name"]) == tuple(each["address"]["commune"].values())
        assert (told["closed_on"], told["updated_on"]) == (each["closed_on"], each["updated_on"])
        place = each["position"]
        assert feature["geometry"] == (place and {"type": "Point", "coordinates": [place["lon"], place["lat"]]})
        assert linked(feature, "collection") == f"{ROOT}/collections/structures"


def test_what_is_told_elsewhere_redirects_and_what_was_withdrawn_is_gone(server_url: str, tmp_path: Any) -> None:
    with (
        copy_of(two.both_registers, server_url, tmp_path / "home") as instance,
        TestClient(create_app(instance)) as client,
    ):
        matched = client.get(f"{STRUCTURES}/s{two.OF_PHARMACY}", follow_redirects=False)
        assert (matched.status_code, matched.headers["location"]) == (
            308, f"{ROOT}/collections/structures/items/f{two.PHARMACY}",
        )  # fmt: skip
        assert client.get(f"{STRUCTURES}/s{two.HIDDEN}").status_code == 410
        assert client.get(f"{STRUCTURES}/s{two.NEVER_TOLD}").status_code == 404
        assert not {f"s{two.HIDDEN}", f"s{two.NEVER_TOLD}"} & {each["id"] for each in pages(client, "open=all")}


@pytest.mark.parametrize("identifier", ["nulle", "%00", "a" * 3000, "f%20b", "finess:330000001"])
def test_an_unknown_item_is_404(client: Client, identifier: str) -> None:
    for address in (STRUCTURES, COMMUNES):
        answer = client.get(f"{address}/{identifier}")
        assert answer.status_code in (400, 404)
        assert len(answer.text) < 500


def test_communes_have_their_contour_and_the_number_of_their_open_structures(client: Client) -> None:
    paris = get(client, f"{COMMUNES}/75056", GEOJSON)
    assert paris["properties"] | {"structures": 0} == {
        "code": "75056", "name": "Paris", "departement": "75", "region": "11", "epci": communes()["75056"].epci,
        "population": communes()["75056"].population, "structures": 0,
    }  # fmt: skip
    assert paris["properties"]["structures"] == total(client, "commune=75056") > 0
    assert paris["geometry"]["type"] == "MultiPolygon"
    corsica = pages(client, "departement=2A&limit=50", COMMUNES)
    assert {each["id"] for each in corsica} == {each.code for each in communes().values() if each.departement == "2A"}
    assert sum(each["properties"]["structures"] for each in corsica) == total(client, "departement=2A")
    assert client.get(f"{COMMUNES}/75113").status_code == 404  # an arrondissement would be drawn over Paris
    around_lille = items(client, "bbox=3.06,50.63,3.07,50.64", COMMUNES)
    assert "59350" in {each["id"] for each in around_lille["features"]}


# Filters of the standard and of the search


@pytest.mark.parametrize(
    "query",
    [
        "departement=59", "region=11&categorie=620", "categorie=4400", "commune=75056", "secteur=public&statut=60", "public=700",
        "domaine=soc&telephone=true", "maj_depuis=2026-01-01", "open=all", "precision=street", "bbox=1.5,48.5,3.5,49.5",
    ],
)  # fmt: skip
def test_a_filter_of_the_search_finds_the_same_here(client: Client, query: str) -> None:
    assert items(client, f"{query}&limit=1")["numberMatched"] == total(client, query)


def test_boxes_with_heights_and_across_the_antimeridian(client: Client) -> None:
    flat = items(client, "bbox=1.5,48.5,3.5,49.5")["numberMatched"]
    assert items(client, "bbox=1.5,48.5,0,3.5,49.5,100")["numberMatched"] == flat > 0
    halves = sum(items(client, f"bbox={box}")["numberMatched"] for box in ("2,-90,180,90", "-180,-90,1,90"))
    assert items(client, "bbox=2,-90,1,90")["numberMatched"] == halves > 0


@pytest.mark.parametrize(
    "box", ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1,50,2,49", "nan,1,2,3", "-200,1,2,3", "1,2,3,4,5,6,7"]
)
def test_a_box_that_is_none_is_refused(client: Client, box: str) -> None:
    assert refused(client, f"bbox={box}")["parameter"] == "bbox"
    assert refused(client, f"bbox={box}", COMMUNES)["parameter"] == "bbox"


def test_instants_and_intervals_are_of_the_day_a_register_touched_it(client: Client) -> None:
    days = sorted(
        each["properties"]["updated_on"] for each in pages(client, "limit=1000") if each["properties"]["updated_on"]
    )
    middle = days[len(days) // 2]
    for when, expected in {
        middle: days.count(middle),
        f"{middle}T12:00:00Z": days.count(middle),
        f"{middle}T00:00:00Z/..": sum(day >= middle for day in days),
        f"../{middle}T23:59:59Z": sum(day <= middle for day in days),
        f"{days[0]}/{middle}": sum(day <= middle for day in days),
    }.items():
        assert items(client, f"datetime={when}")["numberMatched"] == expected
    assert (
        items(client, f"datetime={middle}", COMMUNES)["numberMatched"] == items(client, "", COMMUNES)["numberMatched"]
    )


@pytest.mark.parametrize(
    "when", ["hier", "2026-02-30", "2026-03-01/2026-02-01", "..", "2026-01-01/2026-01-02/..", "20260101", "/",
     "2026-01-01T25:99:99Z", "2026-01-01T12:00:00", "2026-01-01T", "2026-01-01T12:00:00%2B25:00"]
)  # fmt: skip
def test_a_time_that_is_none_is_refused(client: Client, when: str) -> None:
    assert refused(client, f"datetime={when}")["parameter"] == "datetime"
    assert refused(client, f"datetime={when}", COMMUNES)["parameter"] == "datetime"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("q=ehpad", "q"), ("couleur=bleu", "couleur"), ("limit=0", "limit"), ("limit=-5", "limit"),
     ("departement=999", "departement"),
     ("filter-lang=sql", "filter-lang"), ("filter_lang=cql2-text", "filter_lang"), ("open=non", "open"),
     ("filter-crs=http://www.opengis.net/def/crs/EPSG/0/3857&filter=open", "filter-crs"), ("limit=5&limit=6", "limit")],
)  # fmt: skip
def test_what_is_not_known_is_refused_by_its_name(client: Client, query: str, parameter: str) -> None:
    assert refused(client, query)["parameter"] == parameter


# Tiles


def test_a_tile_is_the_map_s_own_its_row_before_its_column(client: Client) -> None:
    tileset = get(client, "/ogc/collections/structures/tiles/WebMercatorQuad")
    template = str(linked(tileset, "item")).removeprefix("http://testserver.local")
    paris = template.replace("{tileMatrix}", "6").replace("{tileRow}", "22").replace("{tileCol}", "32")
    for query in ("", "?categorie=620", "?q=pharmacie"):
        ours, theirs = client.get(f"/tiles/structures/6/32/22.mvt{query}"), client.get(f"{paris}{query}")
        assert ours.status_code == theirs.status_code == 200
        assert ours.headers["content-type"] == theirs.headers["content-type"] == "application/vnd.mapbox-vector-tile"
        assert ours.content == theirs.content
    assert mapbox_vector_tile.decode(client.get(paris).content)["clusters"]["features"]
    assert client.get(paris, headers={"if-none-match": client.get(paris).headers["etag"]}).status_code == 304


@pytest.mark.parametrize("address", ["2/9/0", "23/0/0", "a/0/0", "-1/0/0", "2/0/" + "9" * 500])
def test_a_tile_that_does_not_exist_is_refused(client: Client, address: str) -> None:
    assert client.get(f"/ogc/collections/structures/tiles/WebMercatorQuad/{address}").status_code in (400, 404)


def test_the_matrix_set_is_that_of_web_maps(client: Client) -> None:
    (one,) = get(client, "/ogc/tileMatrixSets")["tileMatrixSets"]
    matrices = get(client, one["links"][0]["href"].removeprefix("http://testserver.local"))["tileMatrices"]
    assert [each["id"] for each in matrices] == [str(zoom) for zoom in range(23)]
    assert matrices[0]["scaleDenominator"] == pytest.approx(559_082_264.028717)
    assert matrices[3]["matrixWidth"] == matrices[3]["matrixHeight"] == 8
    assert matrices[0]["pointOfOrigin"] == pytest.approx([-20037508.342789244, 20037508.342789244])


def test_texts_of_an_address_come_back_whole_in_its_next(client: Client) -> None:
    written = quote("name LIKE '%é%' OR open")
    asked = f"filter={written}&limit=2"
    following = linked(items(client, asked), "next")
    assert following is not None
    assert get(client, following.removeprefix("http://testserver.local"), GEOJSON)["features"]
