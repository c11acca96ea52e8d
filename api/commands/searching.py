"""`search`: the index in this home made anew; the one on a search server made, brought up, swapped, gone back from."""

from typing import TYPE_CHECKING

import click

from api.commands import records
from api.commands.database import an_engine, settings_with_database
from api.commands.refreshing import rebuild
from api.commands.terminal import Bars
from etl import ledger
from etl.registers import settling
from geo.errors import NotReady
from geo.search_server import SearchServer
from geo.settings import Settings

if TYPE_CHECKING:
    from search.elastic.indexing import Built


@click.group()
def search() -> None:
    """L’index de recherche."""


@click.command("build")
@click.option("--alone", is_flag=True, help="Ne pas garder l’index servi auparavant : après un retrait.")
def build(alone: bool) -> None:
    """Faire l’index d’Elasticsearch ou d’OpenSearch (LUM1_SEARCH) à côté, le vérifier, puis basculer."""
    built = _brought_up(anew=True, alone=alone)
    click.echo(f"Index {built.index} servi : version {built.version}, {built.written} structures.")


@click.command("sync")
def sync() -> None:
    """Porter sur Elasticsearch ou OpenSearch ce qui a changé ; un autre index est fait s’il le faut."""
    done = _brought_up()
    click.echo(f"Index {done.index} à la version {done.version} : {done.written} structures écrites.")
    if done.refused:
        click.echo(f"Refusées par le moteur : {done.refused} (./lum1 search verify dit lesquelles et pourquoi).")


def _brought_up(*, anew: bool = False, alone: bool = False) -> "Built":
    from search.elastic.sync import follow  # its client takes half a second that other commands need not

    settings = settings_with_database()
    server = _server_of(settings)
    with Bars() as bars, an_engine(settings) as engine, ledger.only_load(engine):
        alone = alone or settling.is_unfinished(settings.home)
        done = follow(engine, server, bars, anew=anew, alone=alone)
        settling.finish_what_was_left(engine, settings.home, settings.search_root)
    return done


@click.command("back")
def back() -> None:
    """Servir de nouveau l’index d’Elasticsearch ou d’OpenSearch qui précède."""
    from search.elastic import indexing

    index, meta = indexing.back(_server_of(Settings.from_environment()))
    click.echo(f"Index {index} de nouveau servi : version {meta.version}, {meta.structures} structures.")
    click.echo("./lum1 search sync y porte ce qui a changé depuis.")


def _server_of(settings: Settings) -> SearchServer:
    if settings.search_server is None:
        raise NotReady(
            "Aucun moteur n’est réglé (LUM1_SEARCH=elasticsearch) : ./lum1 search rebuild refait l’index d’ici."
        )
    return settings.search_server


@click.command("verify")
@click.pass_context
def verify(context: click.Context) -> None:
    """Comparer l’index à PostgreSQL, comme ./lum1 verify search."""
    context.invoke(records.verify, what="search")


for command in (rebuild, build, sync, back, verify):
    search.add_command(command)
