"""What nobody types by accident: the API answers 400 or 404 with a problem, never a server's error."""

import base64
import json
from typing import Any

import pytest
from litestar.testing import TestClient

from tests.places import LILLE

Client = TestClient[Any]
ARABIC_620 = "%D9%A6%D9%A2%D9%A0"
NEAR_LILLE = f"lat={LILLE.lat}&lon={LILLE.lon}"


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"].startswith("application/problem+json")
    found: dict[str, Any] = answer.json()
    return found


POLYGONS = [
    '{"type":"Polygon","coordinates":[[]]}',
    '{"type":"Polygon","coordinates":[]}',
    '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],[]]}',
    '{"type":"Polygon","coordinates":[[[0,0],[0,0]]]}',
    '{"type":"Polygon","coordinates":[[["0","0"],["1","0"],["1","1"],["0","0"]]]}',
    '{"type":"Polygon","coordinates":[[[1e308,0],[1,0],[1,1],[1e308,0]]]}',
    '{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}',
]


@pytest.mark.parametrize("polygon", [*POLYGONS, "[" * 3000, '{"type":' * 3000, "3", "null"])
def test_a_polygon_that_is_none_is_refused_in_an_address(client: Client, polygon: str) -> None:
    answer = client.get("/api/v1/search", params={"polygon": polygon})
    assert assert_problem(answer, 400)["parameter"] == "polygon"


@pytest.mark.parametrize("polygon", POLYGONS)
def test_a_polygon_that_is_none_is_refused_in_a_body(client: Client, polygon: str) -> None:
    answer = client.post("/api/v1/search", json={"polygon": json.loads(polygon)})
    assert assert_problem(answer, 400)["parameter"] == "polygon"


@pytest.mark.parametrize(
    "body",
    [b"[" * 90_000, b'{"q":' * 30_000, b'{"polygon":' + b"[" * 90_000, b"\xff\xfe", b'{"limit":' + b"9" * 5_000 + b"}",
     b'{"lat":1e999,"lon":2}', b'{"q":"\\ud800"}', b'{"q":"a\\u0000b"}', b'{"commune":["59350\\u0000"]}', b'{"":1}', b""],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(client: Client, body: bytes) -> None:
    assert_problem(client.post("/api/v1/search", content=body, headers={"content-type": "application/json"}), 400)


def test_a_body_is_json_and_of_a_reasonable_size(client: Client) -> None:
    assert_problem(client.post("/api/v1/search", content="q=a", headers={"content-type": "text/plain"}), 415)
    assert_problem(client.post("/api/v1/search", data={"q": "a"}), 415)
    too_long = json.dumps({"q": "a" * 250_000})
    answer = client.post("/api/v1/search", content=too_long, headers={"content-type": "application/json"})
    assert "200" in assert_problem(answer, 413)["detail"]


@pytest.mark.parametrize("key", [-10_000.0, -1e300, -2.0, 1e300, 3e7])
@pytest.mark.parametrize("question", ["lat=48.85&lon=2.35", "lat=48.85&lon=2.35&q=pharmacie&sort=distance"])
def test_a_cursor_is_at_no_distance_that_the_earth_lacks(client: Client, question: str, key: float) -> None:
    cursor = client.get(f"/api/v1/search?{question}&limit=1").json()["next"]
    assert_problem(client.get(f"/api/v1/search?{question}&cursor={rewritten(cursor, key=key)}"), 400)


@pytest.mark.parametrize("name", ["q", "lat", "bbox", "polygon", "commune", "departement", "sort", "limit", "cursor"])
def test_no_parameter_takes_a_nul(client: Client, name: str) -> None:
    assert assert_problem(client.get(f"/api/v1/search?{name}=1%00"), 400)["parameter"] == name
    assert client.get(f"/?{name}=1%00", headers={"accept": "text/html"}).status_code == 400


@pytest.mark.parametrize("name", ["departement", "region", "epci", "commune", "categorie", "limit", "lat"])
def test_digits_are_ours(client: Client, name: str) -> None:
    assert assert_problem(client.get(f"/api/v1/search?{name}={ARABIC_620}"), 400)["parameter"] == name


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/structures/%00", "/api/v1/structures/a%00b", "/api/v1/structures/" + "a" * 3000, "/structures/%00",
        "/static/%00", "/vendor/maplibre/a%00.js",
        "/tiles/structures/14/8300/" + "9" * 5000 + ".mvt", "/tiles/structures/" + "9" * 5000 + "/0/0.mvt",
        "/tiles/structures/3/" + "9" * 5000 + "/0.mvt", "/tiles/structures/3/4/%D9%A3.mvt", "/tiles/structures/%D9%A3/4/3.mvt",
        "/tiles/structures/3/+4/3.mvt", "/tiles/structures/3/4/3_0.mvt", "/tiles/structures/3/4/%00.mvt",
        "/tiles/base/3/4/" + "9" * 5000 + ".mvt",
    ],
)  # fmt: skip
def test_an_impossible_path_is_404(client: Client, address: str) -> None:
    assert_problem(client.get(address), 404)


