"""Where the legacy file puts each establishment, whatever year wrote it."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl.finess.legacy_csv import read_legacy
from etl.finess.legacy_positions import place
from tests.etl.finess.legacy import LAMBERT_93, a_point, a_row, read
from tests.places import (
    AJACCIO,
    BASSE_TERRE,
    BORDEAUX,
    CAYENNE,
    FORT_DE_FRANCE,
    LILLE,
    MAMOUDZOU,
    SAINT_DENIS_REUNION,
    SAINT_PIERRE_MIQUELON,
    WALLIS,
    Place,
)  # fmt: skip

SAINT_BARTHELEMY = Place("Saint-Barthélemy", "97701", "977", "977", "97133", -62.8498, 17.8962)
SAINT_MARTIN = Place("Saint-Martin", "97801", "978", "978", "97150", -63.0822, 18.0679)


def placed(folder: Path, *lines: str) -> dict[str, Any]:
    file = read(folder, *lines)
    (only,) = place(file.establishments, file.points).iter_rows(named=True)
    return dict(only)


def the_place(found: dict[str, Any]) -> tuple[float, float]:
    return found["lon"], found["lat"]


@pytest.mark.parametrize(
    "source",
    [
        "1;ATLASANTE;100;IGN;BD_ADRESSE;V2.1;LAMBERT_93",  # 2016
        "1,ATLASANTE,100,IGN,BD_ADRESSE,V2.2,LAMBERT_93",  # 2018 to 2021
        '"1,ATLASANTE,100,IGN,BD_ADRESSE,V2.2,LAMBERT_93"',
        "1,ATLASANTE,96,BAN,L93_METROPOLE",  # 2025
        LAMBERT_93,  # 2026
        "1,ATLASANTE,96,MAPS,RGF93 / Lambert-93 (Métropole)",
    ],
)
def test_every_year_s_way_of_naming_the_source_is_read(tmp_path: Path, source: str) -> None:
    found = placed(tmp_path, a_row(), a_point(source=source))
    assert the_place(found) == pytest.approx((LILLE.lon, LILLE.lat), abs=1e-5)
    assert (found["placing"], found["precision"]) == ("placee", "street")


def test_a_point_of_2016_may_have_no_date(tmp_path: Path) -> None:
    point = a_point(source="1;ATLASANTE;100;IGN;BD_ADRESSE;V2.1;LAMBERT_93").rsplit(";", 1)[0]
    found = placed(tmp_path, a_row(), point)
    assert (found["placing"], found["datemaj_geolocalisation"]) == ("placee", None)


@pytest.mark.parametrize(
    ("place_", "departement", "commune", "epsg", "projections"),
    [
        (BASSE_TERRE, "9A", "105", 5490, ["UTM_N20", "EPSG:5490 RGAF09/UTM Zone 20N (Antilles)", "WGS84/UTM zone 20N"]),
        (SAINT_BARTHELEMY, "9A", "123", 5490, ["UTM_N20", "EPSG:4559 RRAF 1991 / UTM zone 20N"]),
        (SAINT_MARTIN, "9A", "127", 5490, ["EPSG:5490 RGAF09/UTM Zone 20N (Antilles)"]),
        (FORT_DE_FRANCE, "9B", "209", 5490, ["UTM_N20", "EPSG:5490 RGAF09/UTM Zone 20N (Antilles)"]),
        (CAYENNE, "9C", "302", 2972, ["UTM_N22", "EPSG:2972 RGFG95 / UTM zone 22N (Guyane)", "WGS84/UTM zone 22N"]),
        (SAINT_DENIS_REUNION, "9D", "411", 2975, ["UTM_S40", "EPSG:2975 RGR92 / UTM zone 40S (Réunion)"]),
        (SAINT_PIERRE_MIQUELON, "9E", "502", 4467, ["UTM_N21", "WGS84/UTM zone 21N"]),
        (MAMOUDZOU, "9F", "611", 4471, ["UTM_S38", "EPSG:4471 RGM04 / UTM zone 38S (Mayotte)"]),
        (WALLIS, "9J", "613", 32701, ["WGS84/UTM zone 1S", "EPSG:32701 WGS 84 / UTM zone 1S"]),
        (AJACCIO, "2A", "004", 2154, ["LAMBERT_93", "L93_METROPOLE"]),
    ],
    ids=lambda value: value.name if isinstance(value, Place) else None,
)
def test_each_territory_is_read_in_its_projection_under_its_old_codes(
    tmp_path: Path, place_: Place, departement: str, commune: str, epsg: int, projections: list[str]
) -> None:
    row = a_row(departement=departement, commune=commune)
    for projection in projections:
        found = placed(tmp_path, row, a_point(at=place_, epsg=epsg, source=f"2,ATLASANTE,96,BAN,{projection}"))
        assert the_place(found) == pytest.approx((place_.lon, place_.lat), abs=1e-5), projection
        assert found["other_projection"] is False


def test_a_point_out_of_its_territory_is_dropped_and_says_why(tmp_path: Path) -> None:
    overseas = a_row(departement="9A", commune="105")
    in_lambert = placed(tmp_path, overseas, a_point(at=BASSE_TERRE, epsg=5490, source=LAMBERT_93))
    assert (in_lambert["placing"], in_lambert["other_projection"], in_lambert["lon"]) == (
        "hors_du_territoire",
        True,
        None,
    )
    assert placed(tmp_path, overseas, a_point(at=BORDEAUX))["placing"] == "hors_du_territoire"
    assert (
        placed(tmp_path, a_row(), "geolocalisation;590000001;0;0;" + LAMBERT_93 + ";")["placing"]
        == "hors_du_territoire"
    )


@pytest.mark.parametrize(
    ("source", "placing"),
    [
        ("1,ATLASANTE,96,BAN,EPSG:2970 Guadeloupe 1948 / UTM zone 20N", "projection_inconnue"),
        ("1,ATLASANTE,96,BAN,UTM_N31", "projection_inconnue"),
        ("1,ATLASANTE,96,BAN,", "projection_inconnue"),
        ("ATLASANTE", "source_inconnue"),
        ("1,ATLASANTE,96,BAN,V3,LAMBERT_93", "source_inconnue"),
        ("1,ATLASANTE,.,ADMIN-EXPRESS-2023,EPSG:2154 RGF93 / Lambert-93 (Métropole)", "sans_precision"),
        ("1,ATLASANTE,90,ADMIN-EXPRESS-2024,EPSG:2154 RGF93 / Lambert-93 (Métropole)", "sans_precision"),
        ("1,ATLASANTE,.,BAN,L93_METROPOLE", "sans_precision"),
        ("1,ATLASANTE,12,BAN,L93_METROPOLE", "sans_precision"),
        ("1,ATLASANTE,,BAN,L93_METROPOLE", "sans_precision"),
    ],
)
def test_what_is_not_known_or_not_precise_places_nobody(tmp_path: Path, source: str, placing: str) -> None:
    found = placed(tmp_path, a_row(), a_point(source=source))
    assert (found["placing"], found["lon"], found["lat"], found["precision"]) == (placing, None, None, "none")


@pytest.mark.parametrize("source", ["1,ATLASANTE,100,BAN,L93_METROPOLE", "1,ATLASANTE,31,BAN,L93_METROPOLE"])
def test_a_score_never_promises_the_number_in_the_street(tmp_path: Path, source: str) -> None:
    assert placed(tmp_path, a_row(numvoie="12"), a_point(source=source))["precision"] == "street"


def test_an_establishment_without_a_point_says_so(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        a_row(),
        a_row("590000002"),
        a_row("590000003"),
        a_point(),
        f"geolocalisation;590000002;;;{LAMBERT_93};",
    )
    assert list(place(file.establishments, file.points)["placing"]) == ["placee", "sans_point", "sans_point"]


def test_decimal_commas_are_read(tmp_path: Path) -> None:
    tag, number, x, y, *rest = a_point().split(";")
    point = ";".join([tag, number, x.replace(".", ","), y.replace(".", ","), *rest])
    assert the_place(placed(tmp_path, a_row(), point)) == pytest.approx((LILLE.lon, LILLE.lat), abs=1e-5)


def test_a_commune_that_cannot_be_read_places_nobody(tmp_path: Path) -> None:
    assert placed(tmp_path, a_row(departement="9Z"), a_point())["placing"] == "commune_illisible"


def test_the_real_file_is_placed_nearly_whole_and_never_abroad(shared_data: Path) -> None:
    (path,) = (shared_data / "official").glob("etalab-cs1100507-stock-*.csv.gz")
    file = read_legacy(path)
    found = place(file.establishments, file.points)
    assert dict(found["placing"].value_counts().iter_rows()) == {
        "placee": 68_878,
        "sans_precision": 3_763,
        "sans_point": 285,
    }
    assert found["other_projection"].sum() == 0
    assert found.filter(pl.col("lon").is_not_null())["precision"].unique().to_list() == ["street"]
