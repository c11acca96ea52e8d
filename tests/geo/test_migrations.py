"""What migrations build is what the code declares."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

import geo.ancien
import geo.history
import geo.links
import geo.nomenclatures
import geo.position_tables
import geo.sirene  # noqa: F401
import tiles.basemap
import tiles.counts  # noqa: F401
from geo.database import metadata
from geo.migrate import migrate, pending_migrations

OURS = set(metadata.tables)


def only_ours(_: object, name: str | None, kind: str, reflected: bool, __: object) -> bool:
    return not (kind == "table" and reflected and name not in OURS)


def test_a_migrated_database_has_the_declared_tables_columns_and_indexes(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": only_ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    assert not pending_migrations(engine)
