"""Maps of other origins: what a browser lets their pages read."""

from typing import Any

import pytest
from litestar.testing import TestClient

Client = TestClient[Any]
PUBLIC = [
    "/tiles/structures/5/16/11.mvt", "/tiles/structures/5/16/11.mvt?departement=59", "/tiles/structures/8/10/10.mvt",
    "/tiles/areas/4/8/5.mvt", "/tiles/base/3/4/2.mvt", "/tiles/structures.json", "/tiles/areas.json",
    "/style.json", "/style.json?theme=sombre", "/ogc", "/ogc/collections/structures/items?limit=1",
]  # fmt: skip
IMPOSSIBLE = ["/tiles/structures/3/8/0.mvt", "/tiles/structures.pmtiles", "/tiles/nulle/part", "/ogc/collections/nulle"]
OURS = ["/", "/?q=ehpad", "/api/v1/search?q=ehpad", "/donnees", "/livez", "/ogcx", "/style.json/x"]


@pytest.mark.parametrize("address", [*PUBLIC, *IMPOSSIBLE])
def test_they_read_tiles_style_and_collections_and_why_one_is_refused(client: Client, address: str) -> None:
    for _ in range(2):  # drawn, then ready
        answer = client.get(address, headers={"origin": "https://ailleurs.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "ETag" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("address", OURS)
def test_they_read_nothing_else(client: Client, address: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client.request(method, address, headers={"origin": "https://ailleurs.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_browser_that_asks_first_learns_that_it_may_ask_for_a_part(client: Client) -> None:
    told = {"origin": "https://ailleurs.example", "access-control-request-method": "GET"}
    answer = client.options("/tiles/structures.pmtiles", headers=told | {"access-control-request-headers": "range"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Range" in answer.headers["access-control-allow-headers"].split(", ")


def test_who_has_a_tile_is_told_so_there_too(client: Client) -> None:
    held = client.get("/tiles/structures/5/16/11.mvt").headers["etag"]
    answer = client.get("/tiles/structures/5/16/11.mvt", headers={"if-none-match": held})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (304, "*")
