"""`refresh` and `search rebuild`: new data in, projections anew."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from api.commands.database import settings_with_database
from api.commands.terminal import Bars
from etl import ledger, publish
from etl import refresh_all as refreshes
from etl.finess.activites import gates as activities_gates
from etl.gates import GATE_NAMES
from etl.positions import gates as positions_gates
from etl.positions import pipeline as positions
from etl.registers import acts
from etl.report import Report, as_text
from etl.rollback import rollback as go_back
from etl.sirene import gates as sirene_gates
from etl.sirene import live
from etl.sirene.refresh import StockFiles
from etl.zones import gates as zones_gates
from geo.database import engine_for
from geo.errors import NotReady
from geo.settings import Settings

EXIT_REFUSED = 3
ALL_GATE_NAMES = tuple(dict.fromkeys((*GATE_NAMES, *activities_gates.GATE_NAMES)))
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def refresh() -> None:
    """Charger une nouvelle publication d’un registre."""


@refresh.command("finess")
@click.option("--file", "file", type=FILE, help="Fichier « structures » (JSON, gzip ou non).")
@click.option("--ancien-csv", type=FILE, help="Ancien fichier etalab-cs1100507 : positions de secours et libellés.")
@click.option(
    "--activites",
    type=FILE,
    help="Fichier « activités » (JSON, gzip ou non) ; seul, les structures ne sont pas relues.",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Le fichier archivé de ce jour.")
@click.option(
    "--accept", multiple=True, type=click.Choice(ALL_GATE_NAMES), help="Porte franchie malgré son refus ; répétable."
)
@click.option("--dry-run", is_flag=True, help="Tout faire sauf publier.")
@click.option("--json", "as_json", is_flag=True, help="Rapport en JSON.")
def refresh_finess(
    file: Path | None,
    ancien_csv: Path | None,
    activites: Path | None,
    as_of: datetime | None,
    accept: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """FINESS : les fichiers donnés, sinon le flux du jour. Avec --json, un rapport par ligne."""
    if file and as_of:
        raise click.UsageError("--file et --as-of s’excluent.")
    settings = settings_with_database()
    if not (file or as_of or (activites and not ancien_csv)):  # activities alone: structures are not read again
        _network_or_sentence(settings)
    if as_of:
        file = refreshes.archived_structures(settings, as_of.date())
    how: Any = {"accept": accept, "dry_run": dry_run}
    if file or ancien_csv or not activites:
        with Bars() as bars:
            report = refreshes.refresh_finess(settings, bars, file=file, ancien_csv=ancien_csv, **how)
        _tell([report], as_json)
    if activites:
        with Bars() as bars:
            report = refreshes.refresh_activities(settings, bars, file=activites, **how)
        _tell([report], as_json)


@refresh.command("sirene")
@click.option("--etablissements", type=FILE, help="StockEtablissement, parquet ou CSV dans son zip.")
@click.option("--unites-legales", type=FILE, help="StockUniteLegale, de même.")
@click.option("--geolocalisation", type=FILE, help="Positions des établissements, de même.")
@click.option("--liens-succession", type=FILE, help="StockEtablissementLiensSuccession, de même.")
@click.option("--doublons", type=FILE, help="StockDoublons, de même.")
@click.option(
    "--api-pages", type=FILE, multiple=True, help="Réponses de l’API Sirene, après le stock ; plusieurs à la suite."
)
@click.argument("more_pages", type=FILE, nargs=-1, metavar="")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(sirene_gates.GATE_NAMES),
    help="Porte franchie malgré son refus ; répétable.",
)
@click.option("--dry-run", is_flag=True, help="Tout faire sauf publier.")
@click.option("--json", "as_json", is_flag=True, help="Rapport en JSON.")
def refresh_sirene(
    etablissements: Path | None,
    unites_legales: Path | None,
    geolocalisation: Path | None,
    liens_succession: Path | None,
    doublons: Path | None,
    api_pages: tuple[Path, ...],
    more_pages: tuple[Path, ...],
    accept: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """SIRENE : les fichiers donnés, sinon le stock du mois et l’API. Avec --json, un rapport par ligne."""
    others = (geolocalisation, liens_succession, doublons)
    if (etablissements is None) != (unites_legales is None) or (etablissements is None and any(others)):
        raise click.UsageError("--etablissements et --unites-legales vont ensemble, et les autres avec eux.")
    if more_pages and not api_pages:
        raise click.UsageError(
            f"« {more_pages[0]} » suit quelle option ? Les réponses de l’API se donnent par --api-pages."
        )
    settings = settings_with_database()
    api_pages = (*api_pages, *more_pages)
    how: Any = {"accept": accept, "dry_run": dry_run}
    if not (etablissements or api_pages):
        _network_or_sentence(settings, "les fichiers (./lum1 refresh sirene --help)")
        with Bars() as bars:
            reports = live.refresh_live(settings, bars, **how)
        _tell(reports, as_json)
        return
    if etablissements and unites_legales:
        files = StockFiles(etablissements, unites_legales, *others)
        with Bars() as bars:
            report = refreshes.refresh_sirene_stock(settings, bars, files, **how)
        _tell([report], as_json)
    if api_pages:
        with Bars() as bars:
            report = refreshes.refresh_sirene_pages(settings, bars, api_pages, **how)
        _tell([report], as_json)


@refresh.command("positions")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(positions_gates.GATE_NAMES),
    help="Porte franchie malgré son refus ; répétable.",
)
@click.option("--json", "as_json", is_flag=True, help="Rapport en JSON.")
def refresh_positions(accept: tuple[str, ...], as_json: bool) -> None:
    """Demander au géocodeur ce que les registres placent mal ; interrompu, il reprend où il en était."""
    with Bars() as bars:
        report = positions.refresh(settings_with_database(), bars, accept=accept)
    _tell([report], as_json)


@refresh.command("zones")
@click.option("--file", "file", type=FILE, required=True, help="Zones d’intervention, une par ligne (docs/zones.md).")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(zones_gates.GATE_NAMES),
    help="Porte franchie malgré son refus ; répétable.",
)
@click.option("--dry-run", is_flag=True, help="Tout faire sauf publier.")
@click.option("--json", "as_json", is_flag=True, help="Rapport en JSON.")
def refresh_zones(file: Path, accept: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Où les services viennent à domicile : les zones de ce fichier remplacent celles qui sont servies."""
    with Bars() as bars:
        report = refreshes.refresh_zones(settings_with_database(), bars, file=file, accept=accept, dry_run=dry_run)
    _tell([report], as_json)


