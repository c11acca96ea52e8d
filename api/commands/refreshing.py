"""`refresh` and `search rebuild`: new data in, projections anew."""

import sys
from pathlib import Path

import click
import msgspec

from api.commands.terminal import Bars
from etl import download, ledger, publish
from etl.finess import pipeline as finess
from etl.finess.activites import gates as activities_gates
from etl.finess.activites import pipeline as activities
from etl.gates import GATE_NAMES
from etl.report import Report, as_text
from geo.database import engine_for
from geo.settings import Settings

EXIT_REFUSED = 3
ALL_GATE_NAMES = tuple(dict.fromkeys((*GATE_NAMES, *activities_gates.GATE_NAMES)))


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
    "--activites",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fichier « activités » (JSON, gzip ou non) ; seul, les structures ne sont pas relues.",
)
@click.option(
    "--accept", multiple=True, type=click.Choice(ALL_GATE_NAMES), help="Porte franchie malgré son refus ; répétable."
)
@click.option("--dry-run", is_flag=True, help="Tout faire sauf publier.")
@click.option("--json", "as_json", is_flag=True, help="Rapport en JSON.")
def refresh_finess(
    file: Path | None, activites: Path | None, accept: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """FINESS : les fichiers donnés, sinon le flux du jour. Avec --json, un rapport par ligne."""
    settings = Settings.from_environment()
    if file is not None or activites is None:
        with Bars() as bars:
            report = load_finess(settings, file, bars, accept=accept, dry_run=dry_run)
        _tell(report, as_json)
    if activites is not None:
        with Bars() as bars:
            report = load_activities(settings, activites, bars, accept=accept, dry_run=dry_run)
        _tell(report, as_json)


def _tell(report: Report, as_json: bool) -> None:
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
    resource = download.latest_daily(settings.datagouv_url)
    bars.step(f"téléchargement de {resource.title}")
    fetched = download.fetch(resource, settings.archive, bars.advance)
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


def load_activities(
    settings: Settings, file: Path, bars: Bars, *, accept: tuple[str, ...] = (), dry_run: bool = False
) -> Report:
    """Load the activities file given, on the structures that are served."""
    engine = engine_for(settings.database_url)
    return activities.refresh(engine, settings.search_root, file, accept=accept, dry_run=dry_run, progress=bars)
