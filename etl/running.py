"""One run of any pipeline: alone, recorded from its start to whatever becomes of it, a refusal being a report."""

import resource
import time
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine

from etl import ledger
from etl.gates import Verdict
from etl.ledger import Source
from etl.report import Report
from geo.errors import Lum1Error, Refused


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
    attempt: Callable[[Connection, Attempt], int],
    afterwards: Callable[[Report], None],
) -> Report:
    """Run `attempt` in one transaction under the lock, unless its file is served already; its answer is the version published.

    `afterwards` is called once it is, still under the lock.
    """
    started = time.monotonic()
    with ledger.only_load(engine) as lock:
        report = _already_served(lock, pipeline, source)
        if report is None:
            load_id = ledger.open_load(engine, pipeline, source)
            with ledger.failure_recorded(engine, load_id):
                report = _outcome(engine, source, Attempt(load_id, {}, []), attempt)
        if report.state == "published":
            afterwards(report)
    return msgspec.structs.replace(report, seconds=time.monotonic() - started)


def refused_unread(engine: Engine, pipeline: str, source: Source, error: str) -> Report:
    """Record a file that could not even be opened as what it should be."""
    return _recorded(engine, source, Attempt(ledger.open_load(engine, pipeline, source), {}, []), "refused", error)


def peak_mib() -> int:
    """The most this process has ever held, in mebibytes (Linux counts in kibibytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _outcome(engine: Engine, source: Source, so_far: Attempt, attempt: Callable[[Connection, Attempt], int]) -> Report:
    try:
        with engine.begin() as connection:
            version = attempt(connection, so_far)
            ledger.close_load(connection, so_far.load, "published", counts=so_far.counts, verdicts=so_far.verdicts)
    except Tried:
        return _recorded(engine, source, so_far, "tried")
    except Refused as refusal:
        return _recorded(engine, source, so_far, "refused", str(refusal))
    return _report(source, so_far, "published", version=version)


def _already_served(connection: Connection, pipeline: str, source: Source) -> Report | None:
    served = ledger.served_load(connection, pipeline)
    if served is None or served.sha1 != source.sha1:
        return None
    return _report(source, Attempt(served.id, {}, []), "unchanged")


def _recorded(engine: Engine, source: Source, so_far: Attempt, state: str, error: str | None = None) -> Report:
    with engine.begin() as connection:
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
