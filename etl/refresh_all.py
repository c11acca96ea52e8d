"""Everything that is refreshed by itself, in order; as a program, it says on standard output what became of it.

The worker runs it as a program of its own: memory goes back to the machine, and one that is killed is known to be.
"""

import sys
from collections.abc import Collection, Sequence
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path

import msgspec

from etl import archive, download
from etl.finess import pipeline as finess
from etl.finess.activites import pipeline as activities
from etl.ledger import LoadUnderWay
from etl.outcome import Outcome
from etl.positions import pipeline as positions
from etl.report import Report, as_text
from etl.sirene import live
from etl.sirene.pipeline import How
from etl.sirene.refresh import StockFiles, refresh_pages, refresh_stock
from etl.zones import pipeline as zones
from geo import discretion
from geo.database import engine_for
from geo.errors import NotAGeocoder, NotFound, NotReady, Unreachable
from geo.progress import Progress
from geo.publication import served_publication
from geo.settings import Settings


class Lines:
    """etl.load.Progress in a log."""

    def step(self, name: str) -> None:
        print(f"  {name}…", file=sys.stderr, flush=True)

    def advance(self, done: int, total: int) -> None:
        pass


def refresh_all(settings: Settings, progress: Progress) -> list[Report]:
    """Every live flow, one after the other; a refusal is a Report, structures that could not be tried raise.

    Activities come second, on the structures of the day, SIRENE third where it is asked for (`LUM1_SIRENE`), then the geocoder
    about what they place badly, unless it is not (`LUM1_POSITIONS=0`); out of reach, they wait for the next day and lose nothing
    of the first.
    """
    reports = [refresh_finess(settings, progress)]
    try:
        reports.append(refresh_activities(settings, progress))
    except (download.Unreachable, download.Damaged) as error:
        print(f"activités : {error}", file=sys.stderr, flush=True)
    if settings.sirene:
        try:
            reports.extend(live.refreshes(settings, progress))
        except (download.Unreachable, download.Damaged) as error:
            print(f"SIRENE : {error}", file=sys.stderr, flush=True)
    if settings.positions:
        try:
            reports.append(positions.refresh(settings, progress))
        except (Unreachable, NotAGeocoder, NotReady) as error:
            print(f"positions : {error}", file=sys.stderr, flush=True)
    return reports


def refresh_finess(
    settings: Settings,
    progress: Progress,
    *,
    file: Path | None = None,
    ancien_csv: Path | None = None,
    accept: Collection[str] = (),
    dry_run: bool = False,
) -> Report:
    """FINESS: the file given, else the day's of the live flow."""
    file, origin, licence = _file_of(settings, progress, download.STRUCTURES, file)
    return finess.refresh(
        engine_for(settings.database_url),
        settings.search_root,
        file,
        home=settings.home,
        origin=origin,
        licence=licence,
        ancien_csv=ancien_csv,
        accept=accept,
        dry_run=dry_run,
        progress=progress,
    )


def refresh_activities(
    settings: Settings,
    progress: Progress,
    *,
    file: Path | None = None,
    accept: Collection[str] = (),
    dry_run: bool = False,
) -> Report:
    """FINESS's activities, on the structures that are served: the file given, else the day's of the live flow."""
    file, origin, licence = _file_of(settings, progress, download.ACTIVITES, file)
    return activities.refresh(
        engine_for(settings.database_url),
        settings.search_root,
        file,
        home=settings.home,
        origin=origin,
        licence=licence,
        accept=accept,
        dry_run=dry_run,
        progress=progress,
    )


def refresh_sirene_stock(
    settings: Settings, progress: Progress, files: StockFiles, *, accept: Collection[str] = (), dry_run: bool = False
) -> Report:
    """SIRENE's stock: the files given."""
    how = How(home=settings.home, search_root=settings.search_root, accept=accept, dry_run=dry_run)
    return refresh_stock(engine_for(settings.database_url), files, how, progress)


def refresh_sirene_pages(
    settings: Settings,
    progress: Progress,
    pages: Sequence[Path],
    *,
    accept: Collection[str] = (),
    dry_run: bool = False,
) -> Report:
    """Answers of Insee's API, on top of what is known; they do not say whether they are invented, what is served does."""
    engine = engine_for(settings.database_url)
    with engine.connect() as connection:
        served = served_publication(connection)
    how = How(home=settings.home, search_root=settings.search_root, accept=accept, dry_run=dry_run)
    return refresh_pages(engine, pages, how, progress, fictitious=served is not None and served.fictitious)


def refresh_zones(
    settings: Settings, progress: Progress, *, file: Path, accept: Collection[str] = (), dry_run: bool = False
) -> Report:
    """Zones of intervention: the file given, there is no live flow."""
    return zones.refresh(
        engine_for(settings.database_url),
        settings.search_root,
        file,
        home=settings.home,
        accept=accept,
        dry_run=dry_run,
        progress=progress,
    )


def _file_of(settings: Settings, progress: Progress, flow: download.Flow, given: Path | None) -> tuple[Path, str, str]:
    """The file given, else the day's of the live flow, archived; its origin and licence."""
    if given is not None:
        return given, "file", "lov2"
    resource, file = download.obtain(
        settings.datagouv_url, flow, settings.archive, step=progress.step, progress=progress.advance
    )
    archive.prune(settings.archive, flow)
    return file, "live", resource.licence


def archived_structures(settings: Settings, day: date) -> Path:
    """The structures file kept of that day, or NotFound."""
    file = archive.archived(settings.archive, download.STRUCTURES, day)
    if file is None:
        raise NotFound(f"Aucun fichier du {day:%d/%m/%Y} dans l’archive : {_days_kept(settings)}.")
    return file


def _days_kept(settings: Settings) -> str:
    days = [download.STRUCTURES.day_of(path.name) for path in archive.copies(settings.archive, download.STRUCTURES)]
    return "jours gardés " + ", ".join(f"{day:%d/%m/%Y}" for day in days if day) if days else "elle est vide"


def outcome_of(settings: Settings, progress: Progress) -> Outcome:
    """Refresh everything; whatever happens is an outcome."""
    try:
        reports = refresh_all(settings, progress)
    except LoadUnderWay as error:
        return Outcome("busy", str(error))
    except (download.Unreachable, download.Damaged) as error:
        return Outcome("unreachable", str(error))
    except Exception as error:
        print(discretion.told(error), file=sys.stderr, flush=True)
        return Outcome("failed", discretion.said(error))
    refused = any(report.state == "refused" for report in reports)
    return Outcome("refused" if refused else "done", "\n".join(map(as_text, reports)))


def main() -> None:
    """Standard output is for the outcome alone."""
    with redirect_stdout(sys.stderr):
        outcome = outcome_of(Settings.from_environment(), Lines())
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    sys.excepthook = discretion.hook
    main()
