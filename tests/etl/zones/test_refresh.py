"""`refresh zones`: a file of ours replaces the zones that are served; what cannot be used goes to the report with its reason."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.registers import acts
from etl.report import Report
from etl.zones import pipeline
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_ege, many
from tests.etl.instance import Instance
from tests.etl.registers.people import Person, load_stock
from tests.etl.registers.test_links import acting

SSIAD, HAD = "590000001", "590000002"
NURSE = Person(12)
SQUARE = {"type": "Polygon", "coordinates": [[[3.0, 50.6], [3.1, 50.6], [3.1, 50.7], [3.0, 50.7], [3.0, 50.6]]]}
BOW_TIE = {"type": "Polygon", "coordinates": [[[3.0, 50.6], [3.1, 50.7], [3.1, 50.6], [3.0, 50.7], [3.0, 50.6]]]}


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A SSIAD, a HAD and eight pharmacies of Lille."""
    folder = tmp_path_factory.mktemp("octobre")
    with make_instance() as instance:
        assert instance.refresh(a_file(folder, an_ege(SSIAD), an_ege(HAD), *many(8, first=3))).state == "published"
        yield instance


def refresh(instance: Instance, folder: Path, *lines: Any, **how: Any) -> Report:
    """Load a file of these lines after its header; texts are written as they are."""
    file = folder / f"zones-{len(list(folder.iterdir()))}.ndjson"
    header = {"zones": "1", "producedAt": "2026-11-21T08:00:00Z"}
    written = [line if isinstance(line, str) else json.dumps(line) for line in (header, *lines)]
    file.write_text("\n".join(written) + "\n", encoding="utf-8")
    return pipeline.refresh(instance.engine, instance.search, file, home=instance.home, **how)


def kept(instance: Instance) -> list[tuple[str, str, str | None]]:
    found = instance.rows("SELECT structure, kind, code FROM intervention_zone ORDER BY structure, kind, code")
    return [(row.structure, row.kind, row.code) for row in found]


def test_zones_are_kept_part_by_part(told: Instance, tmp_path: Path) -> None:
    report = refresh(
        told,
        tmp_path,
        {"finess": SSIAD, "communes": ["59350", "59009"], "declaredOn": "2026-10-01"},
        {"finess": HAD, "departements": ["59"], "epcis": ["200093201"], "contour": SQUARE},
    )
    assert report.state == "published", report
    assert kept(told) == [
        (f"f{SSIAD}", "commune", "59009"),
        (f"f{SSIAD}", "commune", "59350"),
        (f"f{HAD}", "contour", None),
        (f"f{HAD}", "departement", "59"),
        (f"f{HAD}", "epci", "200093201"),
    ]
    assert (report.counts["read"], report.counts["kept"]) == (2, 2)
    assert told.differences() == []


def test_a_file_replaces_the_one_before(told: Instance, tmp_path: Path) -> None:
    refresh(told, tmp_path, {"finess": SSIAD, "communes": ["59350"]})
    version = told.served()
    assert refresh(told, tmp_path, {"finess": HAD, "departements": ["59"]}).state == "published"
    assert kept(told) == [(f"f{HAD}", "departement", "59")]
    assert told.served() == version  # no structure moved: cursors and tiles stay good


