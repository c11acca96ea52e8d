"""Bring a database to the tables this version expects."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from geo.database import engine_for
from geo.job_tables import are_job_tables_late, ensure_job_tables

MIGRATIONS = Path(__file__).parent / "migrations"
EXTENSIONS = ("postgis", "btree_gist", "unaccent")
ONE_MIGRATION_AT_A_TIME = 0x6C756D31  # advisory lock key: "lum1"


def migrate(url: str) -> None:
    """Create the extensions and upgrade to the last revision; two processes may call it at once."""
    engine = engine_for(url, pool_size=1)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_MIGRATION_AT_A_TIME})
            for extension in EXTENSIONS:
                connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        ensure_job_tables(engine)
    finally:
        engine.dispose()


def pending_migrations(engine: Engine) -> bool:
    """Whether the database is behind this version of the program."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        return current != ScriptDirectory.from_config(configuration()).get_current_head() or are_job_tables_late(
            connection
        )


def configuration() -> Config:
    """Where migrations are; `attributes["connection"]` says on what they run."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
