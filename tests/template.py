"""The database that tests copy rather than make: migrated, with the reference loaded. Nobody opens it."""

from sqlalchemy import create_engine, text

from geo.database import engine_for, vacuum
from geo.migrate import migrate
from geo.reference.load import REFERENCE, load_reference

NAME = "lum1_template"


def make(server_url: str) -> None:
    """Once a run, by `./lum1 test`: its schema and reference are those of this tree."""
    server = create_engine(
        server_url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{NAME}"'))
    server.dispose()
    fill(url(server_url))


def fill(database_url: str) -> None:
    """Migrate a new database and load the reference into it."""
    migrate(database_url)
    engine = engine_for(database_url)
    with engine.begin() as connection:
        # a vacuum marks as visible what the journal on disk says is committed
        connection.execute(text("SET LOCAL synchronous_commit = on"))
        load_reference(connection)
    vacuum(engine, *REFERENCE)
    engine.dispose()


def url(server_url: str) -> str:
    return f"{server_url.rsplit('/', 1)[0]}/{NAME}"
