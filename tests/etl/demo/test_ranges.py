"""Invented numbers pass every check and belong to nobody."""

import gzip
from pathlib import Path
from typing import Any

import ijson
import polars as pl
import pytest

from etl.demo.ranges import (
    PHONE_ROOTS,
    SIREN_CAPACITY,
    demo_finess,
    demo_phone,
    demo_siren,
    demo_siret,
    is_demo_finess,
    is_demo_siren,
)
from geo.identifiers import Finess, Siren, Siret

Stock = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


@pytest.mark.parametrize(
    ("departement", "number"),
    [("59", "59Z000012"), ("2A", "2AZ000012"), ("974", "97Z400012"), ("987", "98Z700012")],
)
def test_a_number_tells_its_departement_and_has_the_published_form(departement: str, number: str) -> None:
    assert demo_finess(departement, 12) == number
    assert Finess.parse(number) == number
    assert is_demo_finess(number)


def test_a_real_number_is_not_taken_for_an_invented_one() -> None:
    assert not is_demo_finess("130783293")
    assert not is_demo_finess("2A0022596")
    assert not is_demo_siren("000325175")


def test_a_departement_out_of_numbers_says_so() -> None:
    with pytest.raises(ValueError, match="974"):
        demo_finess("974", 100_000)


@pytest.mark.parametrize("rank", [0, 1, 999_999, 1_000_000, SIREN_CAPACITY - 1])
def test_the_keys_hold_as_the_pipelines_check_them(rank: int) -> None:
    siren = demo_siren(rank)
    assert Siren.parse(siren) == siren
    assert is_demo_siren(siren)
    assert [Siret.parse(demo_siret(siren, nic)) for nic in (1, 2, 9_999)]


def test_siren_grow_with_their_rank_so_that_files_come_sorted() -> None:
    numbers = [demo_siren(rank) for rank in range(0, SIREN_CAPACITY, 99_991)]
    assert numbers == sorted(numbers)


def test_there_is_no_siren_after_the_last() -> None:
    with pytest.raises(ValueError, match="smaller"):
        demo_siren(SIREN_CAPACITY)


def test_phones_are_of_the_ranges_kept_for_fiction() -> None:
    assert demo_phone(1, 10_007) == "0199000007"
    assert {len(demo_phone(zone, 3)) for zone in PHONE_ROOTS} == {10}


def test_every_phone_of_the_flow_is_fictitious(flow: dict[str, Any]) -> None:
    numbers = [number for site in _sites(flow) for contact in site["contact"] for number in _numbers(contact)]
    assert len(numbers) > 2_000
    assert {number[:6] for number in numbers} <= set(PHONE_ROOTS.values())


def test_phones_come_in_many_forms_and_two_in_one_field(flow: dict[str, Any]) -> None:
    written = [contact["telecom"]["telephone"] for site in _sites(flow) for contact in site["contact"]]
    for form in (" ", ".", "-", "+33", "/"):
        assert any(form in each for each in written), form


def test_every_number_of_the_files_is_invented(flow: dict[str, Any], stock: Stock) -> None:
    finess = [entity["informationsGeneralesPMEJ"]["numFinessPm"] for entity in flow["pmej"]]
    finess += [e["informationsGeneralesEGE"]["numFinessEge"] for entity in flow["pmej"] for e in entity["ege"]]
    assert len(finess) == len(set(finess))
    assert all(map(is_demo_finess, finess))
    assert all(map(is_demo_siren, (entity["informationsGeneralesPMEJ"]["siren"] for entity in flow["pmej"])))
    assert all(map(is_demo_siren, stock[0]["siret"]))


def test_nobody_in_the_official_files_has_one(shared_data: Path) -> None:
    with gzip.open(shared_data / "official" / "finess-structures-journalier-20261121.json.gz") as text:
        prefix = "pmej.item.ege.item.informationsGeneralesEGE.numFinessEge"
        assert not any(is_demo_finess(number) for number in ijson.items(text, prefix))
    sirens = pl.scan_parquet(shared_data / "official" / "StockUniteLegale_utf8.parquet").select("siren").collect()
    assert not any(map(is_demo_siren, sirens["siren"]))


def _sites(flow: dict[str, Any]) -> list[dict[str, Any]]:
    return [site for entity in flow["pmej"] for site in (entity, *entity["ege"])]


def _numbers(contact: dict[str, Any]) -> list[str]:
    """The national form of each number of the field."""
    digits = ("".join(c for c in part if c.isdigit()) for part in contact["telecom"]["telephone"].split("/"))
    return [f"0{each[-9:]}" for each in digits]
