"""What handlers stand on: one consistent view of the data for each request."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from litestar.datastructures import State
from sqlalchemy import Connection, Engine

from api.search.addresses import Addresses
from geo.asking import Asking
from geo.errors import NotReady
from geo.nomenclatures import LabelReader
from geo.publication import Publication, PublicationReader
from geo.settings import Settings
from search import engine as searching


@dataclass(frozen=True)
class Reading:
    """A read-only transaction and the publication it sees: every statement of a request answers from the same one."""

    connection: Connection
    publication: Publication
    labels: LabelReader


def engine_of(state: State) -> Engine:
    """It only reads."""
    engine: Engine = state.engine
    return engine


def settings_of(state: State) -> Settings:
    settings: Settings = state.settings
    return settings


def search_of(state: State) -> searching.Engine:
    search: searching.Engine = state.search
    return search


def addresses_of(state: State) -> Addresses | None:
    """None where what is typed is asked of nobody."""
    addresses: Addresses | None = state.addresses
    return addresses


def publications_of(state: State) -> PublicationReader:
    publications: PublicationReader = state.publications
    return publications


def asking_of(state: State) -> Asking:
    asking: Asking = state.asking
    return asking


@contextmanager
def reading(state: State) -> Iterator[Reading]:
    """Open a reading, or raise NotReady before the first publication."""
    with engine_of(state).connect() as connection:
        publication = publications_of(state).read(connection)
        if publication is None:
            raise NotReady("Aucune donnée n’est encore publiée : lancez ./lum1 start ou ./lum1 refresh finess.")
        yield Reading(connection, publication, state.labels)