def test_the_same_file_again_changes_nothing(told: Instance, tmp_path: Path) -> None:
    line = {"finess": SSIAD, "communes": ["59350"]}
    refresh(told, tmp_path, line)
    assert refresh(told, tmp_path, line).state == "unchanged"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"finess": ', "zone_illisible"),
        ('["59350"]', "zone_illisible"),
        ({"finess": SSIAD, "comunes": ["59350"]}, "zone_illisible"),
        ({"communes": ["59350"]}, "zone_sans_numero"),
        ({"finess": SSIAD, "siret": NURSE.siret, "communes": ["59350"]}, "zone_sans_numero"),
        ({"finess": SSIAD}, "zone_vide"),
        ({"finess": SSIAD, "communes": ["59350", "99999"]}, "zone_de_commune_inconnue"),
        ({"finess": SSIAD, "epcis": ["12"]}, "zone_de_epci_inconnu"),
        ({"finess": SSIAD, "departements": ["20"]}, "zone_de_departement_inconnu"),
        ({"finess": SSIAD, "contour": BOW_TIE}, "zone_au_contour_illisible"),
        ({"finess": SSIAD, "contour": {"type": "Point", "coordinates": [3.0, 50.6]}}, "zone_au_contour_illisible"),
        ({"finess": SSIAD, "contour": {"type": "Polygon"}}, "zone_au_contour_illisible"),
        ({"finess": "599999999", "communes": ["59350"]}, "zone_de_structure_inconnue"),
    ],
)
def test_what_cannot_be_used_goes_to_the_report_with_its_reason(
    told: Instance, tmp_path: Path, line: Any, reason: str
) -> None:
    report = refresh(told, tmp_path, {"finess": HAD, "departements": ["59"]}, line, accept=["anomalies"])
    assert report.state == "published", report
    assert report.counts["rejected"] == {reason: 1}
    assert kept(told) == [(f"f{HAD}", "departement", "59")]


def test_a_number_given_twice_counts_once(told: Instance, tmp_path: Path) -> None:
    first, second = {"finess": HAD, "departements": ["59"]}, {"finess": HAD, "departements": ["62"]}
    report = refresh(told, tmp_path, first, second, accept=["anomalies"])
    assert report.counts["rejected"] == {"zone_en_double": 1}
    assert kept(told) == [(f"f{HAD}", "departement", "59")]


def test_a_day_that_cannot_be_read_is_none(told: Instance, tmp_path: Path) -> None:
    refresh(told, tmp_path, {"finess": HAD, "departements": ["59"], "declaredOn": "21/11/2026"})
    assert told.rows("SELECT declared_on FROM intervention_zone") == [(None,)]


def test_a_file_of_another_kind_is_refused_and_says_what_is_expected(told: Instance, tmp_path: Path) -> None:
    file = tmp_path / "autre.json"
    file.write_text('{"pmej": []}')
    report = pipeline.refresh(told.engine, told.search, file, home=told.home)
    assert report.state == "refused"
    assert "sa première ligne doit être" in (report.error or "")


def test_an_empty_file_or_one_that_lost_most_zones_is_refused(told: Instance, tmp_path: Path) -> None:
    refresh(told, tmp_path, {"finess": HAD, "departements": ["59"]}, {"finess": SSIAD, "communes": ["59350"]})
    assert refresh(told, tmp_path).state == "refused"
    report = refresh(told, tmp_path, {"finess": HAD, "departements": ["62"]})
    assert [verdict.gate for verdict in report.gates if verdict.refuses] == ["removed"]
    assert len(kept(told)) == 2


def test_a_trial_says_what_would_be_and_changes_nothing(told: Instance, tmp_path: Path) -> None:
    report = refresh(told, tmp_path, {"finess": HAD, "departements": ["59"]}, dry_run=True)
    assert (report.state, report.counts["kept"]) == ("tried", 1)
    assert kept(told) == []


def test_who_leaves_takes_her_zone_along(told: Instance, tmp_path: Path) -> None:
    assert load_stock(told, tmp_path, NURSE, Person(34)).state == "published"
    refresh(told, tmp_path, {"siret": NURSE.siret, "communes": ["59350"]}, {"finess": HAD, "departements": ["59"]})
    assert (NURSE.id, "commune", "59350") in kept(told)
    acts.withdraw(acting(told), NURSE.siret, "Sa lettre")
    assert kept(told) == [(f"f{HAD}", "departement", "59")]
    report = refresh(
        told, tmp_path, {"siret": NURSE.siret, "communes": ["59350"]}, {"finess": HAD, "epcis": ["200093201"]}
    )
    assert report.counts["rejected"] == {"zone_de_structure_inconnue": 1}
    assert NURSE.siret not in str(report.counts)
