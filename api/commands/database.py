"""The database that a command needs: at work, or one sentence that says how to have it so."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from api.machine.cluster import Cluster
from api.machine.home import Home
from geo.database import engine_for
from geo.errors import NotReady
from geo.settings import Settings

STOPPED = "PostgreSQL est arrêté : ./lum1 start"
LATE = (UndefinedTable, UndefinedColumn)


def settings_with_database() -> Settings:
    """The environment's settings, once sure that the home's PostgreSQL runs: before a download, rather than after."""
    settings = Settings.from_environment()
    home = Home(settings.home)
    if settings.external_database or Cluster(home).is_running():
        return settings
    if not home.database_url.exists():
        raise NotReady(f"Rien n’est installé dans {home.root} : lancez ./lum1 start.")
    raise NotReady(STOPPED)


@contextmanager
def an_engine(settings: Settings) -> Iterator[Engine]:
    """On the instance's database; connections are closed with the block."""
    engine = engine_for(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def snapshots(settings: Settings) -> Iterator[Engine]:
    """The same, each transaction of which sees one publication to its end."""
    with an_engine(settings) as engine:
        yield engine.execution_options(isolation_level="REPEATABLE READ")


@contextmanager
def explained_in_one_sentence() -> Iterator[None]:
    """What PostgreSQL says of itself, stopping in the middle or never prepared, for a person rather than as a traceback."""
    try:
        yield
    except DBAPIError as error:
        raise _explained(error.orig) from error
    except psycopg.Error as error:
        raise _explained(error) from error


def _explained(error: BaseException | None) -> BaseException:
    if isinstance(error, LATE):
        return NotReady("Les tables manquent, ou sont d’une autre version : ./lum1 start les met à jour.")
    if isinstance(error, psycopg.OperationalError):
        settings = Settings.from_environment()
        if not settings.external_database and not Cluster(Home(settings.home)).is_running():
            return NotReady(STOPPED)
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return NotReady(f"La base de données n’a pas pu répondre : {first}")
    return error or NotReady("La base de données n’a pas pu répondre.")
