"""A FINESS file into the served publication: whole, or not at all."""

from pathlib import Path

import pytest
from sqlalchemy import select

from geo.publication import load
from tests.etl.finess.published import a_file, an_address, an_ege, many
from tests.etl.instance import Instance
from tests.places import BORDEAUX, LILLE


def test_a_first_load_publishes_every_establishment_and_its_projections(instance: Instance, tmp_path: Path) -> None:
    report = instance.refresh(a_file(tmp_path, *many(30)))
    assert (report.state, report.counts["kept"], report.counts["structures"]["inserted"]) == ("published", 30, 30)
    assert instance.served() == (report.version, 30)
    assert instance.differences() == []


def test_the_same_file_again_changes_nothing(instance: Instance, tmp_path: Path) -> None:
    first = instance.refresh(a_file(tmp_path, *many(30)))
    assert instance.refresh(a_file(tmp_path, *many(30))).state == "unchanged"
    assert instance.served() == (first.version, 30)


def test_the_next_day_rewrites_only_what_changed_and_ids_stay(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_file(tmp_path, *many(30)))
    moved = an_ege("590000001", "PHARMACIE 1", adresse=[an_address(BORDEAUX)])
    report = instance.refresh(a_file(tmp_path, moved, *many(30, first=2), name="lendemain.json.gz"))
    assert report.counts["structures"] == {"inserted": 1, "updated": 1, "removed": 0}
    assert instance.rows("SELECT departement FROM structure WHERE id = 'f590000001'") == [("33",)]
    assert instance.differences() == []


def test_a_vanished_number_is_served_as_closed_and_comes_back_open(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_file(tmp_path, *many(30)))
    instance.refresh(a_file(tmp_path, *many(29), name="sans.json.gz"))
    assert instance.rows("SELECT open FROM structure WHERE id = 'f590000030'") == [(False,)]
    instance.refresh(a_file(tmp_path, *many(30), name="retour.json.gz", generatedAt="2026-11-23T02:00:00Z"))
    assert instance.rows("SELECT open FROM structure WHERE id = 'f590000030'") == [(True,)]


def test_half_the_rows_missing_is_refused_and_yesterday_stays(instance: Instance, tmp_path: Path) -> None:
    first = instance.refresh(a_file(tmp_path, *many(30)))
    report = instance.refresh(a_file(tmp_path, *many(15), name="moitie.json.gz"))
    assert report.state == "refused"
    assert "removed" in (report.error or "")
    assert instance.served() == (first.version, 30)
    assert instance.rows("SELECT count(*) FROM structure WHERE open") == [(30,)]


def test_a_gate_accepted_by_name_lets_the_file_through_and_the_ledger_says_so(
    instance: Instance, tmp_path: Path
) -> None:
    instance.refresh(a_file(tmp_path, *many(30)))
    report = instance.refresh(a_file(tmp_path, *many(15), name="moitie.json.gz"), accept=["removed"])
    assert report.state == "published"
    (ledger,) = instance.rows(f"SELECT gates FROM load WHERE id = {report.load}")
    assert [gate["gate"] for gate in ledger.gates if gate["accepted"]] == ["removed"]


@pytest.mark.parametrize("damage", ["truncated", "schema", "empty list", "not json"])
def test_a_damaged_file_is_refused_and_yesterday_stays(instance: Instance, tmp_path: Path, damage: str) -> None:
    first = instance.refresh(a_file(tmp_path, *many(30)))
    path = a_file(tmp_path, *many(300), name="abime.json.gz")
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "schema":
        path = a_file(tmp_path, *many(30), name="abime.json.gz", schemaVersion="v7.0.0")
    elif damage == "empty list":
        path = a_file(tmp_path, name="abime.json.gz", pmej=[])
    else:
        path.write_bytes(b"<html>Maintenance</html>")
    report = instance.refresh(path)
    assert report.state == "refused"
    assert report.error
    assert instance.served() == (first.version, 30)
    assert instance.differences() == []


def test_numbers_met_twice_are_rejected_and_too_many_refuse_the_file(instance: Instance, tmp_path: Path) -> None:
    few = instance.refresh(a_file(tmp_path, *many(200), an_ege("590000001", "UNE AUTRE")))
    assert (few.state, few.counts["rejected"]) == ("published", {"numero_en_double": 1})
    assert instance.rows("SELECT name FROM structure WHERE id = 'f590000001'") == [("PHARMACIE 1",)]
    many_times = instance.refresh(a_file(tmp_path, *many(200), *many(100), name="doubles.json.gz"))
    assert many_times.state == "refused"
    assert "«\u202fids\u202f»" in (many_times.error or "")


def test_garbage_coordinates_everywhere_refuse_the_file(instance: Instance, tmp_path: Path) -> None:
    garbage = {"coordonneeX": "0", "coordonneeY": "0", "directionLatitude": "0", "directionLongitude": "0"}
    report = instance.refresh(a_file(tmp_path, *many(30, adresse=[an_address(LILLE, point=garbage)])))
    assert report.state == "refused"
    assert "coordonnées inutilisables" in (report.error or "")


def test_a_category_that_the_nomenclature_does_not_know_is_shown_by_its_code(
    instance: Instance, tmp_path: Path
) -> None:
    instance.refresh(a_file(tmp_path, an_ege(categorieentiteGeographiqueExercice="999")))
    assert instance.rows("SELECT label FROM categorie WHERE no = 999") == [("Catégorie 999",)]
    assert instance.differences() == []


def test_from_demo_to_real_is_a_first_load(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_file(tmp_path, *many(30), fictif=True))
    report = instance.refresh(a_file(tmp_path, *many(5, first=900), name="reel.json.gz"))
    assert report.state == "published"
    assert instance.rows("SELECT count(*), min(id) FROM structure") == [(5, "f590000900")]


def test_a_dry_run_says_what_would_change_and_changes_nothing(instance: Instance, tmp_path: Path) -> None:
    report = instance.refresh(a_file(tmp_path, *many(30)), dry_run=True)
    assert (report.state, report.counts["structures"]["inserted"]) == ("tried", 30)
    assert instance.served() is None


def test_only_the_two_last_publications_keep_their_words_index(instance: Instance, tmp_path: Path) -> None:
    versions = [
        instance.refresh(a_file(tmp_path, *many(day), generatedAt=f"2026-11-{day}T02:00:00Z")).version
        for day in (20, 21, 22)
    ]
    assert sorted(int(folder.name) for folder in instance.search.iterdir()) == versions[1:]


def test_the_ledger_keeps_what_became_of_each_load(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_file(tmp_path, *many(30)))
    instance.refresh(a_file(tmp_path, *many(15), name="moitie.json.gz"))
    with instance.engine.connect() as connection:
        kept = connection.execute(
            select(load.c.source, load.c.state, load.c.error.is_not(None)).order_by(load.c.id)
        ).all()
    assert kept == [
        ("finess-structures-journalier-20261121.json.gz", "published", False),
        ("moitie.json.gz", "refused", True),
    ]
