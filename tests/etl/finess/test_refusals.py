"""A record that cannot be served is refused alike by the row that the report counts and by the record that the feed reads."""

from pathlib import Path
from typing import Any

import pytest

from etl.finess.extract import chunks
from etl.finess.record import ege_record
from etl.finess.refusals import MAX_NAME, is_usable, reason_of_refusal
from tests.etl.finess.published import a_file, a_pmej, an_ege, many
from tests.etl.finess.test_history import DAY_1, DAY_2, DAY_3, a_day, changes
from tests.etl.instance import Instance

UNUSABLE: dict[str, dict[str, Any]] = {
    "numero_finess_invalide": {"about": {"numFinessEge": "59BAD"}},
    "sans_nom": {"about": {"nomEgeLong": " ", "nomEgeCourt": None}},
    "categorie_illisible": {"categorieentiteGeographiqueExercice": "XYZ"},
    "nom_demesure": {"about": {"nomEgeLong": "A" * (MAX_NAME + 1)}},
}
USABLE: list[dict[str, Any]] = [
    {},
    {"about": {"nomEgeLong": None}},
    {"about": {"nomEgeLong": "A" * MAX_NAME}},
    {"categorieentiteGeographiqueExercice": "5"},
    {"categorieentiteGeographiqueExercice": {"coding": {"code": "500 "}}},
    {"about": {"numFinessEge": "2A0022596"}},
]


@pytest.mark.parametrize("fields", [*UNUSABLE.values(), *USABLE])
def test_the_row_and_the_record_are_judged_alike(tmp_path: Path, fields: dict[str, Any]) -> None:
    ege = an_ege(**fields)
    (chunk,) = chunks(a_file(tmp_path, ege))
    (reason,) = chunk.establishments.select(reason=reason_of_refusal())["reason"]
    record = ege_record(ege, "590999999", None)
    assert is_usable(record["finess"], record) is (reason is None)
    assert reason == next((name for name, unusable in UNUSABLE.items() if unusable == fields), None)


@pytest.mark.parametrize("reason", UNUSABLE)
def test_a_new_establishment_that_is_refused_opens_nothing_until_it_can_be_served(
    instance: Instance, tmp_path: Path, reason: str
) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(200)))
    report = instance.refresh(a_day(tmp_path, DAY_2, *many(200), an_ege("590000900", **UNUSABLE[reason])))
    assert (report.state, report.counts["rejected"], changes(instance)) == ("published", {reason: 1}, [])
    instance.refresh(a_day(tmp_path, DAY_3, *many(200), an_ege("590000900")))
    assert [change[:2] for change in changes(instance)] == [("opened", "f590000900")]


def test_one_that_becomes_unusable_is_closed_as_its_structure_is(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(200), an_ege("590000900")))
    instance.refresh(a_day(tmp_path, DAY_2, *many(200), an_ege("590000900", **UNUSABLE["sans_nom"])))
    assert instance.rows("SELECT open FROM structure WHERE id = 'f590000900'") == [(False,)]
    assert [change[:5] for change in changes(instance)] == [("closed", "f590000900", None, "open", None)]


def test_dates_that_take_another_form_refuse_the_file(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(200)))
    report = instance.refresh(a_day(tmp_path, DAY_2, *many(200, about={"dateOuverture": "01/01/1990"})))
    assert (report.state, report.counts["noticed"]["dates_illisibles"]) == ("refused", 200)
    assert "«\u202fdates\u202f»" in (report.error or "")


def test_the_register_s_unknown_day_is_no_unreadable_date(instance: Instance, tmp_path: Path) -> None:
    report = instance.refresh(a_day(tmp_path, DAY_1, *many(30, about={"dateOuverture": "1900-01-01 00:00:00"})))
    assert (report.state, report.counts["noticed"]["dates_illisibles"]) == ("published", 0)


def test_a_nul_in_the_name_of_an_unknown_field_is_reported_without_it(instance: Instance, tmp_path: Path) -> None:
    report = instance.refresh(a_day(tmp_path, DAY_1, *many(30, **{"inconnu\0champ": 1})))
    assert report.counts["unknown_fields"] == {"pmej.ege.inconnuchamp": 30}


def test_a_backslash_before_u0000_is_text_and_a_nul_is_nothing(instance: Instance, tmp_path: Path) -> None:
    named = an_ege(about={"nomEgeLong": "CLINIQUE \\u0000 DU\0 LAC\\\\"})
    instance.refresh(a_day(tmp_path, DAY_1, *many(30, first=100), named))
    assert instance.rows("SELECT name FROM structure WHERE id = 'f590000001'") == [("CLINIQUE \\u0000 DU LAC\\\\",)]
    (row,) = instance.rows("SELECT record ->> 'nom', published FROM source_record WHERE key = '590000001'")
    assert row[0] == "CLINIQUE \\u0000 DU LAC\\\\"
    assert "\\\\u0000 DU LAC" in row[1]


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "hier"])
def test_a_day_of_production_that_cannot_be_is_a_refusal(instance: Instance, tmp_path: Path, written: str) -> None:
    report = instance.refresh(a_file(tmp_path, *many(30), generatedAt=written))
    assert report.state == "refused"
    assert "generatedAt" in (report.error or "")


def test_a_number_twice_is_counted_each_time_and_named_once(instance: Instance, tmp_path: Path) -> None:
    again = [a_pmej(an_ege("590000001", "AUTRE"), finess=f"5909999{n}0") for n in range(10, 14)]
    file = a_day(tmp_path, DAY_1, pmej=[a_pmej(*many(1_000)), *again])
    report = instance.refresh(file)
    assert (report.state, report.counts["read"], report.counts["kept"]) == ("published", 1_004, 1_000)
    assert report.counts["rejected"] == {"numero_en_double": 4}
    assert report.counts["samples"] == {"numero_en_double": ["590000001"]}
    assert instance.rows("SELECT name FROM structure WHERE id = 'f590000001'") == [("PHARMACIE 1",)]


def test_a_file_of_a_day_to_come_is_refused_unless_it_is_accepted(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LUM1_GATE_MAX_DAYS_AHEAD")
    file = a_day(tmp_path, "2199-11-21T02:09:17Z", *many(30))
    report = instance.refresh(file)
    assert (report.state, "«\u202ffuture\u202f»" in (report.error or "")) == ("refused", True)
    assert instance.refresh(file, accept=["future"]).state == "published"


def test_the_punctuation_of_a_number_that_no_plan_knows_is_no_change(instance: Instance, tmp_path: Path) -> None:
    def phone(written: str) -> list[dict[str, object]]:
        return [{"typeContact": {"roleContact": "01"}, "telecom": {"telephone": written}}]

    instance.refresh(a_day(tmp_path, DAY_1, *many(30, contact=phone("25 56 43 26 94"))))
    report = instance.refresh(a_day(tmp_path, DAY_2, *many(30, contact=phone("25-56-43.26 94"))))
    assert (report.counts["records"]["ege"]["changed"], changes(instance)) == (0, [])
    assert instance.rows("SELECT DISTINCT phones FROM structure") == [(["25 56 43 26 94"],)]
