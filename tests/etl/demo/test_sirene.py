"""SIRENE's files: the published columns, the same units as FINESS, nothing of what the masked asked to hide."""

from pathlib import Path

import polars as pl
import pytest

from etl.demo.masks import MASK, PERSON, PLACE
from tests.etl.demo.conftest import SIZE

Stock = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
NAMES = (
    "StockEtablissement_utf8.parquet",
    "StockUniteLegale_utf8.parquet",
    "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet",
)


def test_columns_order_and_types_are_the_published_ones(stock: Stock, shared_data: Path) -> None:
    for name, frame in zip(NAMES, stock, strict=True):
        official = pl.scan_parquet(shared_data / "official" / name).collect_schema()
        assert list(frame.schema.items()) == list(official.items()), name


def test_the_files_have_54_35_and_19_columns(stock: Stock) -> None:
    assert [frame.width for frame in stock] == [54, 35, 19]


def test_files_are_sorted_and_every_number_is_there_once(stock: Stock) -> None:
    for frame, key in zip(stock, ("siret", "siren", "siret"), strict=True):
        assert frame[key].is_sorted()
        assert frame[key].is_unique().all()


def test_each_establishment_has_its_legal_unit_and_each_unit_its_head_office(stock: Stock) -> None:
    establishments, units, positions = stock
    assert set(establishments["siren"]) == set(units["siren"])
    assert set(units["siren"] + units["nicSiegeUniteLegale"]) <= set(establishments["siret"])
    assert set(positions["siret"]) <= set(establishments["siret"])


def test_every_true_siret_and_every_declared_one_is_in_the_stock(stock: Stock, truth: pl.DataFrame) -> None:
    known = set(stock[0]["siret"])
    assert set(truth.filter(pl.col("event").ne_missing("opens"))["siret"].drop_nulls()) <= known
    assert set(truth["declared_siret"].drop_nulls()) <= known


def test_practitioners_and_other_trades_come_beside(stock: Stock, truth: pl.DataFrame) -> None:
    now = truth.filter(pl.col("finess").is_null(), pl.col("successor").is_null(), pl.col("duplicate_of").is_null())
    beside = stock[0].join(now, on="siret", how="semi")
    health = beside["activitePrincipaleEtablissement"].str.starts_with("86.").sum()
    assert health == round(SIZE * 1.5)
    assert beside.height == SIZE * 2


def test_a_masked_place_is_hidden_and_its_commune_stays(stock: Stock) -> None:
    masked = stock[0].filter(statutDiffusionEtablissement="P")
    assert masked.height > 100
    for column in PLACE:
        assert masked[column].unique().to_list() == [MASK], column
    assert masked["codeCommuneEtablissement"].null_count() == 0


def test_a_masked_person_has_no_name_and_a_masked_company_keeps_its_own(stock: Stock) -> None:
    masked = stock[1].filter(statutDiffusionUniteLegale="P")
    persons, companies = (
        masked.filter(categorieJuridiqueUniteLegale=1000),
        masked.filter(pl.col("categorieJuridiqueUniteLegale") != 1000),
    )
    for column in PERSON:
        assert set(persons[column].drop_nulls()) <= {MASK}, column
    assert MASK not in set(companies["denominationUniteLegale"])


def test_a_masked_position_has_no_numbers(stock: Stock) -> None:
    masked = stock[2].filter(qualite_xy=MASK)
    assert masked.height > 100
    assert (
        masked.select("x", "y", "x_longitude", "y_latitude", "distance_precision").null_count().row(0)
        == (masked.height,) * 5
    )


def test_the_two_levels_disagree_now_and_then(stock: Stock) -> None:
    both = stock[0].join(stock[1], on="siren").group_by("statutDiffusionEtablissement", "statutDiffusionUniteLegale")
    assert set(both.len().select(pl.first(), pl.nth(1)).rows()) == {("O", "O"), ("P", "P"), ("O", "P"), ("P", "O")}


def test_what_was_masked_on_both_levels_is_nowhere_in_the_files(stock: Stock, truth: pl.DataFrame) -> None:
    masked = (
        stock[0]
        .filter(statutDiffusionEtablissement="P")
        .join(stock[1].filter(statutDiffusionUniteLegale="P"), on="siren", how="semi")
    )
    hidden = (
        truth.filter(pl.col("finess").is_null())
        .join(masked, on="siret", how="semi")
        .filter(pl.col("name").str.contains("-"))
    )
    words = [name.split("-")[-1] for name in hidden["name"]]
    assert len(words) == len(set(words)) > 100
    columns = [column.drop_nulls() for frame in stock[:2] for column in frame.select(pl.col(pl.String))]
    written = "\n".join(value for column in columns for value in column)
    assert not [word for word in words if word in written]


def test_points_are_near_the_truth_unless_their_quality_says_otherwise(stock: Stock, truth: pl.DataFrame) -> None:
    placed = stock[2].join(truth.unique("siret"), on="siret").filter(pl.col("x_longitude").is_not_null())
    off = placed.with_columns(off=((pl.col("y_latitude") - pl.col("lat")).abs() * 111_200))
    assert off.filter(qualite_xy="11")["off"].max() < 40
    assert off.filter(qualite_xy="33")["off"].median() > 100


@pytest.mark.parametrize("quality", ["11", "12", "21", "22", "33"])
def test_every_quality_of_position_is_there(stock: Stock, quality: str) -> None:
    assert quality in set(stock[2]["qualite_xy"])
