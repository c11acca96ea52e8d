"""Floors on a country whose truth is known, and on real FINESS where it is at hand."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from etl import demo
from etl.matching import comparing
from etl.matching.evaluate import as_decided, demo_truth, hidden_half, judged_pairs, right_ones, without_declared
from etl.matching.links import links
from etl.matching.samples import ege_of, sirene_of
from etl.matching.shapes import PAIR


@pytest.fixture(scope="module")
def france(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs and truth of 2,000 EGE, half of the rightly declared SIRET hidden."""
    files = demo.generate(
        tmp_path_factory.mktemp("france"), size=2_000, seed=11, produced_on=date(2026, 11, 23), sirene=True
    )
    ege, (sirene, masked) = ege_of(files.finess), sirene_of(files.truth.parent)
    hidden = hidden_half(right_ones(ege, sirene, masked))
    truth = demo_truth(files.truth.parent, sirene, hidden)
    return judged_pairs(without_declared(ege, hidden), sirene, masked), truth


@pytest.mark.parametrize(
    ("link", "precision", "rappel"),
    [("hidden", 0.99, 0.98), ("missing", 0.99, 0.97), ("head_office", 0.95, 0.90), ("declared", 0.98, 0.99)],
)
def test_what_is_found_is_right_and_little_is_missed(
    france: tuple[pl.DataFrame, pl.DataFrame], link: str, precision: float, rappel: float
) -> None:
    pairs, truth = france
    found = as_decided(pairs, truth.filter(link=link).select(PAIR))
    assert found["acceptes"] > 15
    assert found["precision"] >= precision
    assert found["rappel"] >= rappel


def test_where_nothing_is_to_find_little_is_found(france: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    pairs, truth = france
    nothing = truth.filter(link="none")
    assert as_decided(pairs, nothing.select(PAIR))["acceptes"] <= 0.2 * len(nothing)


def test_the_hidden_ones_of_real_finess_are_found_again(shared_data: Path) -> None:
    folder = shared_data / "official"
    if not folder.is_dir():
        pytest.skip("../shared/data/official est absent : essai sur données réelles sauté")
    ege, (sirene, masked) = ege_of(max(folder.glob("finess-structures-*.json.gz"))), sirene_of(folder)
    here = ege.filter(pl.col("commune").str.slice(0, 2).is_in(["29", "69", "2A", "97"]))
    hidden = hidden_half(right_ones(here, sirene, masked))
    found = as_decided(judged_pairs(without_declared(here, hidden), sirene, masked), hidden)
    assert found["precision"] >= 0.985
    assert found["rappel"] >= 0.85


def test_how_many_departements_are_compared_at_once_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = demo.generate(tmp_path, size=400, seed=12, produced_on=date(2026, 11, 23), sirene=True)
    ege, (sirene, masked) = ege_of(files.finess), sirene_of(files.truth.parent)
    assert 1 < ege["commune"].str.slice(0, 2).n_unique() < len(ege) < comparing.AT_ONCE
    together = links(ege, sirene, masked)
    monkeypatch.setattr(comparing, "AT_ONCE", 1)
    assert_frame_equal(links(ege, sirene, masked), together)
    assert together["status"].n_unique() > 1
