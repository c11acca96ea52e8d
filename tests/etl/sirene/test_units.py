"""Pages of establishments tell their legal unit too: what it changes reaches its other establishments, and history."""

from pathlib import Path
from typing import Any

import pytest

from etl.rollback import rollback
from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.etl.registers.people import NOVEMBER, Person, load_pages, load_stock

ONE, OTHER, STAYS = Person(12), Person(12, nic=2), Person(34)
CEASED = {"etatAdministratifUniteLegale": "C", "etatAdministratifEtablissement": "F"}
LATER = "2026-11-21T21:52:02.598"


@pytest.fixture
def stocked(instance: Instance, tmp_path: Path) -> Instance:
    """Two practices of one legal unit, one of another."""
    assert instance.refresh(a_file(tmp_path, an_ege())).state == "published"
    assert load_stock(instance, tmp_path, ONE, OTHER, STAYS).state == "published"
    return instance


def pages(instance: Instance, folder: Path, *entries: dict[str, Any]) -> int:
    report = load_pages(instance, folder, *entries, accept=("closed", "removed"))
    assert report.state == "published", report
    return report.load


def told(instance: Instance) -> dict[str, tuple[str, bool]]:
    rows = instance.rows("SELECT id, name, open FROM structure WHERE register = 'sirene' ORDER BY id")
    return {row.id: (row.name, row.open) for row in rows}


def test_a_unit_that_ceased_closes_the_establishment_that_no_page_tells(stocked: Instance, tmp_path: Path) -> None:
    pages(stocked, tmp_path, ONE.entry(**CEASED))
    assert {each: is_open for each, (_, is_open) in told(stocked).items()} == {
        ONE.id: False,
        OTHER.id: False,
        STAYS.id: True,
    }
    assert stocked.differences() == []


def test_going_back_to_the_pages_that_told_it_the_unit_has_still_ceased(stocked: Instance, tmp_path: Path) -> None:
    ceased = pages(stocked, tmp_path, ONE.entry(**CEASED))
    before = told(stocked)
    pages(stocked, tmp_path, STAYS.entry(LATER, enseigne1Etablissement="CABINET NEUF"))
    rollback(stocked.engine, stocked.search, ceased, home=stocked.home)
    assert told(stocked) == before


def test_a_unit_that_is_renamed_renames_the_establishment_that_no_page_tells(stocked: Instance, tmp_path: Path) -> None:
    unsigned = {"enseigne1Etablissement": None}
    pages(stocked, tmp_path, ONE.entry(**unsigned), OTHER.entry(**unsigned))
    pages(stocked, tmp_path, ONE.entry(LATER, nomUniteLegale="VANNESTE", **unsigned))
    assert {told(stocked)[each.id][0] for each in (ONE, OTHER)} == {"Zelie Vanneste"}


def test_an_older_page_closes_nobody_who_was_treated_since(stocked: Instance, tmp_path: Path) -> None:
    pages(stocked, tmp_path, OTHER.entry(LATER))
    pages(stocked, tmp_path, ONE.entry(**CEASED))
    assert told(stocked)[OTHER.id][1]


def test_the_word_of_the_unit_alone_does_not_show_whom_a_stock_of_before_hides(
    stocked: Instance, tmp_path: Path
) -> None:
    pages(stocked, tmp_path, ONE.entry(LATER, nomUniteLegale="VANNESTE"))
    hidden = {OTHER.siret: {"statutDiffusionEtablissement": "P"}}
    report = load_stock(stocked, tmp_path, ONE, OTHER, STAYS, day=NOVEMBER, changed=hidden)
    assert report.state == "published", report
    assert told(stocked).keys() == {ONE.id, STAYS.id}


def test_an_older_word_on_the_unit_hides_no_practice_that_a_newer_one_shows(stocked: Instance, tmp_path: Path) -> None:
    of_unit = {"statutDiffusionUniteLegale": "P"}
    pages(stocked, tmp_path, ONE.entry("2026-11-10T08:00:00", **of_unit), OTHER.entry("2026-11-15T08:00:00"))
    assert told(stocked).keys() == {OTHER.id, STAYS.id}
