"""Establishments sold or moved and units numbered twice: what Insee's two small files say, and what is true."""

import polars as pl
import pytest

from etl import demo
from etl.demo.parts import FICTITIOUS
from etl.sirene.layout import check
from etl.sirene.lineage import DUPLICATES, SUCCESSIONS

Stock = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
BEFORE, AFTER = "siretEtablissementPredecesseur", "siretEtablissementSuccesseur"


@pytest.fixture(scope="module")
def sirene(france: demo.DemoFiles) -> demo.SireneFiles:
    assert france.sirene is not None
    return france.sirene


@pytest.fixture(scope="module")
def links(sirene: demo.SireneFiles) -> pl.DataFrame:
    return pl.read_parquet(sirene.successions)


@pytest.fixture(scope="module")
def followed(stock: Stock, truth: pl.DataFrame) -> pl.DataFrame:
    """Each establishment that has a successor, beside it."""
    there = stock[0].join(stock[1].select("siren", "etatAdministratifUniteLegale"), on="siren")
    gone = there.join(truth.filter(pl.col("successor").is_not_null()).select("siret", "successor"), on="siret")
    return gone.join(there, left_on="successor", right_on="siret", suffix="_after")


def test_both_files_have_the_published_columns_and_say_that_they_are_invented(sirene: demo.SireneFiles) -> None:
    for path, source in ((sirene.successions, SUCCESSIONS), (sirene.duplicates, DUPLICATES)):
        assert check(path, source) == []
        assert list(pl.read_parquet_schema(path)) == list(source.columns)
        assert FICTITIOUS in pl.read_parquet_metadata(path)


def test_the_links_are_the_true_successions_but_for_one_circle_and_one_link_to_itself(
    links: pl.DataFrame, truth: pl.DataFrame
) -> None:
    told = set(links.select(BEFORE, AFTER).rows())
    true = set(truth.filter(pl.col("successor").is_not_null()).select("siret", "successor").rows())
    assert len(told) == links.height
    assert true < told
    [(one, itself), (back, forth)] = sorted(told - true, key=lambda link: link[0] != link[1])
    assert one == itself
    assert (forth, back) in true


def test_a_predecessor_closed_the_day_its_successor_began(followed: pl.DataFrame, links: pl.DataFrame) -> None:
    assert set(followed["etatAdministratifEtablissement"]) == {"F"}
    assert (followed["dateDebut"] == followed["dateCreationEtablissement_after"]).all()
    dated = followed.join(links, left_on=["siret", "successor"], right_on=[BEFORE, AFTER])
    assert dated.height == followed.height
    assert (dated["dateDebut"] == dated["dateLienSuccession"]).all()


def test_one_that_was_sold_stays_at_its_address_under_another_legal_unit(followed: pl.DataFrame) -> None:
    sold = followed.filter(pl.col("siren") != pl.col("siren_after"))
    assert sold.height > 10
    assert set(sold["etatAdministratifUniteLegale"]) == {"C"}
    for column in ("numeroVoieEtablissement", "libelleVoieEtablissement", "codeCommuneEtablissement"):
        assert sold[column].eq_missing(sold[f"{column}_after"]).all(), column
    pharmacies = sold.filter(activitePrincipaleEtablissement="47.73Z")
    assert pharmacies.height > sold.height / 3


def test_one_that_moved_keeps_its_legal_unit_and_takes_its_head_office_along(
    followed: pl.DataFrame, links: pl.DataFrame
) -> None:
    moved = followed.filter(pl.col("siren") == pl.col("siren_after"))
    elsewhere = moved.filter(pl.col("codeCommuneEtablissement") != pl.col("codeCommuneEtablissement_after"))
    assert elsewhere.height > 20
    assert moved["etablissementSiege"].to_list() == [False] * moved.height
    assert moved["etablissementSiege_after"].to_list() == [True] * moved.height
    heads = links.join(moved, left_on=[BEFORE, AFTER], right_on=["siret", "successor"])
    assert heads["transfertSiege"].all()


def test_some_were_sold_twice(truth: pl.DataFrame) -> None:
    gone = truth.filter(pl.col("successor").is_not_null()).select("siret", "successor")
    chained = gone.join(gone, left_on="successor", right_on="siret")
    assert chained.height > 0


def test_finess_declares_the_number_of_before_for_about_half_of_them(truth: pl.DataFrame) -> None:
    renumbered = truth.filter(
        pl.col("finess").is_not_null(),
        pl.col("siret").is_in(truth["successor"].drop_nulls().implode()),
        pl.col("declared_siret").is_not_null(),
    )
    assert renumbered.height > 15
    assert set(renumbered["link"]) == {"former", "declared"}
    assert 0.2 < (renumbered["link"] == "former").mean() < 0.8
    open_ones = renumbered["open"]
    assert open_ones.all()


def test_a_unit_numbered_twice_is_active_under_both_numbers_with_one_name_and_address(
    stock: Stock, truth: pl.DataFrame, sirene: demo.SireneFiles
) -> None:
    whole = stock[0].join(stock[1], on="siren")
    twice = truth.filter(pl.col("duplicate_of").is_not_null()).select("siret", "duplicate_of")
    both = whole.join(twice, on="siret").join(whole, left_on="duplicate_of", right_on="siret", suffix="_first")
    assert both.height == twice.height > 4
    pairs = both.select(siren="siren_first", sirenDoublon="siren").rows()
    assert sorted(pl.read_parquet(sirene.duplicates).select("siren", "sirenDoublon").rows()) == sorted(pairs)
    for column in ("etatAdministratifEtablissement", "etatAdministratifUniteLegale"):
        assert set(both[column]) == {"A"} == set(both[f"{column}_first"])
    for column in ("libelleVoieEtablissement", "codeCommuneEtablissement", "nomUniteLegale", "denominationUniteLegale"):
        assert both[column].eq_missing(both[f"{column}_first"]).all(), column
