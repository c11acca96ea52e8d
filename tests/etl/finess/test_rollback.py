"""Going back: what an earlier load published is served again, and history is not unsaid."""

from pathlib import Path
from typing import Any

import pytest

from etl.rollback import CannotGoBack, rollback
from tests.etl.finess.published import an_ege, many
from tests.etl.finess.test_history import DAY_1, DAY_2, DAY_3, a_day, changes, versions
from tests.etl.instance import Instance

SERVED = "SELECT id, name, open, closed_on, lon, lat, phones, categorie_no, ej_name FROM structure ORDER BY id"


def two_days(instance: Instance, folder: Path) -> tuple[int, list[Any]]:
    """The first load's number and what it served; then a day with a new number, a lost one and a new name."""
    first = instance.refresh(a_day(folder, DAY_1, *many(30)))
    served = instance.rows(SERVED)
    renamed = an_ege("590000001", about={"nomEgeLong": "NOUVEAU NOM"})
    instance.refresh(a_day(folder, DAY_2, renamed, *many(28, first=2), an_ege("590000099")))
    return first.load, served


def test_what_was_served_then_is_served_again_to_the_row(instance: Instance, tmp_path: Path) -> None:
    first, served = two_days(instance, tmp_path)
    assert instance.rows(SERVED) != served
    report = rollback(instance.engine, instance.search, first, home=instance.home)
    assert instance.rows(SERVED) == served
    assert report.counts["structures"] == {"inserted": 0, "updated": 2, "removed": 0, "deleted": 1}
    assert instance.served() == (report.version, 30)
    assert instance.differences() == []


def test_going_back_writes_no_version_and_no_change(instance: Instance, tmp_path: Path) -> None:
    first, _ = two_days(instance, tmp_path)
    before = (versions(instance), changes(instance))
    rollback(instance.engine, instance.search, first, home=instance.home)
    assert (versions(instance), changes(instance)) == before


def test_the_next_day_is_compared_with_the_last_file_not_with_what_is_served(
    instance: Instance, tmp_path: Path
) -> None:
    first, _ = two_days(instance, tmp_path)
    told = changes(instance)
    rollback(instance.engine, instance.search, first, home=instance.home)
    renamed = an_ege("590000001", about={"nomEgeLong": "NOUVEAU NOM"})
    report = instance.refresh(a_day(tmp_path, DAY_3, renamed, *many(28, first=2), an_ege("590000099")))
    assert (report.counts["changes"], changes(instance)) == ({}, told)
    assert instance.rows("SELECT name FROM structure WHERE id = 'f590000001'") == [("NOUVEAU NOM",)]
    assert instance.rows("SELECT count(*) FROM structure") == [(31,)]


def test_the_scheduler_does_not_undo_it_with_the_same_file(instance: Instance, tmp_path: Path) -> None:
    gates = ["size", "active", "age"]  # absolute ones, that a file of thirty does not pass
    first = instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    second = a_day(tmp_path, DAY_2, *many(29), an_ege("590000077"))
    instance.refresh(second, origin="live", accept=gates)
    rollback(instance.engine, instance.search, first.load, home=instance.home)
    assert instance.refresh(second, origin="live", accept=gates).state == "unchanged"
    third = a_day(tmp_path, DAY_3, *many(30), an_ege("590000077"))
    assert instance.refresh(third, origin="live", accept=gates).state == "published"


def test_forth_and_back_and_forth_is_the_same(instance: Instance, tmp_path: Path) -> None:
    first, served = two_days(instance, tmp_path)
    (last,) = instance.rows("SELECT max(id) FROM load")
    then = instance.rows(SERVED)
    rollback(instance.engine, instance.search, first, home=instance.home)
    rollback(instance.engine, instance.search, last[0], home=instance.home)
    assert instance.rows(SERVED) == then
    rollback(instance.engine, instance.search, first, home=instance.home)
    assert instance.rows(SERVED) == served


def test_the_ledger_and_the_credit_say_what_is_served(instance: Instance, tmp_path: Path) -> None:
    first, _ = two_days(instance, tmp_path)
    report = rollback(instance.engine, instance.search, first, home=instance.home)
    assert instance.rows(
        f"SELECT state, source LIKE 'retour au chargement {first}%' FROM load WHERE id = {report.load}"
    ) == [("published", True)]
    assert instance.rows("SELECT max(produced_at)::date::text FROM load JOIN publication ON load.id = ANY (loads) "
                         "JOIN current_publication USING (version)") == [("2026-11-20",)]  # fmt: skip


def test_going_back_to_a_load_that_went_back_is_going_where_it_went(instance: Instance, tmp_path: Path) -> None:
    first, served = two_days(instance, tmp_path)
    back = rollback(instance.engine, instance.search, first, home=instance.home)
    instance.refresh(a_day(tmp_path, DAY_3, *many(30), an_ege("590000077")))
    rollback(instance.engine, instance.search, back.load, home=instance.home)
    assert instance.rows(SERVED) == served


def test_going_back_to_an_older_file_served_again_is_that_file(instance: Instance, tmp_path: Path) -> None:
    _, served = two_days(instance, tmp_path)
    again = instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    instance.refresh(a_day(tmp_path, DAY_3, *many(30), an_ege("590000077")))
    rollback(instance.engine, instance.search, again.load, home=instance.home)
    assert instance.rows(SERVED) == served


@pytest.mark.parametrize("to", [0, 999])
def test_a_load_that_does_not_exist_is_said(instance: Instance, tmp_path: Path, to: int) -> None:
    two_days(instance, tmp_path)
    with pytest.raises(CannotGoBack, match=f"chargement {to}"):
        rollback(instance.engine, instance.search, to, home=instance.home)


def test_a_refused_load_cannot_be_gone_back_to(instance: Instance, tmp_path: Path) -> None:
    two_days(instance, tmp_path)
    refused = instance.refresh(a_day(tmp_path, DAY_3, *many(3)))
    with pytest.raises(CannotGoBack, match=r"rien publié .*\(refusé\)"):
        rollback(instance.engine, instance.search, refused.load, home=instance.home)
