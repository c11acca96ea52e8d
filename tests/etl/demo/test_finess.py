"""The FINESS flow: the real one's peculiarities are there, and the pipeline finds the truth under them."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from etl import demo
from etl.finess.extract import chunks, read_header
from etl.finess.transform import transform
from geo.categories import categories
from geo.communes import communes
from geo.projections import to_wgs84
from geo.territories import territory_of
from tests.etl.demo.conftest import DAY, SIZE

# How far (m) a published point may be from the true one, by what its BAN key promises: five standard deviations.
FARTHEST_M = {"housenumber": 25, "street": 500, "locality": 800}


@pytest.fixture(scope="module")
def read(france: demo.DemoFiles, truth: pl.DataFrame) -> pl.DataFrame:
    """What our pipeline makes of the file, beside the truth (columns in `_true`)."""
    batches = [transform(chunk.establishments, DAY) for chunk in chunks(france.finess)]
    assert not any(len(batch.rejected) for batch in batches)
    structures = pl.concat([batch.structures for batch in batches])
    return structures.with_columns(number=pl.col("finess").list.first()).join(
        truth, left_on="number", right_on="finess", suffix="_true"
    )


def test_the_pipeline_sees_that_it_is_fictitious(france: demo.DemoFiles) -> None:
    header = read_header(france.finess)
    assert header.fictitious
    assert header.generated_at.date() == DAY


def test_the_pipeline_reads_what_is_true(read: pl.DataFrame) -> None:
    assert len(read) == SIZE
    for fact in ("open", "commune"):
        assert read[fact].to_list() == read[f"{fact}_true"].to_list()


def test_published_points_are_as_near_as_their_key_promises(read: pl.DataFrame) -> None:
    sound = read.filter(pl.col("damage").is_null())
    for precision, farthest in FARTHEST_M.items():
        rows = sound.filter(precision_true=precision)
        assert rows["precision"].unique().to_list() == [precision]
        assert _metres(rows).max() < farthest


def test_a_quarter_of_the_open_ones_has_no_coordinates(truth: pl.DataFrame) -> None:
    opened = truth.filter(pl.col("open") & pl.col("finess").is_not_null())
    assert opened.filter(precision="none").height / opened.height == pytest.approx(0.25, abs=0.04)


def test_four_in_ten_are_closed(read: pl.DataFrame) -> None:
    assert 1 - read["open"].mean() == pytest.approx(0.40, abs=0.04)
    assert read.filter(~pl.col("open"))["closed_on"].null_count() <= 10


def test_both_pairs_of_coordinates_come_first(flow: dict[str, Any]) -> None:
    first = [abs(float(point["coordonneeX"].replace(",", "."))) < 180 for point in _points(flow)]
    assert 0.65 < sum(first) / len(first) < 0.83


def test_the_projected_pair_says_the_same_place_northing_first(flow: dict[str, Any]) -> None:
    swapped = [
        (code, point) for code, point in _placed(flow) if abs(float(point["coordonneeX"].replace(",", "."))) > 180
    ]
    assert len(swapped) > 100
    for code, point in swapped:
        north, east = (np.array([float(point[axis])]) for axis in ("coordonneeX", "coordonneeY"))
        lon, lat = to_wgs84(territory_of(code).epsg, east, north)
        if "," not in point["directionLatitude"] and abs(float(point["directionLongitude"]) - lon[0]) < 1:
            assert lat[0] == pytest.approx(float(point["directionLatitude"]), abs=1e-5)
            assert lon[0] == pytest.approx(float(point["directionLongitude"]), abs=1e-5)


def test_the_place_is_there_once_and_not_always_first(flow: dict[str, Any]) -> None:
    usages = [[address["usageAdresse"] for address in ege["adresse"]] for ege in _establishments(flow)]
    assert all(each.count("03") == 1 for each in usages)
    assert 0 < sum(each[0] != "03" for each in usages) < SIZE * 0.05


def test_some_texts_are_padded_and_some_names_have_accents(flow: dict[str, Any]) -> None:
    names = [ege["informationsGeneralesEGE"]["nomEgeLong"] for ege in _establishments(flow)]
    assert 0.03 < sum(name.endswith(" ") for name in names) / SIZE < 0.15
    assert 0.03 < sum(name != name.upper() for name in names) / SIZE < 0.30
    assert max(map(len, names)) <= 60


def test_the_mix_of_categories_is_the_real_one(read: pl.DataFrame) -> None:
    share = dict(read["categorie"].value_counts(normalize=True).iter_rows())
    assert share["620"] == pytest.approx(0.225, abs=0.04)
    assert share["500"] == pytest.approx(0.08, abs=0.03)
    assert len(share) > 60
    assert set(share) <= set(categories())


def test_every_commune_is_real_and_every_point_in_its_bounds(truth: pl.DataFrame) -> None:
    for code, lon, lat in truth.select("commune", "lon", "lat").iter_rows():
        west, south, east, north = communes()[code].bounds
        assert west <= lon <= east, (code, lon)
        assert south <= lat <= north, (code, lat)


def test_overseas_structures_are_on_their_islands(read: pl.DataFrame) -> None:
    overseas = read.filter(pl.col("departement").str.starts_with("97"))
    assert {"971", "972", "973", "974", "976"} <= set(overseas["departement"])
    for code, lon, lat in overseas.select("commune", "lon", "lat").iter_rows():
        west, south, east, north = territory_of(code).bounds
        assert west <= lon <= east, (code, lon)
        assert south <= lat <= north, (code, lat)


def test_declared_siret_are_right_missing_of_before_or_the_head_office_s(read: pl.DataFrame) -> None:
    by_link = {link: rows for (link,), rows in read.group_by("link")}
    assert set(by_link) == {"declared", "former", "missing", "head_office", "none"}
    assert (by_link["declared"]["siret"].list.first() == by_link["declared"]["siret_true"]).all()
    assert (by_link["head_office"]["siret"].list.first() != by_link["head_office"]["siret_true"]).all()
    assert (by_link["former"]["siret"].list.first() != by_link["former"]["siret_true"]).all()
    assert by_link["missing"]["siret"].list.len().max() == 0
    assert by_link["declared"].height / SIZE == pytest.approx(0.85, abs=0.05)


def _establishments(flow: dict[str, Any]) -> list[dict[str, Any]]:
    return [ege for entity in flow["pmej"] for ege in entity["ege"]]


def _points(flow: dict[str, Any]) -> list[dict[str, str]]:
    return [point for _, point in _placed(flow)]


def _placed(flow: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """Commune and point of every address that has one."""
    addresses = [address for ege in _establishments(flow) for address in ege["adresse"]]
    points = ((address["cogCommune"], address.get("coordonneesGeographique")) for address in addresses)
    return [(code, point) for code, point in points if point and point["coordonneeX"] != "0"]


def _metres(rows: pl.DataFrame) -> pl.Series:
    east = (rows["lon"] - rows["lon_true"]) * pl.Series(np.cos(np.radians(rows["lat"].to_numpy())))
    return ((east**2 + (rows["lat"] - rows["lat_true"]) ** 2).sqrt() * 111_200).alias("metres")
