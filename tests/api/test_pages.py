"""Pages as a browser without JavaScript gets them."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from litestar.testing import TestClient

Client = TestClient[Any]
HTML = {"accept": "text/html"}


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
    assert "cherche" in page(client, "/?lat=91&lon=2", status=400).lower()
    assert "lat va de" in page(client, "/?lat=91&lon=2", status=400)


def test_errors_are_pages_for_people(client: Client) -> None:
    assert "Introuvable" in page(client, "/structures/f990000000", status=404)
    assert "Introuvable" in page(client, "/nulle-part", status=404)


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_what_is_typed_is_shown_as_text(client: Client, typed: str) -> None:
    assert typed not in client.get("/", params={"q": typed}, headers=HTML).text


def test_what_is_typed_is_no_template(client: Client) -> None:
    html = client.get("/", params={"q": "{{ 7 * 7 }}"}, headers=HTML).text
    assert re.findall(r'name="q" type="search" value="([^"]*)"', html) == ["{{ 7 * 7 }}"]


def test_an_empty_answer_says_what_to_try(client: Client) -> None:
    assert "Vérifiez l’orthographe" in page(client, "/?q=xyzzyqwz")
