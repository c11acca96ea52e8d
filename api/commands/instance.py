"""`start`, `stop`, `status`, `doctor`: one instance on one machine."""

import shutil
import sys
from pathlib import Path

import click
import msgspec

from api.commands.refreshing import EXIT_REFUSED
from api.commands.terminal import Bars
from api.machine.cluster import Cluster
from api.machine.doctor import UNKNOWN, Finding, examine, scheduled_work
from api.machine.home import Home
from api.machine.prepare import ensure_projections, prepare
from api.machine.server import Server
from api.machine.worker import Worker, WorkerFailed
from etl import demo
from etl.download import Unreachable
from etl.refresh_all import refresh_activities, refresh_finess, refresh_sirene_stock, refresh_zones
from etl.report import Report, as_text
from etl.sirene.refresh import StockFiles
from geo.database import engine_for
from geo.publication import Publication, served_publication
from geo.settings import Settings

DEMO_SIZE = 20_000


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Port HTTP ; sinon LUM1_PORT, sinon le premier libre dès 8640."
)
@click.option("--finess", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Fichier FINESS à servir.")
@click.option("--demo", "demo_size", type=click.IntRange(1, 5_000_000), help="France fictive de cette taille.")
@click.option("--foreground", is_flag=True, help="Rester au premier plan (conteneurs).")
def start(port: int | None, finess: Path | None, demo_size: int | None, foreground: bool) -> None:
    """Préparer la machine, charger les données s’il n’y en a pas, servir la carte."""
    if finess and demo_size:
        raise click.UsageError("--finess et --demo s’excluent.")
    settings = Settings.from_environment()
    home = Home(settings.home)
    home.create()
    server, worker, bars = Server(home), Worker(home), Bars()
    with home.lock():
        server.check(port, foreground=foreground)
        if settings.schedule and not foreground:
            worker.check_settings()
        with bars:
            settings = prepare(home, bars)
            report = _load_if_needed(settings, finess, demo_size, bars)
            ensure_projections(settings, bars)
        if report is not None:
            click.echo(as_text(report), err=True)
        refused = report is not None and report.state == "refused"
        if _publication(settings) is None:
            click.echo(_nothing_served(report, finess), err=True)
            sys.exit(EXIT_REFUSED)
        if foreground:
            if address := server.address:
                click.echo(f"Le serveur détaché ({address}) s’arrête : celui-ci prend sa place.", err=True)
            server.run_here(port)
        with bars:
            bars.step("serveur")
            _have_scheduled(worker, settings)
            address = server.ensure(port)
    if refused:
        sys.exit(EXIT_REFUSED)
    if settings.schedule:
        _warn_without(worker)
    if ignored := server.unheeded(port):
        click.echo(ignored, err=True)
    click.echo(address)


@click.command()
def stop() -> None:
    """Arrêter les tâches planifiées, le serveur, puis PostgreSQL."""
    home = Home(Settings.from_environment().home)
    was_working = Worker(home).stop()
    was_serving = Server(home).stop()
    was_storing = Cluster(home).stop() if not Settings.from_environment().external_database else False
    click.echo("Arrêté." if was_working or was_serving or was_storing else "Rien ne tournait.")


@click.command()
def status() -> None:
    """Ce qui tourne, et ce qui est servi. Code 0 quand la carte est servie, 1 sinon."""
    settings = Settings.from_environment()
    home = Home(settings.home)
    running = settings.external_database or Cluster(home).is_running()
    address = Server(home).address
    publication = _publication(settings) if running else None
    click.echo(f"instance    {home.root}")
    click.echo(f"PostgreSQL  {'en marche' if running else 'arrêté'}")
    click.echo(f"serveur     {address or 'arrêté'}")
    click.echo(f"tâches      {scheduled_work(home, settings)[1]}")
    click.echo(f"données     {_described(publication) if running else UNKNOWN[1]}")
    sys.exit(0 if address and publication else 1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="En JSON.")
def doctor(as_json: bool) -> None:
    """Dire ce qui manque et comment y remédier. Code 1 quand quelque chose manque."""
    findings = examine(Home(Settings.from_environment().home))
    click.echo(msgspec.json.encode(findings).decode() if as_json else "\n".join(map(_line, findings)))
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def _load_if_needed(settings: Settings, finess: Path | None, demo_size: int | None, bars: Bars) -> Report | None:
    """Load at the first start, or the file that is given; the live flow when it can be reached, else the demo."""
    served = _publication(settings)
    if served is not None and (finess or demo_size):
        click.echo(_kept(served, finess), err=True)
    if finess is not None:
        return refresh_finess(settings, bars, file=finess)
    if served is not None:
        return None
    if demo_size is None and settings.live:
        try:
            return refresh_finess(settings, bars)
        except Unreachable:
            click.echo("Le flux FINESS n’est pas joignable d’ici : données fictives.", err=True)
    bars.step("France fictive")
    folder = settings.home / "demo"
    try:
        return _load_demo(settings, folder, demo_size or DEMO_SIZE, bars)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the truth beside it holds those whom SIRENE masks


def _load_demo(settings: Settings, folder: Path, size: int, bars: Bars) -> Report:
    """A fictitious France in the official formats, through the same pipelines as the real one."""
    files = demo.generate(
        folder, size=size, seed=demo.SEED, produced_on=demo.PRODUCED_ON, sirene=True, progress=bars.advance
    )
    report = refresh_finess(settings, bars, file=files.finess)
    if report.state == "published" and files.sirene is not None:
        refresh_activities(settings, bars, file=files.activites)
        refresh_zones(settings, bars, file=files.zones)
        stock = StockFiles(*files.sirene.all())
        refresh_sirene_stock(settings, bars, stock)
    return report


def _kept(served: Publication, finess: Path | None) -> str:
    """Invented and real data are never swapped but by a file that is given."""
    if finess is None:
        return (
            f"Cette instance sert déjà la {_described(served)} : elle est gardée, et --demo sans effet. "
            "Une France fictive à côté : LUM1_HOME=un-autre-dossier ./lum1 start --demo TAILLE"
        )
    return (
        f"Cette instance sert déjà la {_described(served)} : {finess.name} la remplace s’il passe les portes, "
        "comme par ./lum1 refresh finess --file ; sinon elle est gardée."
    )


def _nothing_served(report: Report | None, finess: Path | None) -> str:
    """What to do of a first file that is refused."""
    otherwise = f"un autre fichier (--finess), ou une France fictive (./lum1 start --demo {DEMO_SIZE})."
    closed = [verdict.gate for verdict in report.gates if verdict.refuses] if report else []
    if not closed:
        return f"Rien n’est servi. Il faut {otherwise}"
    again = " ".join(
        ["./lum1 refresh finess", *([f"--file {finess}"] if finess else []), *(f"--accept {gate}" for gate in closed)]
    )
    return f"Rien n’est servi. Si ce fichier est bien le bon : {again}, puis ./lum1 start ; sinon {otherwise}"


def _have_scheduled(worker: Worker, settings: Settings) -> None:
    """The worker beside the server; none where an external cron refreshes."""
    if settings.schedule:
        worker.ensure()
    else:
        worker.stop()


def _warn_without(worker: Worker) -> None:
    """The map is served all the same."""
    try:
        worker.check()
    except WorkerFailed as failed:
        click.echo(str(failed), err=True)


def _publication(settings: Settings) -> Publication | None:
    engine = engine_for(settings.database_url)
    try:
        with engine.connect() as connection:
            return served_publication(connection)
    finally:
        engine.dispose()


def _described(publication: Publication | None) -> str:
    if publication is None:
        return "aucune publication"
    kind = "données fictives" if publication.fictitious else "données réelles"
    dates = ", ".join(f"{s.name} au {s.as_of}" for s in publication.sources)
    return f"version {publication.version}, {publication.structures} structures, {kind} ({dates})"


def _line(finding: Finding) -> str:
    mark = "ok     " if finding.ok else "MANQUE "
    return f"{mark} {finding.name} : {finding.found}" + ("" if finding.ok else f"\n        → {finding.mend}")
