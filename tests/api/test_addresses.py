"""Addresses in answers: the page's own origin for the page, the operator's public address for others."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from litestar.testing import TestClient

from api.app import create_app
from geo.settings import Settings

Client = TestClient[Any]
FORGED = {"x-forwarded-proto": "https", "x-forwarded-host": "ailleurs.example", "forwarded": "host=ailleurs.example"}


@pytest.fixture(scope="module")
def published(demo_instance: Settings) -> Iterator[Client]:
    """The same instance, its public address given."""
    settings = replace(demo_instance, public_url="https://annuaire.example")
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize("theme", ["", "?theme=sombre"])
def test_the_style_names_no_host(client: Client, theme: str) -> None:
    answer = client.get(f"/tiles/style.json{theme}", headers={"host": "ailleurs.example"})
    assert "ailleurs" not in answer.text
    assert "http:" not in answer.text
    sources = answer.json()["sources"]
    assert sources["structures"]["tiles"] == ["/tiles/structures/{z}/{x}/{y}.mvt"]
    assert sources["areas"]["tiles"] == ["/tiles/areas/{z}/{x}/{y}.mvt"]
    assert sources["base"]["tiles"] == ["/tiles/base/{z}/{x}/{y}.mvt"]
    assert "fictives" in sources["structures"]["attribution"]
    assert all("url" not in source for source in sources.values())


@pytest.mark.parametrize("name", ["structures", "areas", "base"])
def test_tilejson_gives_the_public_address_whoever_asks(published: Client, name: str) -> None:
    answer = published.get(f"/tiles/{name}.json", headers=FORGED | {"host": "ailleurs.example"})
    assert answer.json()["tiles"] == [f"https://annuaire.example/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt"]


@pytest.mark.parametrize("name", ["structures", "areas", "base"])
def test_without_one_tilejson_answers_at_the_address_it_was_asked_at(client: Client, name: str) -> None:
    answer = client.get(f"/tiles/{name}.json", headers=FORGED | {"host": "annuaire.example:8640"})
    assert answer.json()["tiles"] == [f"http://annuaire.example:8640/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt"]
    assert answer.headers["cache-control"] == "private, no-cache"  # no cache gives one visitor another's address


def test_a_host_that_is_none_is_refused(client: Client) -> None:
    answer = client.get("/tiles/structures.json", headers={"host": 'ailleurs.example/"><b>'})
    assert answer.status_code == 400


@pytest.mark.parametrize("theme", ["", "?theme=sombre"])
def test_the_style_for_maps_of_elsewhere_is_the_page_s_with_whole_addresses(client: Client, theme: str) -> None:
    own = client.get(f"/tiles/style.json{theme}").json()
    theirs = client.get(f"/style.json{theme}", headers={"host": "annuaire.example"}).json()
    assert theirs["layers"] == own["layers"]
    for name in ("base", "structures", "areas"):
        assert theirs["sources"][name]["tiles"] == ["http://annuaire.example" + own["sources"][name]["tiles"][0]]
        layers = {each["id"] for each in client.get(f"/tiles/{name}.json").json()["vector_layers"]}
        drawn = {each["source-layer"] for each in theirs["layers"] if each.get("source") == name}
        assert drawn <= layers
