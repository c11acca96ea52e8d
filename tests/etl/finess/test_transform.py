"""From the record as published to the row people find."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyproj import Transformer

from etl.finess.extract import chunks
from etl.finess.transform import transform
from tests.etl.finess.published import a_file, a_point, an_address, an_ege
from tests.places import (
    BASSE_TERRE,
    BORDEAUX,
    CAYENNE,
    FORT_DE_FRANCE,
    LILLE,
    MAMOUDZOU,
    NOUMEA,
    PARIS_13,
    SAINT_DENIS_REUNION,
    SAINT_PIERRE_MIQUELON,
    WALLIS,
    Place,
)  # fmt: skip

PRODUCED_ON = date(2026, 11, 21)


def transformed(folder: Path, *eges: dict[str, Any]) -> Any:
    (published,) = (chunk.establishments for chunk in chunks(a_file(folder, *eges)))
    return transform(published, PRODUCED_ON)


def row(folder: Path, ege: dict[str, Any]) -> dict[str, Any]:
    (only,) = transformed(folder, ege).structures.iter_rows(named=True)
    return dict(only)


def reasons(folder: Path, *eges: dict[str, Any]) -> list[str]:
    return list(transformed(folder, *eges).rejected["reason"])


def at(place: Place, **point: str) -> dict[str, Any]:
    return an_ege(adresse=[an_address(place, point=a_point(place) | point)])


def test_an_establishment_becomes_the_row_people_find(tmp_path: Path) -> None:
    found = row(tmp_path, an_ege("590000001", "PHARMACIE DES LILAS", about={"siret": "73282932000074"}))
    assert (found["id"], found["name"], found["categorie_no"], found["open"]) == (
        "f590000001",
        "PHARMACIE DES LILAS",
        620,
        True,
    )
    assert (found["finess"], found["siret"], found["siren"]) == (["590000001"], ["73282932000074"], "732829320")
    assert (found["ej_finess"], found["ej_name"]) == ("590999999", "SELARL DES LILAS")
    assert (found["commune"], found["commune_name"], found["departement"], found["region"]) == (
        "59350",
        "Lille",
        "59",
        "32",
    )
    assert found["address_lines"] == ["12 R DES LILAS"]
    assert found["phones"] == ["03 20 00 00 00"]


@pytest.mark.parametrize(
    "place",
    [
        LILLE, BORDEAUX, PARIS_13, BASSE_TERRE, FORT_DE_FRANCE, CAYENNE, SAINT_DENIS_REUNION, MAMOUDZOU,
        SAINT_PIERRE_MIQUELON, WALLIS, NOUMEA,
    ],
    ids=lambda place: place.name,
)  # fmt: skip
@pytest.mark.parametrize("swapped", [False, True], ids=["degrees first", "projection first"])
def test_degrees_are_found_whichever_pair_holds_them(tmp_path: Path, place: Place, swapped: bool) -> None:
    found = row(tmp_path, an_ege(adresse=[an_address(place, swapped=swapped)]))
    assert (found["lon"], found["lat"], found["position_source"]) == (place.lon, place.lat, "finess")


def test_degrees_written_latitude_first_with_decimal_commas_are_read(tmp_path: Path) -> None:
    found = row(
        tmp_path, at(LILLE, coordonneeX=str(LILLE.lat).replace(".", ","), coordonneeY=str(LILLE.lon).replace(".", ","))
    )
    assert (found["lon"], found["lat"]) == (LILLE.lon, LILLE.lat)


@pytest.mark.parametrize(
    ("place", "epsg"),
    [(LILLE, 2154), (BASSE_TERRE, 5490), (CAYENNE, 2972), (SAINT_DENIS_REUNION, 2975), (MAMOUDZOU, 4471)],
)
def test_a_projected_pair_alone_is_read_in_the_projection_of_its_territory(
    tmp_path: Path, place: Place, epsg: int
) -> None:
    east, north = Transformer.from_crs(4326, epsg, always_xy=True).transform(place.lon, place.lat)
    only = {
        "coordonneeX": f"{north:.2f}",
        "coordonneeY": f"{east:.2f}",
        "directionLatitude": "",
        "directionLongitude": "",
    }
    found = row(tmp_path, at(place, **only))
    assert (found["lon"], found["lat"]) == pytest.approx((place.lon, place.lat), abs=1e-6)


@pytest.mark.parametrize(
    "garbage",
    [
        {"coordonneeX": "0", "coordonneeY": "0"},
        {"coordonneeX": "abc", "coordonneeY": "??"},
        {"coordonneeX": "NaN", "coordonneeY": "inf"},
        {"coordonneeX": str(BASSE_TERRE.lon), "coordonneeY": str(BASSE_TERRE.lat)},  # another territory
        {"coordonneeX": str(BORDEAUX.lon), "coordonneeY": str(BORDEAUX.lat)},  # 800 km from its commune
    ],
)
def test_unusable_coordinates_put_the_structure_at_its_commune_and_say_so(
    tmp_path: Path, garbage: dict[str, str]
) -> None:
    found = row(tmp_path, at(LILLE, **garbage))
    assert (found["precision"], found["position_source"]) == ("commune", "commune")
    assert (found["lon"], found["lat"]) == pytest.approx((LILLE.lon, LILLE.lat), abs=0.03)


def test_unusable_coordinates_are_counted_apart_from_absent_ones(tmp_path: Path) -> None:
    absent = an_ege("590000002", adresse=[an_address(LILLE, point=None)])
    noticed = transformed(tmp_path, at(LILLE, coordonneeX="0", coordonneeY="0"), absent, at(LILLE)).noticed
    assert noticed["coordonnees_inutilisables"] == 1
    assert noticed["coordonnees_absentes"] == 1
    assert noticed["coordonnees_lues_en_degres"] == 1


@pytest.mark.parametrize(
    ("key", "precision"),
    [("59350_1950_00062", "housenumber"), ("59350_1950", "street"), ("59350_zkcryr", "locality"), ("59350", "commune")],
)
def test_precision_is_what_the_ban_key_promises(tmp_path: Path, key: str, precision: str) -> None:
    assert row(tmp_path, at(LILLE, cleInInteropBAN=key))["precision"] == precision


@pytest.mark.parametrize(("published", "today"), [("97123", "97701"), ("97127", "97801"), ("01015", "01015")])
def test_an_old_commune_code_is_followed_to_today_s(tmp_path: Path, published: str, today: str) -> None:
    ege = an_ege(adresse=[an_address(LILLE, point=None, cogCommune=published)])
    assert row(tmp_path, ege)["commune"] == today


def test_an_unknown_commune_keeps_the_published_name_and_the_number_s_departement(tmp_path: Path) -> None:
    ege = an_ege("590000001", adresse=[an_address(LILLE, point=None, cogCommune="59999", ligneAcheminement="AILLEURS")])
    found = row(tmp_path, ege)
    assert (found["commune"], found["commune_name"], found["departement"], found["region"]) == (
        None,
        "AILLEURS",
        "59",
        "32",
    )
    assert (found["lon"], found["precision"], found["position_source"]) == (None, "none", None)


@pytest.mark.parametrize(
    ("etat", "closing", "is_open"),
    [
        ("A", None, True),
        ("A   ", None, True),
        ({"coding": {"code": "A"}}, None, True),
        ("A", "2014-03-01", False),
        ("A", "2027-01-01", True),  # announced, not come yet
        ("I", "2014-03-01", False),
        ("I", None, False),
        (None, None, False),
    ],
)
def test_open_is_active_without_a_closing_that_has_come(
    tmp_path: Path, etat: Any, closing: str | None, is_open: bool
) -> None:
    ege = an_ege(etatObjet=etat, about={"dateFermeture": closing} if closing else {})
    assert row(tmp_path, ege)["open"] is is_open


def test_what_cannot_become_a_structure_is_rejected_with_its_reason(tmp_path: Path) -> None:
    assert reasons(
        tmp_path,
        an_ege("59000"),
        an_ege("590000002", about={"nomEgeCourt": " ", "nomEgeLong": None}),
        an_ege("590000003", categorieentiteGeographiqueExercice="PHA"),
        an_ege("590000004"),
    ) == ["numero_finess_invalide", "sans_nom", "categorie_illisible"]


def test_corsican_numbers_keep_their_letters(tmp_path: Path) -> None:
    assert row(tmp_path, an_ege("2A0022596"))["id"] == "f2A0022596"


@pytest.mark.parametrize(
    ("published", "phones"),
    [
        ("0690291988/0590895757", ["06 90 29 19 88", "05 90 89 57 57"]),
        ("02.51.54.30.38", ["02 51 54 30 38"]),
        ("00565443110", ["05 65 44 31 10"]),
        ("+33 5 65 44 31 10", ["05 65 44 31 10"]),
        ("néant", ["néant"]),
    ],
)
def test_phones_come_apart_and_alike(tmp_path: Path, published: str, phones: list[str]) -> None:
    contact = [{"typeContact": {"roleContact": "01"}, "telecom": {"telephone": published}}]
    assert row(tmp_path, an_ege(contact=contact))["phones"] == phones


def test_a_contact_that_is_not_public_gives_no_phone(tmp_path: Path) -> None:
    contact = [{"typeContact": {"roleContact": "02"}, "telecom": {"telephone": "0320000000"}}]
    assert row(tmp_path, an_ege(contact=contact))["phones"] == []
