"""A database brought back from a backup under a running instance: whatever runs next takes who was withheld since out of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from etl.finess.activites import pipeline as activites
from etl.positions import pipeline as positions
from etl.registers import acts, journal
from etl.rollback import rollback
from etl.sirene.refresh import refresh_pages, refresh_stock
from etl.zones import pipeline as zones
from geo.database import engine_for
from geo.errors import Lum1Error
from geo.progress import Silent
from geo.settings import Settings
from tests.etl.conftest import MakeInstance
from tests.etl.finess import activities
from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import (
    NOVEMBER,
    Person,
    beside_a_pharmacy,
    how,
    load_pages,
    load_stock,
    pages_of,
    stock_files,
)
from tests.etl.registers.test_kill import again, killed_at
from tests.etl.registers.test_refused_row import lum1
from tests.etl.registers.test_withdrawn import REASON, acting, backup, structures
from tests.geocoder.faulty import FaultyGeocoder

LEAVES, STAYS, OTHER = Person(12), Person(34), Person(56)
AT = [(LEAVES.lon, LEAVES.lat)]


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Three practitioners beside a pharmacy, from the stock of October."""
    with beside_a_pharmacy(make_instance, tmp_path_factory.mktemp("octobre"), LEAVES, STAYS, OTHER) as instance:
        yield instance


@contextmanager
def restored(told: Instance, server_url: str) -> Iterator[Instance]:
    """Brought back as it was before she was withdrawn; the home is of today."""
    with backup(told, server_url) as url:
        acts.withdraw(acting(told), LEAVES.siret, REASON)
        instance = Instance(engine_for(url), told.search)
        try:
            assert LEAVES.id in structures(instance)
            yield instance
        finally:
            instance.engine.dispose()


def beside(instance: Instance) -> str:
    return (instance.home / journal.FOLDER / journal.NAME).read_text()


def test_the_very_stock_that_is_served_takes_her_out_again(told: Instance, server_url: str, tmp_path: Path) -> None:
    files = stock_files(tmp_path, LEAVES, STAYS, OTHER, day=NOVEMBER)
    assert refresh_stock(told.engine, files, how(told)).state == "published"
    with restored(told, server_url) as instance:
        assert refresh_stock(instance.engine, files, how(instance)).state == "published"
        assert LEAVES.siret in beside(instance)
        assert structures(instance) == [STAYS.id, OTHER.id]
        assert places(instance, LEAVES.secrets, AT) == []
        assert refresh_stock(instance.engine, files, how(instance)).state == "unchanged"
        assert LEAVES.siret in beside(instance)


def test_a_load_of_finess_takes_her_out_again(told: Instance, server_url: str, tmp_path: Path) -> None:
    with restored(told, server_url) as instance:
        next_day = a_file(tmp_path, an_ege(), generatedAt="2026-11-23T02:09:17Z")
        assert instance.refresh(next_day).state == "published"
        assert places(instance, LEAVES.secrets, AT) == []
        assert instance.differences() == []


def test_a_geocoder_is_not_asked_about_her(told: Instance, server_url: str) -> None:
    with restored(told, server_url) as instance, FaultyGeocoder() as geocoder:
        with instance.engine.begin() as connection:  # as if Insee had no point of anybody
            for table in ("structure", "sirene_establishment"):
                connection.exec_driver_sql(
                    f"UPDATE {table} SET lon = NULL, lat = NULL, precision = 'none', position_source = NULL"
                )
        settings = Settings(home=instance.home, database_url=instance.url, geocoder_url=geocoder.url, live=False)
        assert positions.refresh(settings, Silent()).state == "published"
        asked = [each.words(row) for each in geocoder.asked for row in each.table]
        assert any(STAYS.street in words for words in asked)
        assert not any(LEAVES.street in words for words in asked)
        assert places(instance, LEAVES.secrets, AT) == []


def test_no_zone_is_kept_of_her(told: Instance, server_url: str, tmp_path: Path) -> None:
    file = tmp_path / "zones.ndjson"
    line = {"siret": LEAVES.siret, "communes": ["33063"]}
    file.write_bytes(b'{"zones": "1", "producedAt": "2026-11-21T08:00:00Z"}\n' + msgspec.json.encode(line) + b"\n")
    with restored(told, server_url) as instance:
        report = zones.refresh(instance.engine, instance.search, file, home=instance.home)
        assert report.state == "refused"  # its only line is of nobody
        assert places(instance, LEAVES.secrets, AT) == []


