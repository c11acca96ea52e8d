"""`search`: the index in this home made anew; the one on a search server made, swapped, gone back from."""

from typing import TYPE_CHECKING

import click

from api.commands import records
from api.commands.database import settings_with_database, snapshots
from api.commands.refreshing import rebuild
from api.commands.terminal import Bars
from etl import ledger
from geo.errors import NotReady
from geo.search_server import SearchServer
from geo.settings import Settings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


@click.group()
def search() -> None:
    """L’index de recherche."""


@click.command("build")
@click.option("--alone", is_flag=True, help="Ne pas garder l’index servi auparavant : après un retrait.")
def build(alone: bool) -> None:
    """Faire l’index d’Elasticsearch ou d’OpenSearch (LUM1_SEARCH) à côté, le vérifier, puis basculer."""
    from search.elastic import indexing  # its client takes half a second that other commands need not

    settings = settings_with_database()
    client, server = _server_of(settings)
    with (
        client,
        snapshots(settings) as engine,
        ledger.only_load(engine),
        Bars() as bars,
        engine.connect() as connection,
    ):
        built = indexing.build(client, server, connection, bars.step, alone=alone)
    click.echo(f"Index {built.index} servi : version {built.version}, {built.structures} structures.")


@click.command("back")
def back() -> None:
    """Servir de nouveau l’index d’Elasticsearch ou d’OpenSearch qui précède."""
    from search.elastic import indexing

    client, server = _server_of(Settings.from_environment())
    with client:
        built = indexing.back(client, server)
    click.echo(f"Index {built.index} de nouveau servi : version {built.version}, {built.structures} structures.")


def _server_of(settings: Settings) -> "tuple[Elasticsearch, SearchServer]":
    """A client of the server that the settings name, once it is known to be one of those we speak to."""
    if settings.search_server is None:
        raise NotReady(
            "Aucun moteur n’est réglé (LUM1_SEARCH=elasticsearch) : ./lum1 search rebuild refait l’index d’ici."
        )
    from search.elastic.connect import connected, flavour_of

    client = connected(settings.search_server, patient=True)
    flavour_of(client)
    return client, settings.search_server


@click.command("verify")
@click.pass_context
def verify(context: click.Context) -> None:
    """Comparer l’index à PostgreSQL, comme ./lum1 verify search."""
    context.invoke(records.verify, what="search")


for command in (rebuild, build, back, verify):
    search.add_command(command)
