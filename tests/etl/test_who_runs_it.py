"""Who runs a structure and whom it serves: given by each register's loads, kept by history, found again by a migration."""

from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import text

from etl.finess.activites.pipeline import refresh as refresh_activities
from etl.report import Report
from etl.rollback import rollback
from geo.migrate import configuration, migrate
from tests.etl.finess import activities
from tests.etl.finess.published import a_pmej, many
from tests.etl.finess.test_history import DAY_1, DAY_2, a_day
from tests.etl.instance import Instance
from tests.etl.registers.people import Person, load_stock

ASSOCIATION, FOUNDATION, NATURAL_PERSON = "60", "63", "70"
SAID = "SELECT id, statut, publics FROM structure ORDER BY id"


def an_entity(statut: str | None) -> dict[str, Any]:
    entity = a_pmej(*many(20))
    return entity | {"informationsGeneralesPMEJ": entity["informationsGeneralesPMEJ"] | {"statutJuridique": statut}}


def statuts(instance: Instance) -> set[str | None]:
    return {row.statut for row in instance.rows(SAID)}


def serve(instance: Instance, folder: Path, *publics: str, generated: str = "2026-11-21", **fields: Any) -> Report:
    """The first establishment serves these people, each in an activity of its own."""
    served = [
        activities.an_activity("AMSR", {"activiteSocialeRegulee": "924", "public": public}, **fields)
        for public in publics
    ]
    whole = [activities.an_ege("590000001", *served), *activities.many(19, first=2)]
    file = activities.a_file(folder, activities.an_entity(*whole), generatedAt=f"{generated}T02:31:00Z")
    return refresh_activities(instance.engine, instance.search, file, home=instance.home)


def publics(instance: Instance) -> list[str]:
    (row,) = [row for row in instance.rows(SAID) if row.id == "f590000001"]
    return list(row.publics)


def test_a_structure_has_the_status_of_its_entity_and_follows_it(instance: Instance, tmp_path: Path) -> None:
    first = instance.refresh(a_day(tmp_path, DAY_1, pmej=[an_entity(f"{ASSOCIATION}  ")]))  # codes may be padded
    assert statuts(instance) == {ASSOCIATION}
    instance.refresh(a_day(tmp_path, DAY_2, pmej=[an_entity(FOUNDATION)]))
    assert statuts(instance) == {FOUNDATION}
    assert instance.differences() == []
    rollback(instance.engine, instance.search, first.load, home=instance.home)
    assert statuts(instance) == {ASSOCIATION}
    assert instance.differences() == []


def test_it_serves_those_of_its_activities_that_stand(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, pmej=[an_entity(ASSOCIATION)]))
    serve(instance, tmp_path, "700", "436", "00", "pas un code")
    assert publics(instance) == ["436", "700"]
    assert instance.differences() == []
    instance.refresh(a_day(tmp_path, DAY_2, pmej=[an_entity(FOUNDATION)]))  # rewrites every structure
    assert publics(instance) == ["436", "700"]
    serve(instance, tmp_path, "700", generated="2026-11-23", dateFinEffectiveActivite="2026-11-22")
    assert publics(instance) == []


def test_what_sirene_alone_tells_has_the_status_of_insee_s_meaning(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, pmej=[an_entity(None)]))
    nurse = Person(12)
    assert load_stock(instance, tmp_path, nurse).state == "published"
    assert {row.id: row.statut for row in instance.rows(SAID) if row.statut} == {nurse.id: NATURAL_PERSON}


def test_an_instance_of_the_version_before_is_told_by_its_history(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, pmej=[an_entity(ASSOCIATION)]))
    serve(instance, tmp_path, "700", "436")
    load_stock(instance, tmp_path, Person(12))
    before = instance.rows(SAID)
    assert {(row.statut, *row.publics) for row in before} == {
        (ASSOCIATION, "436", "700"), (ASSOCIATION,), (NATURAL_PERSON,),
    }  # fmt: skip
    config = configuration()
    with instance.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
        gone = text("SELECT count(*) FROM information_schema.columns WHERE column_name IN ('statut', 'publics')")
        assert connection.execute(gone).scalar_one() == 0
    migrate(instance.url)
    assert instance.rows(SAID) == before