@pytest.mark.parametrize(
    "identifier",
    [
        "finess:%D9%A5" + "%D9%A9" * 8,
        "siret:" + "%D9%A0" * 14,
        "siret:" + "%C2%B2" * 14,
        "finess:%00",
        "siret:" + "1" * 5000,
    ],
)
def test_a_number_in_other_digits_is_no_number(client: Client, identifier: str) -> None:
    assert client.get(f"/api/v1/structures/{identifier}").status_code in (400, 404)


def rewritten(cursor: str, **members: Any) -> str:
    """The cursor with other members: opaque does not mean that nobody tries."""
    read = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return base64.urlsafe_b64encode(json.dumps(read | members).encode()).decode().rstrip("=")


ORDERS = {
    "by relevance": "q=ehpad",
    "by name": "q=ehpad&sort=name",
    "by distance": f"q=ehpad&{NEAR_LILLE}&sort=distance",
    "without words": "categorie=620",
    "nearest": NEAR_LILLE,
}


@pytest.mark.parametrize("question", ORDERS.values(), ids=ORDERS.keys())
def test_a_cursor_that_was_tampered_with_is_refused(client: Client, question: str) -> None:
    cursor = client.get(f"/api/v1/search?{question}&limit=1").json()["next"]
    key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))["key"]
    for changes in (
        {"key": "PHARMACIE" if isinstance(key, float) else 1.5}, {"key": "A\x00"}, {"id": "f\x00"},
        {"seen": 2**62}, {"seen": 2**80}, {"seen": -1}, {"id": "f" * 5000}, {"version": "1"}, {"more": 1}, {"key": None},
    ):  # fmt: skip
        assert_problem(client.get(f"/api/v1/search?{question}&cursor={rewritten(cursor, **changes)}"), 400)
    for junk in (
        cursor + "!!!!",
        "*" + cursor,
        cursor + "==",
        cursor[:3] + "%0A" + cursor[3:],
        cursor + "AAAA",
        "é",
        "A" * 9000,
    ):
        assert_problem(client.get(f"/api/v1/search?{question}&cursor={junk}"), 400)


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("/api/v1/suggest?q=a&couleur=bleu", "couleur"), ("/api/v1/suggest?q=a&q=b", "q"), ("/api/v1/suggest?naf=86", "naf"),
        ("/api/v1/suggest?q=a&limit=21", "limit"), ("/api/v1/suggest?q=a&limit=0", "limit"), ("/api/v1/suggest?lat=4", "lon"),
        ("/api/v1/suggest?q=a&departement=59", "departement"),
        ("/api/v1/structures/f990000001?q=a", "q"), ("/api/v1/structures/f990000001?naf=1", "naf"),
        ("/tiles/structures/3/4/2.mvt?limit=3", "limit"), ("/tiles/structures/3/4/2.mvt?couleur=bleu", "couleur"),
        ("/tiles/structures.json?sort=name", "sort"),
        ("/api/v1/search?limit=null", "limit"), ("/api/v1/search?total=null", "total"),
        ("/api/v1/search?departement=00", "departement"), ("/api/v1/search?region=99", "region"),
        ("/api/v1/search?epci=123456789", "epci"), ("/api/v1/search?q=&q=a", "q"),
    ],
)  # fmt: skip
def test_what_a_path_does_not_know_is_refused_by_name(client: Client, address: str, parameter: str) -> None:
    assert assert_problem(client.get(address), 400)["parameter"] == parameter


def test_a_body_does_not_hide_an_address(client: Client) -> None:
    assert assert_problem(client.post("/api/v1/search?q=lille", json={"q": "ehpad"}), 400)["parameter"] == "q"


@pytest.mark.parametrize(
    "empty", ["limit=", "lat=&lon=", "sort=", "total=", "categorie=", "facets=", "cursor=", "radius="]
)
def test_an_empty_value_asks_nothing(client: Client, empty: str) -> None:
    assert client.get(f"/api/v1/search?{empty}").json()["total"] == client.get("/api/v1/search").json()["total"]
    assert client.get("/api/v1/suggest?q=par&limit=").status_code == 200


def test_words_may_be_null(client: Client) -> None:
    assert client.get("/api/v1/search?q=null").json()["total"] < client.get("/api/v1/search").json()["total"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/search?lat=999&lon=2", "/api/v1/search?limit=abc", "/api/v1/search?total=oui", "/api/v1/search?bbox=1,2",
        "/api/v1/search?sort=prix", "/api/v1/suggest?limit=99", "/api/v1/search?facets=couleur", "/nulle/part",
    ],
)  # fmt: skip
def test_problems_are_told_in_french(client: Client, address: str) -> None:
    detail = client.get(address).json()["detail"]
    for word in ("Expected", "expected", "got", "Number", "Invalid", "Validation", "Not Found", "`"):
        assert word not in detail
    assert detail.endswith(".")


def test_another_method_is_told_in_french_with_those_that_work(client: Client) -> None:
    answer = client.delete("/api/v1/search")
    problem = assert_problem(answer, 405)
    assert "Allow" in problem["detail"]
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