def test_the_very_file_of_finess_that_is_served_takes_her_out_again(
    told: Instance, server_url: str, tmp_path: Path
) -> None:
    file = a_file(tmp_path, an_ege(), generatedAt="2026-11-23T02:09:17Z")
    assert told.refresh(file).state == "published"
    with restored(told, server_url) as instance:
        assert instance.refresh(file).state == "published"
        assert places(instance, LEAVES.secrets, AT) == []
        assert instance.refresh(file).state == "unchanged"


def test_a_load_of_activities_takes_her_out_again(told: Instance, server_url: str, tmp_path: Path) -> None:
    with restored(told, server_url) as instance:
        file = activities.a_file(tmp_path, activities.an_entity(*activities.many(1)))
        report = activites.refresh(instance.engine, instance.search, file, home=instance.home)
        assert (report.state, report.counts["purged"]["structures"]) == ("published", 1)
        assert places(instance, LEAVES.secrets, AT) == []
        assert instance.differences() == []


def test_a_rollback_takes_her_out_again(told: Instance, server_url: str, tmp_path: Path) -> None:
    (first,) = told.rows("SELECT max(id) FROM load WHERE pipeline = 'sirene'")
    load_pages(told, tmp_path, OTHER.entry(enseigne1Etablissement="CABINET NEUF"))
    with restored(told, server_url) as instance:
        rollback(instance.engine, instance.search, first[0], home=instance.home)
        assert structures(instance) == [STAYS.id, OTHER.id]
        assert places(instance, LEAVES.secrets, AT) == []


def test_an_index_made_anew_takes_her_out_first(told: Instance, server_url: str) -> None:
    with restored(told, server_url) as instance:
        done = lum1(instance, "search", "rebuild")
        assert done.returncode == 0, done.stderr
        assert structures(instance) == [STAYS.id, OTHER.id]
        assert places(instance, LEAVES.secrets, AT) == []


def test_a_trial_writes_nothing(told: Instance, server_url: str, tmp_path: Path) -> None:
    files = stock_files(tmp_path, LEAVES, STAYS, OTHER, day=NOVEMBER)
    assert refresh_stock(told.engine, files, how(told)).state == "published"
    with restored(told, server_url) as instance:
        before = kept(instance), structures(instance)
        tried = msgspec.structs.replace(how(instance), dry_run=True)
        assert refresh_stock(instance.engine, files, tried).state == "tried"
        hiding = pages_of(tmp_path, STAYS.hidden_entry())
        assert refresh_pages(instance.engine, hiding, tried).state == "tried"
        finess = a_file(tmp_path, an_ege(), generatedAt="2026-11-23T02:09:17Z")
        assert instance.refresh(finess, dry_run=True).state == "tried"
        assert (kept(instance), structures(instance)) == before


def kept(instance: Instance) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (instance.home / journal.FOLDER).iterdir()}


def test_a_file_that_was_removed_is_written_again_by_a_run_that_changes_nothing(told: Instance, tmp_path: Path) -> None:
    pages = pages_of(tmp_path, LEAVES.hidden_entry())
    refresh_pages(told.engine, pages, how(told))
    (told.home / journal.FOLDER / journal.NAME).unlink()
    assert refresh_pages(told.engine, pages, how(told)).state == "unchanged"
    assert LEAVES.siret in beside(told)


@pytest.mark.parametrize("step", ["index de recherche", "ménage"])
def test_a_mask_lifted_by_a_load_that_is_killed_is_lifted(told: Instance, tmp_path: Path, step: str) -> None:
    """After its commit by that load, before it by the next one."""
    load_pages(told, tmp_path, LEAVES.hidden_entry("2026-11-20T08:00:00"))
    lifting = pages_of(tmp_path, LEAVES.entry("2026-11-21T08:00:00"))
    assert killed_at(told, step, ["pages", *map(str, lifting)])
    after_the_kill = structures(told)
    _started(told)
    assert structures(told) == after_the_kill
    again(lambda: refresh_pages(told.engine, lifting, how(told)))
    assert structures(told) == [LEAVES.id, STAYS.id, OTHER.id]
    assert LEAVES.siret not in beside(told)


