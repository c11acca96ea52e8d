"""HEAD, OPTIONS and negotiation: what HTTP promises of every address that GET reads."""

from typing import Any

import pytest
from litestar.testing import TestClient

Client = TestClient[Any]

READ = [
    "/", "/?q=pharmacie", "/donnees", "/api/docs", "/livez", "/readyz", "/openapi.json", "/robots.txt",
    "/api/v1/search?q=ehpad", "/api/v1/suggest?q=par", "/tiles/structures/0/0/0.mvt", "/tiles/structures/8/10/10.mvt",
    "/ogc", "/ogc/collections/structures/items?limit=2", "/ogc/collections/structures/tiles/WebMercatorQuad/0/0/0",
    "/tiles/areas/4/8/5.mvt", "/tiles/areas/8/10/10.mvt", "/tiles/areas.json?q=ehpad",
    "/tiles/structures.json", "/tiles/base/3/4/2.mvt", "/tiles/style.json", "/api/v1/structures/nimporte", "/nulle/part",
    "/static/lum1.css",
]  # fmt: skip


@pytest.mark.parametrize("address", READ)
def test_head_is_get_without_its_body(client: Client, address: str) -> None:
    whole, head = client.get(address), client.head(address)
    assert head.status_code == whole.status_code
    assert head.content == b""
    assert dict(head.headers) == dict(whole.headers)


@pytest.mark.parametrize("address", [address for address in READ if not address.startswith(("/nulle", "/static"))])
def test_options_names_the_methods(client: Client, address: str) -> None:
    allowed = {"GET", "HEAD", "OPTIONS"} | ({"POST"} if address.startswith("/api/v1/search") else set())
    answer = client.options(address)
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer.headers["allow"].split(", ")) == allowed


def test_head_of_what_is_only_posted_is_not_allowed(client: Client) -> None:
    assert client.post("/api/v1/suggest").status_code == 405
    assert client.put("/").status_code == 405


@pytest.mark.parametrize(
    ("accept", "geojson"),
    [
        ("application/geo+json", True), ("Application/GEO+JSON", True), ("application/geo+json;q=0", False),
        ("application/json", False), ("*/*", False), ("", False), ("application/json, application/geo+json;q=0.5", False),
        ("application/geo+json, application/json;q=0.5", True), ("application/geo+json, */*;q=0.1", True),
        ("application/geo+json;q=0.2, */*", False), ("application/geo+json; q=0.0, */*", False),
        ("application/geo+json;q=x", False), ("text/html, application/geo+json", True),
    ],
)  # fmt: skip
def test_the_format_preferred_is_the_format_sent(client: Client, accept: str, geojson: bool) -> None:
    answer = client.get("/api/v1/search?q=pharmacie&limit=1", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/geo+json" if geojson else "application/json")
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"), ("GZIP", "gzip"), ("gzip;q=0", None), ("deflate", None), ("", None), ("br", "br"),
        ("gzip, deflate, br, zstd", "br"), ("br;q=0.1, gzip", "gzip"), ("*", "br"), ("br;q=0, *", "gzip"),
        ("gzip;q=0.1, identity;q=0.9", None), ("identity, gzip", "gzip"), ("identity;q=0", None),
        ("identity;q=0, gzip;q=0.1", "gzip"),
    ],
)  # fmt: skip
def test_a_tile_is_compressed_for_who_takes_it(client: Client, accepted: str, encoding: str | None) -> None:
    for _ in range(2):  # drawn, then ready
        answer = client.get("/tiles/structures/0/0/0.mvt", headers={"accept-encoding": accepted})
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["vary"] == "Accept-Encoding"


def test_each_encoding_of_a_tile_has_its_own_etag(client: Client) -> None:
    held = {}
    for accepted in ("br", "gzip", "identity"):
        answer = client.get("/tiles/structures/5/16/11.mvt", headers={"accept-encoding": accepted})
        held[accepted] = answer.headers["etag"]
        again = {"accept-encoding": accepted, "if-none-match": f'"autre", W/{held[accepted]}'}
        assert client.get("/tiles/structures/5/16/11.mvt", headers=again).status_code == 304
    assert len(set(held.values())) == 3
    crossed = client.get(
        "/tiles/structures/5/16/11.mvt", headers={"accept-encoding": "gzip", "if-none-match": held["br"]}
    )
    assert crossed.status_code == 200


def test_only_the_description_itself_stands_under_openapi(client: Client) -> None:
    assert client.get("/openapi.json").status_code == 200
    for address in ("/openapi", "/openapi/", "/openapi/redoc", "/openapi/openapi.json", "/schema"):
        answer = client.get(address, headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert "redoc" not in answer.text.lower()
