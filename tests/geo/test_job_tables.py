"""The tables of jobs are procrastinate's, new or upgraded."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from geo import job_tables
from geo.database import engine_for
from geo.migrate import migrate, pending_migrations
from tests.conftest import fresh_database

SCHEMA = """
SELECT table_name || '.' || column_name || ' ' || udt_name AS thing FROM information_schema.columns
WHERE table_name ~ '^procrastinate_' UNION ALL
SELECT proname || pg_get_function_identity_arguments(oid) FROM pg_proc WHERE proname ~ '^procrastinate_' UNION ALL
SELECT tgname || pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname ~ '^procrastinate_' UNION ALL
SELECT indexname FROM pg_indexes WHERE tablename ~ '^procrastinate_' ORDER BY thing
"""


def schema_of(connection: Connection) -> list[str]:
    return list(connection.execute(text(SCHEMA)).scalars())


def made_by_an_earlier_procrastinate(url: str, last: str) -> None:
    """As migrate() left it when the installed version was older: its scripts run and recorded."""
    engine = engine_for(url)
    with engine.connect() as connection:
        connection.execute(text(job_tables.CREATE_RECORD))
        for script in job_tables._scripts():
            if script.name < last:
                job_tables._run(connection, script, script)
    engine.dispose()


def test_an_older_database_is_brought_to_the_tables_of_a_new_one(server_url: str, engine: Engine) -> None:
    with engine.connect() as connection:
        new = schema_of(connection)
    assert any(thing.startswith("procrastinate_jobs.queueing_lock") for thing in new)
    with fresh_database(server_url) as url:
        made_by_an_earlier_procrastinate(url, last="03.02")
        older = engine_for(url)
        with older.connect() as connection:
            assert schema_of(connection) != new
            assert job_tables.are_job_tables_late(connection)
        migrate(url)
        with older.connect() as connection:
            assert schema_of(connection) == new
        assert not pending_migrations(older)
        older.dispose()


def test_a_newer_procrastinate_than_the_database_is_told(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = job_tables._scripts()
    monkeypatch.setattr(job_tables, "_scripts", lambda: [*installed, tmp_path / "99.00.00_01_new.sql"])
    assert pending_migrations(engine)


def test_jobs_that_wait_survive_a_migration(database_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('other', 'kept')"))
    migrate(database_url)
    with engine.begin() as connection:
        assert connection.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = 'kept'")).rowcount == 1


def test_two_processes_may_migrate_at_once(server_url: str) -> None:
    with fresh_database(server_url) as url, ThreadPoolExecutor() as threads:
        engine = engine_for(url)
        migrations = [threads.submit(job_tables.ensure_job_tables, engine) for _ in range(4)]
        assert [each.result() for each in migrations] == [None] * 4
        engine.dispose()