@refresh.command("all")
@click.option("--json", "as_json", is_flag=True, help="Rapports en JSON.")
def refresh_everything(as_json: bool) -> None:
    """Tous les flux, comme le fait l’ordonnanceur."""
    settings = settings_with_database()
    _network_or_sentence(settings)
    with Bars() as bars:
        reports = refreshes.refresh_all(settings, bars)
    _tell(reports, as_json)


@click.command()
@click.argument("load", type=click.IntRange(1, 2**31 - 1))
@click.option("--json", "as_json", is_flag=True, help="Rapport en JSON.")
def rollback(load: int, as_json: bool) -> None:
    """Servir de nouveau ce qu’un chargement antérieur a publié (« ./lum1 loads » les montre)."""
    settings = settings_with_database()
    with Bars() as bars:
        report = go_back(engine_for(settings.database_url), settings.search_root, load, bars, home=settings.home)
    _tell([report], as_json)


def _network_or_sentence(
    settings: Settings, instead: str = "un fichier (./lum1 refresh finess --file FICHIER)"
) -> None:
    if not settings.live:
        raise NotReady(f"LUM1_LIVE=0 interdit le réseau : donnez {instead} ou relancez sans LUM1_LIVE=0.")


def _tell(reports: list[Report], as_json: bool) -> None:
    for report in reports:
        click.echo(msgspec.json.encode(report).decode() if as_json else as_text(report))
    if any(report.state == "refused" for report in reports):
        sys.exit(EXIT_REFUSED)


@click.command("rebuild")
def rebuild() -> None:
    """Refaire l’index et la grille depuis PostgreSQL, à côté, puis basculer."""
    settings = settings_with_database()
    engine = engine_for(settings.database_url)
    with Bars() as bars:  # a database just restored may hold who was withheld since: never into an index
        acts.reapply(acts.Instance(engine, settings.home, settings.search_root), bars)
    with ledger.only_load(engine), Bars() as bars:
        with engine.begin() as connection:
            version = publish.rebuild(connection, settings.search_root, bars.step)
        publish.sweep(engine, settings.search_root)
        publish.take_in(engine)
    click.echo(f"Index et grille refaits : version {version}.")
