"""Answers that the real services gave, as others recorded them."""

from pathlib import Path

import pytest

from geo.geocoder import Kind, Status
from geo.geocoder.reading import answers_of_features


@pytest.fixture
def recorded(shared_data: Path) -> Path:
    return shared_data / "ban" / "geocodage-api"


def test_all_of_them_are_read(recorded: Path) -> None:
    found = {path.name: answers_of_features(path.read_bytes()) for path in sorted(recorded.iterdir())}
    assert len(found) == 8
    assert all(answer.status == Status.OK and answer.kind for answers in found.values() for answer in answers)
    assert sum(map(len, found.values())) > 15


def test_the_geoplateforme_tells_number_street_and_key(recorded: Path) -> None:
    best, second, *_ = answers_of_features((recorded / "geoplateforme-search-exemple.geojson").read_bytes())
    assert (best.kind, best.housenumber, best.street) == (Kind.HOUSENUMBER, "65", "Impasse des perrières")
    assert (best.id, best.citycode, best.lon, best.lat) == ("74164_0561_00065", "74164", 6.497886, 46.091857)
    assert best.score_next == second.score
    assert (second.kind, second.housenumber, second.street) == (Kind.STREET, None, "Rue Joseph Vallot")


def test_a_street_without_a_town_is_read(recorded: Path) -> None:
    first, *_ = answers_of_features((recorded / "api-adresse-search-balltrapp.json").read_bytes())
    assert (first.street, first.city, first.postcode) == ("Rue du Ball Trapp", None, "17700")


def test_a_town_has_no_street(recorded: Path) -> None:
    [town] = answers_of_features((recorded / "api-adresse-exemple.json").read_bytes())
    assert (town.kind, town.street, town.citycode) == (Kind.MUNICIPALITY, None, "74236")
