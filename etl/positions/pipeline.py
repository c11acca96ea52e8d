"""Better positions into the served publication: a geocoder asked for what registers do not place, every point judged again."""

import hashlib
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, Engine

from etl import publish, running
from etl.coverage import coverage
from etl.gates import judge, refusals
from etl.ledger import Source
from etl.load import Steps
from etl.positions import asking, forgetting, gates
from etl.positions.asking import Index
from etl.registers import acts
from etl.registers.given import give
from etl.report import Report
from etl.running import Attempt, Place
from geo.database import engine_for
from geo.errors import NotReady, Refused
from geo.geocoder import Geocoder
from geo.position_tables import PIPELINE
from geo.progress import Progress
from geo.publication import Publication, served_publication
from geo.settings import Settings
from geo.web import is_of_this_machine

REINDEXED = (
    "Ses réponses sont gardées et rien n’a bougé. Si son index a perdu une partie de la France, refaites-le, puis donnez son "
    "nouveau jour dans LUM1_GEOCODER_INDEXED_ON."
)


def refresh(settings: Settings, progress: Progress, *, accept: Collection[str] = ()) -> Report:
    """Ask, judge, publish; a run that is cut short, or refused, loses none of its answers and moves nobody."""
    engine = engine_for(settings.database_url)
    try:
        return _refresh(engine, settings, progress, accept)
    finally:
        engine.dispose()


def index_of(settings: Settings, today: date) -> Index:
    """Which addresses the geocoder answers from: as the operator says, else those of the quarter, asked again in the next."""
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return Index(settings.geocoder_url, settings.geocoder_indexed_on or quarter)


def _refresh(engine: Engine, settings: Settings, progress: Progress, accept: Collection[str]) -> Report:
    with engine.connect() as connection:
        served = served_publication(connection)
    if served is None:
        raise NotReady("Aucune structure n’est encore publiée : chargez d’abord FINESS (./lum1 refresh finess).")
    _check_geocoder(settings, served)
    # after a backup: who was withheld since leaves first, so that nobody asks where she is
    acts.reapply(acts.Instance(engine, settings.home, settings.search_root), progress)
    index = index_of(settings, datetime.now(UTC).date())
    steps = Steps(progress)
    source = _source(index, settings.geocoder_indexed_on, served)

    def attempt(connection: Connection, so_far: Attempt) -> int:
        running.check_world(connection, source)
        steps("géocodage")
        _ask(connection, settings, index, progress, so_far)
        steps("positions")
        gates.remember(connection)
        asking.keep(connection)
        changed = _placed(connection, so_far)
        steps("portes")
        _judge(connection, source, so_far, accept)
        version = publish.publish(
            connection,
            settings.search_root,
            {PIPELINE: so_far.load},
            fictitious=source.fictitious,
            changed=changed,
            step=steps,
        )
        so_far.counts |= {"seconds": steps.end(), "peak_mib": running.peak_mib()}
        return version

    place = Place(settings.home, settings.search_root)
    return running.alone(engine, PIPELINE, source, place, steps, attempt, is_needless=lambda *_: False)


def _ask(connection: Connection, settings: Settings, index: Index, progress: Progress, so_far: Attempt) -> None:
    """Answers are committed on their own as they come: a run that is cut short loses none."""
    geocoder = Geocoder.from_settings(settings)
    said = asking.ask(connection, geocoder, index, progress)
    so_far.counts["geocoding"] = {**msgspec.to_builtins(said), "failures": dict(geocoder.reasons)}


def _judge(connection: Connection, source: Source, so_far: Attempt, accept: Collection[str]) -> None:
    """What the answers made of positions is judged against where they stood."""
    so_far.verdicts += judge(gates.counted(connection, fictitious=source.fictitious), gates.GATES, accept)
    if reasons := refusals(so_far.verdicts):
        raise Refused(f"{reasons} {REINDEXED}")


def _placed(connection: Connection, so_far: Attempt) -> int:
    given = give(connection, so_far.load, whole=True)
    forgetting.forget_needless(connection)
    so_far.counts |= {"given": given.structures, "positions": given.positions} | coverage(connection)
    return given.structures


def _check_geocoder(settings: Settings, served: Publication) -> None:
    """Only what may be asked is: no network where there shall be none, no invented address of a public service."""
    ours = is_of_this_machine(settings.geocoder_url)
    if not settings.live and not ours:
        raise NotReady(
            "LUM1_LIVE=0 interdit le réseau : donnez dans LUM1_GEOCODER_URL un géocodeur de cette machine, "
            "ou relancez sans LUM1_LIVE=0."
        )
    if served.fictitious and _is_public(settings.geocoder_url):
        raise NotReady(
            "Les structures servies sont fictives : leurs adresses ne sont pas demandées à un service public. "
            "Donnez un géocodeur à vous dans LUM1_GEOCODER_URL."
        )


def _is_public(geocoder: str) -> bool:
    """The Géoplateforme's, however its address is written."""
    return urlsplit(geocoder).hostname == urlsplit(Settings.geocoder_url).hostname


def _source(index: Index, known_day: date | None, served: Publication) -> Source:
    """Addresses are credited by the day of their index where the operator knows it (Licence Ouverte 2.0), by none otherwise."""
    said = f"{index.geocoder} {index.indexed_on}"
    return Source(
        name="Base adresse nationale" if _is_public(index.geocoder) else "Géocodeur de l’exploitant",
        origin="demo" if served.fictitious else "live",
        fictitious=served.fictitious,
        sha1=hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest(),
        size=0,
        produced_at=datetime.combine(known_day, time(), UTC) if known_day else None,
    )
