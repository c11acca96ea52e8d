"""`refresh` and `search rebuild`: new data in, projections anew."""

import sys
from pathlib import Path

import click
import msgspec

from api.commands.terminal import Bars
from etl import archive, download, ledger, publish
from etl.finess import pipeline as finess
from etl.gates import GATE_NAMES
from etl.report import Report, as_text
from geo.database import engine_for
from geo.settings import Settings

EXIT_REFUSED = 3


@click.group()
def refresh() -> None:
    """Charger une nouvelle publication d’un registre."""


@refresh.command("finess")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fichier « structures » (JSON, gzip ou non).",
)
@click.option(
    "--accept", multiple=True, type=click.Choice(GATE_NAMES), help="Porte franchie malgré son refus ; répétable."
)
@click.option("--dry-run", is_flag=True, help="Tout faire sauf publier.")
@click.option("--json", "as_json", is_flag=True, help="Rapport en JSON.")
def refresh_finess(file: Path | None, accept: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """FINESS : le fichier donné, sinon le flux du jour."""
    with Bars() as bars:
        report = load_finess(Settings.from_environment(), file, bars, accept=accept, dry_run=dry_run)
    click.echo(msgspec.json.encode(report).decode() if as_json else as_text(report))
    if report.state == "refused":
        sys.exit(EXIT_REFUSED)


@click.group()
def search() -> None:
    """L’index de recherche."""


@search.command("rebuild")
def rebuild() -> None:
    """Refaire l’index et la grille depuis PostgreSQL, à côté, puis basculer."""
    settings = Settings.from_environment()
    engine = engine_for(settings.database_url)
    with ledger.only_load(engine), Bars() as bars:
        with engine.begin() as connection:
            version = publish.rebuild(connection, settings.search_root, bars.step)
        publish.sweep(engine, settings.search_root)
    click.echo(f"Index et grille refaits : version {version}.")


def load_finess(
    settings: Settings,
    file: Path | None,
    bars: Bars,
    *,
    accept: tuple[str, ...] = (),
    dry_run: bool = False,
) -> Report:
    """Load the file given, else the day's file of the live flow."""
    engine = engine_for(settings.database_url)
    if file is not None:
        return finess.refresh(engine, settings.search_root, file, accept=accept, dry_run=dry_run, progress=bars)
    resource, fetched = download.obtain(
        settings.datagouv_url, download.STRUCTURES, settings.archive, step=bars.step, progress=bars.advance
    )
    archive.prune(settings.archive, download.STRUCTURES)
    return finess.refresh(
        engine,
        settings.search_root,
        fetched,
        origin="live",
        licence=resource.licence,
        accept=accept,
        dry_run=dry_run,
        progress=bars,
    )