def test_a_mask_noted_by_a_load_that_dies_before_its_commit_is_applied_at_the_start(
    told: Instance, tmp_path: Path
) -> None:
    """The file is ahead of the database for the time of a commit."""
    _load_that_fails_to_commit(told, pages_of(tmp_path, LEAVES.hidden_entry()))
    assert LEAVES.id in structures(told)
    assert LEAVES.siret in beside(told)
    assert acts.reapply(acting(told)) == 1
    assert places(told, LEAVES.secrets, AT) == []


def test_a_mask_lifted_by_a_load_that_dies_before_its_commit_stands_until_the_next(
    told: Instance, tmp_path: Path
) -> None:
    load_pages(told, tmp_path, LEAVES.hidden_entry("2026-11-20T08:00:00"))
    lifting = pages_of(tmp_path, LEAVES.entry("2026-11-21T08:00:00"))
    _load_that_fails_to_commit(told, lifting)
    assert LEAVES.siret not in beside(told)
    acts.reapply(acting(told))
    assert LEAVES.id not in structures(told)
    assert LEAVES.siret in beside(told)
    assert refresh_pages(told.engine, lifting, how(told)).state == "published"
    assert LEAVES.id in structures(told)


def _load_that_fails_to_commit(instance: Instance, pages: list[Path]) -> None:
    """A deferred constraint is checked by the commit itself, after all that a load does."""
    with instance.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'panne'; END $$;"
            "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON load DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
            " WHEN (NEW.state = 'published') EXECUTE FUNCTION refuse()"
        )
    with pytest.raises(Exception, match="panne"):
        refresh_pages(instance.engine, pages, how(instance))
    with instance.engine.begin() as connection:
        connection.exec_driver_sql("DROP FUNCTION refuse CASCADE")


def _started(instance: Instance) -> None:
    again(lambda: acts.reapply(acting(instance)))


def test_a_legal_unit_masked_since_the_backup_hides_an_establishment_that_a_stock_tells_first(
    told: Instance, server_url: str, tmp_path: Path
) -> None:
    third = Person(12, nic=3)
    with backup(told, server_url) as url:
        load_pages(told, tmp_path, LEAVES.entry(statutDiffusionUniteLegale="P"))
        instance = Instance(engine_for(url), told.search)
        try:
            load_stock(instance, tmp_path, LEAVES, third, STAYS, OTHER, day=NOVEMBER)
            assert structures(instance) == [STAYS.id, OTHER.id]
            assert places(instance, LEAVES.secrets + third.secrets, AT) == []
        finally:
            instance.engine.dispose()


def test_all_that_withholds_is_read_again_as_it_was(told: Instance, tmp_path: Path) -> None:
    load_pages(told, tmp_path, LEAVES.entry(statutDiffusionUniteLegale="P"))
    acts.withdraw(acting(told), STAYS.siret, REASON)
    tables = ("masked_siret", "masked_unit", "withheld_with", "withdrawal")
    with told.engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO withheld_with VALUES ('{OTHER.siret}', '{STAYS.siret}', true)")
        connection.exec_driver_sql("UPDATE withdrawal SET reason = 'reprise du registre tenu à côté'")
        journal.write(connection, told.home)
    before = {table: told.rows(f"SELECT (to_jsonb(t) - 'id')::text FROM {table} AS t ORDER BY 1") for table in tables}
    with told.engine.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        assert journal.knows_more(connection, told.home)
        assert journal.read(connection, told.home) == 4
        assert not journal.knows_more(connection, told.home)
    after = {table: told.rows(f"SELECT (to_jsonb(t) - 'id')::text FROM {table} AS t ORDER BY 1") for table in tables}
    assert after == before
    assert all(before.values())


def test_a_damaged_file_is_said_in_a_sentence_and_changes_nothing(told: Instance) -> None:
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    file = told.home / journal.FOLDER / journal.NAME
    damaged = file.read_bytes()[:40]
    file.write_bytes(damaged)
    with pytest.raises(Lum1Error, match="est abîmé"):
        acts.withdraw(acting(told), STAYS.siret, REASON)
    assert file.read_bytes() == damaged
    assert STAYS.id in structures(told)
