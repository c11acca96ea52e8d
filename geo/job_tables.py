"""The tables of jobs: procrastinate's own, made and upgraded together with ours.

Its wheel holds the whole schema for a new database and one script per change for an older one; the scripts that a database
has are recorded in it, so that a new version of procrastinate needs nothing more than its line in the lock file.
"""

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, Engine, text

ONE_AT_A_TIME = 0x6C756D33  # advisory lock key: "lum3"
CREATE_RECORD = """
CREATE TABLE IF NOT EXISTS job_schema_script (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
RECORD = "INSERT INTO job_schema_script (name) VALUES (:name)"
APPLIED = "SELECT name FROM job_schema_script"


def ensure_job_tables(engine: Engine) -> None:
    """Bring the tables of jobs to the installed procrastinate; two processes may call it at once.

    One transaction per script: a value added to an enumeration is not to be used before it is committed.
    """
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
        try:
            _bring_up_to_date(connection)
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_AT_A_TIME})
            connection.commit()


def _bring_up_to_date(connection: Connection) -> None:
    connection.execute(text(CREATE_RECORD))
    missing = _missing(connection)
    if missing == _scripts():
        _run(connection, _sql() / "schema.sql", *missing)
        return
    for script in missing:
        _run(connection, script, script)


def are_job_tables_late(connection: Connection) -> bool:
    """Whether the installed procrastinate expects other tables than this database has."""
    there = connection.execute(text("SELECT to_regclass('job_schema_script') IS NOT NULL")).scalar_one()
    return not there or bool(_missing(connection))


def _missing(connection: Connection) -> list[Path]:
    applied = set(connection.execute(text(APPLIED)).scalars())
    return [script for script in _scripts() if script.name not in applied]


def _scripts() -> list[Path]:
    """In the order of their names: 03.04.00_01_…sql."""
    return sorted((_sql() / "migrations").glob("*.sql"))


def _sql() -> Path:
    """Found without importing procrastinate, which only the worker needs."""
    installed = find_spec("procrastinate")
    assert installed is not None
    return Path(str(installed.origin)).parent / "sql"


def _run(connection: Connection, script: Path, *brings: Path) -> None:
    """Several statements at once, as written: `%` in them is no parameter. What it brings is recorded with it."""
    connection.connection.cursor().execute(script.read_text(encoding="utf-8"))
    connection.execute(text(RECORD), [{"name": each.name} for each in brings])
    connection.commit()
