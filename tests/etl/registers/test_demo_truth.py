"""The demo's masked people, who have words of their own: loaded with everyone else they are nowhere, FINESS's stay FINESS's."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest

from etl import demo
from etl.sirene.refresh import StockFiles, refresh_stock
from tests.etl.conftest import MakeInstance
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import how

OWN_WORD = re.compile(r"(?:[B-DF-HJ-NP-TV-Z][AEIOU]){5,}")  # five syllables that nobody else has (docs/demo.md)


@pytest.fixture(scope="module")
def france(tmp_path_factory: pytest.TempPathFactory) -> demo.DemoFiles:
    folder = tmp_path_factory.mktemp("france")
    return demo.generate(folder, size=1500, seed=11, produced_on=date(2026, 11, 23), sirene=True)


@pytest.fixture(scope="module")
def truth(france: demo.DemoFiles) -> pl.DataFrame:
    return pl.read_parquet(france.truth)


@pytest.fixture(scope="module")
def alone(make_instance: MakeInstance, france: demo.DemoFiles) -> Iterator[Instance]:
    """FINESS without SIRENE."""
    with make_instance() as instance:
        assert instance.refresh(france.finess).state == "published"
        yield instance


@pytest.fixture(scope="module")
def beside(make_instance: MakeInstance, france: demo.DemoFiles) -> Iterator[Instance]:
    """FINESS and SIRENE."""
    with make_instance() as instance:
        assert instance.refresh(france.finess).state == "published"
        report = refresh_stock(instance.engine, StockFiles(*france.sirene.all()), how(instance))
        assert report.state == "published", report
        yield instance


def test_masked_people_that_only_sirene_has_are_nowhere(beside: Instance, truth: pl.DataFrame) -> None:
    hidden = truth.filter(pl.col("finess").is_null(), diffusion="P")
    words = {
        each for column in ("name", "street") for text in hidden[column].drop_nulls() for each in OWN_WORD.findall(text)
    }
    assert len(words) > 20
    some = hidden.drop_nulls("lon").head(5)
    assert (
        places(beside, words | {f"s{siret}" for siret in hidden["siret"]}, list(some.select("lon", "lat").iter_rows()))
        == []
    )


def test_what_finess_publishes_of_a_masked_siret_is_all_that_is_told(
    alone: Instance, beside: Instance, truth: pl.DataFrame
) -> None:
    hidden = truth.filter(pl.col("finess").is_not_null(), diffusion="P")["finess"].to_list()
    assert len(hidden) > 3
    assert rows_of(beside, hidden) == rows_of(alone, hidden)


def rows_of(instance: Instance, finess: list[str]) -> list[Any]:
    numbers = ", ".join(f"'f{each}'" for each in finess)
    query = f"SELECT (to_jsonb(s) - 'load_id')::text FROM structure AS s WHERE id IN ({numbers}) ORDER BY id"
    return instance.rows(query)


def test_no_word_of_insee_s_mask_is_kept(beside: Instance) -> None:
    assert places(beside, ["[ND]"]) == []


def test_no_number_of_sirene_is_two_structures(beside: Instance) -> None:
    twice = (
        "SELECT id FROM link AS l JOIN structure ON id = 's' || l.siret WHERE status = 'accepted' AND valid_to IS NULL"
    )
    assert beside.rows(twice) == []
    assert beside.rows("SELECT count(*) > 100 FROM structure WHERE register = 'sirene'") == [(True,)]
    assert beside.differences() == []


def test_a_masked_number_is_linked_only_where_finess_declares_it(beside: Instance) -> None:
    """Nothing of one that is masked is compared, so nothing is found."""
    found = "SELECT count(*) FROM link JOIN masked_siret USING (siret) WHERE source = 'scoring'"
    assert beside.rows(found) == [(0,)]


def test_the_folder_of_work_is_empty_after_a_load(beside: Instance) -> None:
    assert list((beside.home / "travail").iterdir()) == []


def test_six_columns_are_kept_of_the_masked_that_are_of_the_field_or_named(
    beside: Instance, truth: pl.DataFrame
) -> None:
    kept = {row[0] for row in beside.rows("SELECT siret FROM masked_siret")}
    named = set(truth.filter(pl.col("finess").is_not_null(), diffusion="P")["declared_siret"].drop_nulls())
    everyone = set(truth.filter(diffusion="P")["siret"].drop_nulls())
    assert kept <= everyone | named
    assert len(kept) > 20
