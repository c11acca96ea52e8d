"""`loads`, `verify`, `export`: what was done, whether it holds, and the data as files."""

import string
import sys
from pathlib import Path
from urllib.parse import quote

import click
import msgspec
from sqlalchemy import Connection, select

from api.commands.database import settings_with_database, snapshots
from etl import export as exports
from etl.report import as_text, report_of
from geo.database import engine_for
from geo.errors import NotFound, NotReady
from geo.publication import load, served_publication
from geo.search_server import SearchServer
from geo.settings import Settings
from search import embedded
from tiles import counts

WORDS = {"structures": "structures", "changes": "changements", "links": "rapprochements"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="En JSON.")
@click.option("--limit", default=20, show_default=True, help="Combien, du plus récent.")
@click.option("--id", "number", type=click.IntRange(1, 2**31 - 1), help="Le rapport d’un seul chargement.")
def loads(as_json: bool, limit: int, number: int | None) -> None:
    """Le registre des chargements."""
    query = select(load).order_by(load.c.id.desc()).limit(limit)
    if number is not None:
        query = select(load).where(load.c.id == number)
    with engine_for(settings_with_database().database_url).connect() as connection:
        found = connection.execute(query).all()
    if number is not None and not found:
        raise NotFound(f"Aucun chargement n’a le numéro {number} : ./lum1 loads les donne.")
    rows = [dict(row._mapping) for row in found]
    if as_json:
        click.echo(msgspec.json.encode(rows if number is None else rows[0]).decode())
        return
    if number is not None:
        click.echo(as_text(report_of(found[0])))
        return
    for row in rows:
        click.echo(
            f"{row['id']:>5}  {row['started_at']:%Y-%m-%d %H:%M}  {row['pipeline']:<8} {row['state']:<12} {row['source']}"
        )
        if row["error"]:
            click.echo(f"       {row['error']}")


@click.command()
@click.argument("what", type=click.Choice(["search", "tiles"]), required=False)
def verify(what: str | None) -> None:
    """Comparer chaque projection à PostgreSQL."""
    settings = settings_with_database()
    with snapshots(settings) as engine, engine.connect() as connection:
        publication = served_publication(connection)
        if publication is None:
            raise NotReady("Rien n’est encore publié.")
        differences = []
        if what in (None, "tiles"):
            differences += counts.verify(connection)
        if what in (None, "search"):
            differences += embedded.verify(connection, settings.search_root / str(publication.version))
            differences += _on_the_server(connection, settings.search_server)
    for difference in differences:
        click.echo(difference)
    if differences:
        sys.exit(1)
    click.echo(f"Version {publication.version} : projections conformes à PostgreSQL.")


def _on_the_server(connection: Connection, server: SearchServer | None) -> list[str]:
    """Where the index of a search server disagrees; nothing where there is no server."""
    if server is None:
        return []
    from search.elastic import verification  # its client takes half a second that few instances need

    return verification.of_what_is_served(connection, server)


@click.command()
@click.argument("what", type=click.Choice(tuple(exports.TABLES)))
@click.option(
    "--format", "format_", type=click.Choice(exports.FORMATS), help="Par défaut, ce que dit le nom du fichier, ou csv."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Fichier à écrire.")
@click.option(
    "--question",
    metavar="ADRESSE",
    help="Les structures d’une recherche seulement, écrite comme dans l’adresse de la page : « q=ehpad&departement=59 ».",
)
def export(what: str, format_: str | None, output: Path, question: str | None) -> None:
    """Écrire les données publiques dans un fichier."""
    named = output.suffix.removeprefix(".").lower()
    chosen = format_ or (named if named in exports.FORMATS else "csv")
    settings = settings_with_database()
    with snapshots(settings) as engine, engine.connect() as connection:
        ids = None if question is None else _found(connection, settings, what, question)
        written = exports.export(connection, what, chosen, output, ids=ids)
    click.echo(f"{written} {WORDS[what]} dans {output}")


def _found(connection: Connection, settings: Settings, what: str, question: str) -> list[str]:
    """Ids of what a search finds: as many as its total says, whatever its order and its page."""
    from api.questions import question_from  # what questions are made of takes half a second that the ledger need not
    from api.search.answers import check_available
    from search.engine import SearchEngine

    if what != "structures":
        raise click.UsageError("--question ne va qu’avec structures.")
    asked, publication = question_from(_query_string(question)), served_publication(connection)
    if publication is None:
        raise NotReady("Rien n’est encore publié : lancez d’abord ./lum1 start.")
    check_available(asked, publication)
    return SearchEngine(settings.search_root).ids(connection, asked.words, asked.filters, publication)


def _query_string(written: str) -> str:
    """The question in an address of the page, or alone, as people write it: accents and spaces as they are."""
    before, mark, after = written.partition("?")
    is_address = "://" in before or before.startswith("/") or not before
    question = (after if is_address else written).partition("#")[0]  # what follows says where the map was
    if not mark and is_address:
        return ""
    return quote(question, safe=string.punctuation).replace("%20", "+")
