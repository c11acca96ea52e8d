"""The address file: what the BAN would be there."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl import demo
from geo.communes import communes

Document = dict[str, Any]
DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> demo.DemoFiles:
    folder = tmp_path_factory.mktemp("adresses")
    return demo.generate(folder, size=600, seed=7, produced_on=DAY, sirene=True, addresses=True)


@pytest.fixture(scope="module")
def documents(files: demo.DemoFiles) -> list[Document]:
    assert files.addresses is not None
    return [json.loads(line) for line in files.addresses.read_text(encoding="utf-8").splitlines()]


def test_it_is_written_only_when_asked_for_and_is_the_same_each_time(files: demo.DemoFiles, tmp_path: Path) -> None:
    again = demo.generate(tmp_path / "again", size=600, seed=7, produced_on=DAY, sirene=True, addresses=True)
    without = demo.generate(tmp_path / "without", size=600, seed=7, produced_on=DAY, sirene=True)
    assert files.addresses is not None
    assert again.addresses is not None
    assert again.addresses.read_bytes() == files.addresses.read_bytes()
    assert without.addresses is None
    assert not list((tmp_path / "without").glob("adresses*"))
    assert [each.read_bytes() for each in without.written()] == [each.read_bytes() for each in again.written()[:-1]]


def test_each_line_is_a_commune_a_street_or_a_place_of_a_known_commune(documents: list[Document]) -> None:
    assert {each["type"] for each in documents} == {"municipality", "street", "locality"}
    for each in documents:
        code = each["citycode"] if isinstance(each["citycode"], str) else each["citycode"][0]
        assert each["id"].startswith(code)
        assert set(each["postcode"]) == set(communes()[code].postcodes)


def test_every_address_that_finess_places_is_there_at_its_true_point(
    files: demo.DemoFiles, documents: list[Document]
) -> None:
    """« 12 RUE DES LILAS », « 12 BIS … »: the same words and number, but for the few that another one has in the commune."""
    known = {address for document in documents for address in _addresses(document)}
    shown = (pl.col("diffusion_after").fill_null("O") == "O") & pl.col("finess").is_not_null()
    truth = pl.read_parquet(files.truth).filter(shown).select("commune", "street", "lon", "lat")
    found = [row in known for row in truth.iter_rows()]
    words = {address[:2] for address in known}
    assert all((commune, street) in words for commune, street, *_ in truth.iter_rows())
    assert sum(found) / len(found) > 0.98


def test_a_street_of_an_arrondissement_answers_to_its_city_too(documents: list[Document]) -> None:
    in_paris = [each for each in documents if "75056" in each["citycode"]]
    [city] = [each for each in in_paris if each["type"] == "municipality"]
    assert (city["id"], city["name"]) == ("75056", "Paris")
    streets = [each for each in in_paris if each["type"] == "street"]
    assert streets
    assert all(each["city"][0] == "Paris" and each["citycode"][0].startswith("751") for each in streets)


def test_nobody_who_is_masked_or_will_be_is_in_it(files: demo.DemoFiles) -> None:
    hidden = pl.read_parquet(files.truth).filter(
        (pl.col("diffusion") == "P") | (pl.col("diffusion_after") == "P"), pl.col("finess").is_null()
    )
    assert files.addresses is not None
    text = files.addresses.read_text(encoding="utf-8").upper()
    own = [street.split(" ")[-1] for street in hidden["street"] if street and "CLOS " in street]
    assert len(own) > 10
    assert [each for each in own if each in text] == []


def _addresses(document: Document) -> list[tuple[str, str, float, float]]:
    if document["type"] == "municipality":
        return []
    [code, *_] = document["citycode"]
    name = document["name"].upper()
    numbered = [
        (code, f"{_as_written(number)} {name}", each["lon"], each["lat"])
        for number, each in document.get("housenumbers", {}).items()
    ]
    return [(code, name, document["lon"], document["lat"]), *numbered]


def _as_written(number: str) -> str:
    return re.sub("(?<=[0-9])(?=[a-z])", " ", number).upper()
