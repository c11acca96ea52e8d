"""One run of any pipeline: alone, recorded from its start to whatever becomes of it, a refusal being a report."""

import gc
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row

from etl import ledger, publish
from etl.gates import Verdict
from etl.ledger import Source
from etl.registers import journal, samples, settling
from etl.report import Report
from etl.thresholds import Thresholds
from geo.errors import Lum1Error, Refused
from geo.publication import served_publication

Step = Callable[[str], None]
LARGE = 0.1  # of what was kept: more versions than that were most of their tables


class Place(msgspec.Struct, frozen=True):
    """Where a run publishes."""

    home: Path  # the registers beside the database
    search_root: Path


class Attempt(msgspec.Struct):
    """What a run has found so far, so that a refusal or a trial can tell it."""

    load: int
    counts: dict[str, Any]
    verdicts: list[Verdict]


class Tried(Lum1Error):
    """A dry run that went through: raised to roll everything back."""


def alone(
    engine: Engine,
    pipeline: str,
    source: Source,
    place: Place,
    step: Step,
    attempt: Callable[[Connection, Attempt], int],
    is_needless: Callable[[Connection, Row[Any]], bool] | None = None,
    dry_run: bool = False,
) -> Report:
    """Run `attempt` in one transaction under the lock, unless its file is served already; its answer is the version published.

    Served already, it still ends what a run that was killed after its publication left undone. `is_needless` decides otherwise,
    from the load that is served; none is while the file beside the database holds somebody whom the database does not withhold.
    """
    started = time.monotonic()
    Thresholds.from_environment()  # a wrong setting is said before any work
    with ledger.only_load(engine) as lock, without_cycle_collector():
        if not dry_run:
            settling.finish_what_was_left(engine, place.home, place.search_root)
        report = _already_served(lock, pipeline, source, place, is_needless)
        if report is None:
            load_id = ledger.open_load(engine, pipeline, source)
            with ledger.failure_recorded(engine, load_id):
                report = _outcome(engine, source, place, Attempt(load_id, {}, []), attempt)
        elif not dry_run:  # a file that was removed is made again
            with settling.remembering(engine, place.home, {}):
                pass
        if report.state in ("published", "unchanged") and not dry_run:
            _tidied(engine, place, report, step)
    seconds = time.monotonic() - started
    return msgspec.structs.replace(report, seconds=seconds, pipeline=pipeline, origin=source.origin)


def refused_unread(engine: Engine, pipeline: str, source: Source, error: str) -> Report:
    """Record a file that could not even be opened as what it should be."""
    unread = Attempt(ledger.open_load(engine, pipeline, source), {}, [])
    report = _recorded(engine, source, unread, "refused", error)
    return msgspec.structs.replace(report, pipeline=pipeline, origin=source.origin)


def check_world(connection: Connection, source: Source) -> None:
    """What completes structures needs some to complete, and of the same world: invented and real data never mix."""
    served = served_publication(connection)
    if served is None:
        raise Refused("Aucune structure n’est encore publiée : chargez d’abord FINESS (./lum1 refresh finess).")
    if served.fictitious != source.fictitious:
        worlds = ("réelles", "fictives")
        raise Refused(
            f"Ces données sont {worlds[source.fictitious]} et les structures servies {worlds[served.fictitious]}."
        )


def _tidied(engine: Engine, place: Place, report: Report, step: Step) -> None:
    """What follows a publication: what is older leaves, tables that were mostly written are put in order."""
    step("ménage")
    settling.finish(engine, place.home, place.search_root)
    written = sum(kind["new"] + kind["changed"] for kind in report.counts.get("records", {}).values())
    if written > report.counts.get("kept", 0) * LARGE:
        step("rangement")
        publish.tidy(engine)


@contextmanager
def without_cycle_collector() -> Iterator[None]:
    """A register is a forest of trees: looking through it for cycles takes a fifth of a run and finds none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def peak_mib() -> int:
    """The most this process has ever held, in mebibytes (Linux counts in kibibytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _outcome(
    engine: Engine, source: Source, place: Place, so_far: Attempt, attempt: Callable[[Connection, Attempt], int]
) -> Report:
    try:
        with settling.remembering(engine, place.home, so_far.counts) as connection:
            version = attempt(connection, so_far)
            _tell_nobody_withheld(connection, so_far)
            ledger.close_load(connection, so_far.load, "published", counts=so_far.counts, verdicts=so_far.verdicts)
    except Tried:
        return _recorded(engine, source, so_far, "tried")
    except Refused as refusal:
        return _recorded(engine, source, so_far, "refused", str(refusal))
    return _report(source, so_far, "published", version=version)


def _already_served(
    connection: Connection,
    pipeline: str,
    source: Source,
    place: Place,
    is_needless: Callable[[Connection, Row[Any]], bool] | None,
) -> Report | None:
    served = ledger.served_load(connection, pipeline)
    if served is None or not (is_needless(connection, served) if is_needless else served.sha1 == source.sha1):
        return None
    if journal.knows_more(connection, place.home):
        return None
    return _report(source, Attempt(served.id, {}, []), "unchanged")


def _tell_nobody_withheld(connection: Connection, so_far: Attempt) -> None:
    so_far.counts |= samples.told(connection, so_far.counts)


def _recorded(engine: Engine, source: Source, so_far: Attempt, state: str, error: str | None = None) -> Report:
    with engine.begin() as connection:
        _tell_nobody_withheld(connection, so_far)
        ledger.close_load(connection, so_far.load, state, counts=so_far.counts, verdicts=so_far.verdicts, error=error)
    return _report(source, so_far, state, error=error)


def _report(source: Source, so_far: Attempt, state: str, **more: Any) -> Report:
    return Report(
        load=so_far.load,
        state=state,
        source=source.name,
        counts=so_far.counts,
        gates=so_far.verdicts,
        seconds=0,
        **more,
    )
