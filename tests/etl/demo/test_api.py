"""The API's pages of the day after the stock: Insee's form, and what they change."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl import demo
from etl.demo import api, events
from etl.demo.masks import MASK
from etl.sirene.api import Pages, read_pages
from tests.etl.demo.conftest import DAY, SIZE

Stock = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


@pytest.fixture(scope="module")
def entries(france: demo.DemoFiles) -> list[dict[str, Any]]:
    pages = [json.loads(path.read_text(encoding="utf-8")) for path in france.pages]
    return [entry for page in pages for entry in page["etablissements"]]


@pytest.fixture(scope="module")
def read(france: demo.DemoFiles) -> Pages:
    return read_pages(france.pages)


@pytest.fixture(scope="module")
def rows(read: Pages, truth: pl.DataFrame) -> pl.DataFrame:
    """Rows of the pages with what is true of them."""
    told = truth.filter(pl.col("event").is_not_null()).unique("siret")
    return read.rows.join(told.select("siret", "event", "diffusion", "diffusion_after"), on="siret", how="left")


def of(rows: pl.DataFrame, *happened: str) -> pl.DataFrame:
    found = rows.filter(pl.col("event").is_in(happened))
    assert found.height
    return found


def masked(rows: pl.DataFrame) -> pl.Series:
    statuses = pl.any_horizontal(
        pl.col("statutDiffusionEtablissement") == "P", pl.col("statutDiffusionUniteLegale") == "P"
    )
    return rows.select(statuses).to_series()


def test_the_pages_are_read_whole_and_nothing_in_them_is_unknown(read: Pages) -> None:
    assert (read.rejected, read.unknown) == ([], {})
    assert read.rows.height == read.total > 100


def test_an_entry_has_the_members_of_an_official_one_in_their_types(
    entries: list[dict[str, Any]], shared_data: Path
) -> None:
    page = json.loads((shared_data / "official" / "sirene-api-20261121-p1.json").read_text(encoding="utf-8"))
    official, ours = _kinds(page["etablissements"]), _kinds(entries)
    assert set(ours) == set(official)
    assert [name for name in ours if not ours[name] <= official[name] | {"NoneType", "str"}] == []


def test_a_list_too_long_for_one_page_goes_on_by_its_cursors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE_ENTRIES", 20)
    files = demo.generate(tmp_path, size=600, seed=7, produced_on=DAY, sirene=True)
    headers = [json.loads(path.read_text(encoding="utf-8"))["header"] for path in files.pages]
    assert [path.name for path in files.pages[:2]] == ["sirene-api-20261123-p1.json", "sirene-api-20261123-p2.json"]
    assert headers[0]["curseur"] == "*"
    assert headers[-1]["curseurSuivant"] == headers[-1]["curseur"]
    assert [header["curseurSuivant"] for header in headers[:-1]] == [header["curseur"] for header in headers[1:]]
    assert max(header["nombre"] for header in headers) == 20
    assert read_pages(files.pages).rows.height == headers[0]["total"]


def test_all_was_treated_the_day_before(read: Pages) -> None:
    assert read.rows["dateDernierTraitementEtablissement"].dt.date().unique().to_list() == [date(2026, 11, 22)]


def test_the_truth_has_an_event_for_each_establishment_and_the_stock_has_it_unless_it_opens(
    rows: pl.DataFrame, stock: Stock, truth: pl.DataFrame
) -> None:
    assert rows["event"].null_count() == 0
    assert set(rows["siret"]) == set(truth.filter(pl.col("event").is_not_null())["siret"])
    opening = set(of(rows, events.OPENS)["siret"])
    assert not opening & set(stock[0]["siret"])
    assert set(rows["siret"]) - opening <= set(stock[0]["siret"])


def test_who_opens_is_active_and_mostly_a_practitioner(rows: pl.DataFrame) -> None:
    opened = of(rows, events.OPENS)
    assert set(opened["etatAdministratifEtablissement"]) == set(opened["etatAdministratifUniteLegale"]) == {"A"}
    share = opened["activitePrincipaleEtablissement"].str.starts_with("86.").mean()
    assert 0.4 < float(str(share)) < 0.9


def test_who_closes_or_moves_is_closed_and_says_since_when(rows: pl.DataFrame, entries: list[dict[str, Any]]) -> None:
    gone = of(rows, events.CLOSES, events.MOVES)
    assert set(gone["etatAdministratifEtablissement"]) == {"F"}
    assert set(gone["dateDebut"]) == {date(2026, 11, 22)}
    periods = {entry["siret"]: entry["periodesEtablissement"] for entry in entries}
    for siret in gone["siret"]:
        current, ended = periods[siret]
        assert (current["changementEtatAdministratifEtablissement"], ended["dateFin"]) == (True, "2026-11-21")
        assert ended["etatAdministratifEtablissement"] == "A"


def test_who_moves_opens_elsewhere_as_the_same_unit(rows: pl.DataFrame) -> None:
    left = of(rows, events.MOVES)
    arrived = of(rows, events.OPENS).join(left.select("siren"), on="siren", how="semi")
    assert sorted(arrived["siren"]) == sorted(left["siren"])
    assert not set(arrived["siret"]) & set(left["siret"])
    assert arrived["etablissementSiege"].all()
    assert not left["etablissementSiege"].any()


def test_who_is_renamed_has_another_sign(rows: pl.DataFrame, stock: Stock) -> None:
    renamed = of(rows, events.RENAMED).join(stock[0], on="siret", suffix="_before")
    assert renamed["enseigne1Etablissement"].ne_missing(renamed["enseigne1Etablissement_before"]).all()


def test_the_pages_say_the_diffusion_that_the_truth_has_after_them(rows: pl.DataFrame) -> None:
    assert masked(rows).to_list() == (rows["diffusion_after"] == "P").to_list()


def test_some_turn_p_on_both_levels_or_on_one_and_some_turn_o_again(rows: pl.DataFrame) -> None:
    levels = {
        events.MASKED: ("P", "P"),
        events.MASKED_HERE: ("P", "O"),
        events.MASKED_UNIT: ("P", "P"),  # who hides anything is said masked by both, once flattened
        events.SHOWN: ("O", "O"),
    }
    for event, told in levels.items():
        statuses = of(rows, event).select("statutDiffusionEtablissement", "statutDiffusionUniteLegale")
        assert set(statuses.rows()) == {told}, event
    assert set(of(rows, events.TOUCHED)["diffusion"]) == {"O", "P"}


def test_the_words_of_who_turns_p_are_in_the_stock_and_not_in_the_pages(
    france: demo.DemoFiles, stock: Stock, truth: pl.DataFrame
) -> None:
    words = words_of(truth.filter(event=events.MASKED))
    assert len(words) > 10
    units = "\n".join(stock[0]["libelleVoieEtablissement"].drop_nulls())
    pages = "".join(path.read_text(encoding="utf-8") for path in france.pages)
    assert [word for word in words if word not in units] == []
    assert [word for word in words if word in pages] == []


def test_the_words_of_who_turns_o_are_in_the_pages_and_not_in_the_stock(
    france: demo.DemoFiles, stock: Stock, truth: pl.DataFrame
) -> None:
    words = words_of(truth.filter(event=events.SHOWN))
    assert words
    units = "\n".join(stock[0]["libelleVoieEtablissement"].drop_nulls())
    pages = "".join(path.read_text(encoding="utf-8") for path in france.pages)
    assert [word for word in words if word in units or word not in pages] == []


def test_a_masked_entry_says_nothing_but_its_commune_and_activity(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        if entry["statutDiffusionEtablissement"] == "P":
            address = entry["adresseEtablissement"]
            assert {address["numeroVoieEtablissement"], address["libelleVoieEtablissement"]} == {MASK}
            assert address["codeCommuneEtablissement"] != MASK
            assert entry["periodesEtablissement"][0]["activitePrincipaleEtablissement"] != MASK


def test_a_share_of_other_trades_is_beside(rows: pl.DataFrame) -> None:
    outside = ~rows["activitePrincipaleEtablissement"].str.contains("^(8[678]|47.7[34])")
    assert 5 < outside.sum() < SIZE / 10


def words_of(truth: pl.DataFrame) -> list[str]:
    """The word that only one masked unit has, at the end of its street."""
    streets = truth.filter(pl.col("finess").is_null())["street"]
    return [found[1] for street in streets if (found := re.search(r"DU CLOS ([A-Z]{10})$", street))]


def _kinds(entries: list[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, f"{path}.{name}")
        elif isinstance(value, list):
            for inner in value:
                walk(inner, f"{path}[]")
        else:
            found.setdefault(path, set()).add(type(value).__name__)

    walk(entries, "")
    return found
