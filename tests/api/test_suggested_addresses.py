"""Addresses under the search box: only where the operator allows it, only of what looks like one, and said on the page."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from litestar.testing import TestClient

from api.app import create_app
from geo.settings import Settings
from tests.geocoder.faulty import FaultyGeocoder, status

ADDRESS = "12 rue des lilas"
MakeClient = Callable[..., "TestClient[Any]"]


@pytest.fixture
def geocoder() -> Iterator[FaultyGeocoder]:
    with FaultyGeocoder() as server:
        yield server


@pytest.fixture(autouse=True)
def however_busy_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.geocoder.completing.ANSWER_S", 20.0)


@pytest.fixture
def served(demo_instance: Settings, geocoder: FaultyGeocoder) -> Iterator[MakeClient]:
    with ExitStack() as stack:

        def made(**settings: Any) -> "TestClient[Any]":
            chosen = replace(demo_instance, geocoder_url=geocoder.url, **settings)
            return stack.enter_context(TestClient(create_app(chosen)))

        yield made


def lines(client: "TestClient[Any]", typed: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/v1/suggest", params={"q": typed, "lat": 48.85, "lon": 2.35}).json()[
        "suggestions"
    ]
    return found


def test_unless_allowed_nothing_that_is_typed_leaves(served: MakeClient, geocoder: FaultyGeocoder) -> None:
    client = served()
    assert "address" not in {each["kind"] for each in lines(client, ADDRESS)}
    assert geocoder.asked == []
    assert "Ce que vous tapez n’est envoyé à personne d’autre" in client.get("/donnees").text
    assert "suggestions-source" not in client.get("/").text


def test_allowed_an_address_is_offered_first_with_its_place(served: MakeClient) -> None:
    [first, *_] = lines(served(geocoder_suggest=True), ADDRESS)
    assert first == {"kind": "address", "label": ADDRESS, "id": ADDRESS, "lon": 2.012, "lat": 48.8}


@pytest.mark.parametrize(
    "typed", ["ehpad les lilas", "cancer du sein", "dr roux", "590000188", "résidence des lilas", "ru"]
)
def test_names_needs_and_numbers_are_asked_of_nobody(served: MakeClient, geocoder: FaultyGeocoder, typed: str) -> None:
    lines(served(geocoder_suggest=True), typed)
    assert geocoder.asked == []


def test_the_page_names_who_hears_addresses(served: MakeClient, geocoder: FaultyGeocoder) -> None:
    client = served(geocoder_suggest=True)
    machine = geocoder.address.removeprefix("http://")
    assert f"<strong>{machine}</strong>" in client.get("/donnees").text
    assert f"Adresses demandées à {machine}" in client.get("/").text


def test_a_geocoder_in_trouble_takes_nothing_of_the_other_lines(served: MakeClient, geocoder: FaultyGeocoder) -> None:
    client = served(geocoder_suggest=True)
    [structure, *_] = client.get("/api/v1/search", params={"limit": 1}).json()["results"]
    typed = f"{structure['name']} rue des"
    geocoder.always = status(500)
    assert lines(client, typed) == lines(served(), typed)


def test_without_the_network_only_a_geocoder_of_this_machine_is_asked(
    served: MakeClient, demo_instance: Settings
) -> None:
    assert lines(served(geocoder_suggest=True, live=False), ADDRESS)[0]["kind"] == "address"
    elsewhere = replace(demo_instance, geocoder_suggest=True, live=False)  # the Géoplateforme's address
    with TestClient(create_app(elsewhere)) as client:
        assert "address" not in {each["kind"] for each in lines(client, ADDRESS)}


def test_what_a_geocoder_hardly_believes_is_not_offered(served: MakeClient, geocoder: FaultyGeocoder) -> None:
    client = served(geocoder_suggest=True)
    said = {"label": "Rue X", "type": "street", "score": 0.17}
    body = json.dumps({"features": [{"geometry": {"coordinates": [2, 48]}, "properties": said}]}).encode()
    geocoder.always = status(200, body=body)
    assert "address" not in {each["kind"] for each in lines(client, ADDRESS)}
