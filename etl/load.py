"""One run of a pipeline: staged, judged, merged, published, recorded; or refused with nothing changed."""

import resource
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import polars as pl
from sqlalchemy import Connection, Engine, Row, delete

from etl import gates, history, ledger, merge, publish
from etl.history import Published
from etl.ledger import Source
from etl.report import Report
from geo.errors import Lum1Error, Refused
from geo.history import structure_change
from geo.structures import structure

SAMPLES = 5  # register numbers kept for each reason of refusal: enough to look one up
SECONDS_PER_DAY = 86_400
LARGE = 0.1  # of the establishments read


class Batch(msgspec.Struct):
    """What a register's transform gives for each piece of a file."""

    structures: pl.DataFrame
    rejected: pl.DataFrame  # the register's number and the reason of each
    noticed: Mapping[str, int]
    records: Iterable[Published]  # counted in unknown_fields as they are read
    unknown_fields: Mapping[str, int]


class Progress(Protocol):
    """Where a run says how far it is."""

    def step(self, name: str) -> None: ...
    def advance(self, done: int, total: int) -> None: ...


class Silent:
    """Progress for nobody."""

    def step(self, name: str) -> None:
        pass

    def advance(self, done: int, total: int) -> None:
        pass


class Steps:
    """Passes each step on and keeps how long it took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._name = ""
        self._began = time.monotonic()
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str) -> None:
        self.end()
        self._name, self._began = name, time.monotonic()
        self._progress.step(name)

    def end(self) -> dict[str, float]:
        if self._name:
            self.seconds[self._name] = round(time.monotonic() - self._began, 1)
        return self.seconds


class Tally:
    """Counts gathered while the stage fills."""

    def __init__(self) -> None:
        self.read = 0
        self.seen: set[str] = set()
        self.rejected: Counter[str] = Counter()
        self.samples: dict[str, list[str]] = {}
        self.noticed: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()

    @property
    def kept(self) -> int:
        return len(self.seen)

    def reject(self, number: str | None, reason: str) -> None:
        """Count a row that can't be used, and remember a few of each kind."""
        self.rejected[reason] += 1
        samples = self.samples.setdefault(reason, [])
        if number and len(samples) < SAMPLES:
            samples.append(number[:40])

    def counts(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "kept": self.kept,
            "rejected": dict(self.rejected),
            "samples": self.samples,
            "noticed": dict(sorted(self.noticed.items())),
            "unknown_fields": dict(sorted(self.unknown.items())),
        }


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What to load and how."""

    pipeline: str
    source: Source
    produced_at: datetime
    schema_version: str
    batches: Callable[[Connection], Iterator[Batch]]
    kinds: Collection[str]  # of source records that this file holds whole
    changes: Callable[[Connection, int, date, date], dict[str, int]]
    again: bool = False  # even if this file is served already: something that it is read with is new
    credits: dict[str, int] = msgspec.field(default_factory=dict)  # other loads that this run makes, by pipeline
    accept: Collection[str] = ()
    dry_run: bool = False


def run(engine: Engine, search_root: Path, asked: Run, progress: Progress | None = None) -> Report:
    """Load, judge and publish; raises only when something broke, a refusal is a Report."""
    steps, started = Steps(progress or Silent()), time.monotonic()
    with ledger.only_load(engine) as lock:
        if report := _already_served(lock, asked, started):
            return report
        load_id = ledger.open_load(engine, asked.pipeline, asked.source)
        with ledger.failure_recorded(engine, load_id):
            report = _attempt(engine, search_root, asked, load_id, steps)
        if report.state == "published":
            publish.sweep(engine, search_root)
        if _is_large(report.counts):
            steps("rangement")
            publish.tidy(engine)
    return msgspec.structs.replace(report, seconds=time.monotonic() - started)


def _attempt(engine: Engine, search_root: Path, asked: Run, load_id: int, steps: Steps) -> Report:
    tally, verdicts, counts = Tally(), list[gates.Verdict](), dict[str, Any]()
    try:
        with engine.begin() as connection:
            _make_room(connection, asked)
            merge.create_stage(connection)
            history.open_comparison(connection)
            steps("lecture du registre")
            fill_stage(connection, asked.batches(connection), tally)
            merge.index_stage(connection)
            steps("portes")
            verdicts += gates.judge(_counted(connection, asked, tally), asked.accept)
            counts = tally.counts()
            if reasons := gates.refusals(verdicts):
                raise Refused(reasons)
            steps("fusion")
            counts |= _remember(connection, asked, load_id)
            changes = merge.merge(connection, load_id)
            counts["structures"] = {n: getattr(changes, n) for n in ("inserted", "updated", "removed")}
            if asked.dry_run:
                raise _Tried
            version = publish.publish(
                connection,
                search_root,
                {**asked.credits, asked.pipeline: load_id},
                fictitious=asked.source.fictitious,
                changed=changes.inserted + changes.updated + changes.removed,
                step=steps,
            )
            counts |= {"seconds": steps.end(), "peak_mib": _peak_mib()}
            ledger.close_load(connection, load_id, "published", counts=counts, verdicts=verdicts)
    except _Tried:
        return _recorded(engine, asked, load_id, "tried", counts, verdicts)
    except Refused as refusal:
        return _recorded(engine, asked, load_id, "refused", counts or tally.counts(), verdicts, str(refusal))
    return Report(
        load=load_id,
        state="published",
        source=asked.source.name,
        counts=counts,
        gates=verdicts,
        seconds=0,
        version=version,
    )


def fill_stage(connection: Connection, batches: Iterator[Batch], tally: Tally) -> None:
    """Write every usable row once and compare every record; a number met again is rejected, the first one stands."""
    for batch in batches:
        structures = batch.structures
        fresh = [_first_time(tally.seen, each) for each in structures["id"]]
        if repeated := len(fresh) - sum(fresh):
            for number in structures.filter(~pl.Series(fresh, dtype=pl.Boolean))["id"]:
                tally.reject(number[1:], "numero_en_double")
            structures = structures.filter(pl.Series(fresh, dtype=pl.Boolean))
        merge.write_stage(connection, structures)
        history.compare(connection, batch.records)
        tally.read += len(structures) + repeated + len(batch.rejected)
        for number, reason in batch.rejected.iter_rows():
            tally.reject(number, reason)
        tally.noticed.update(batch.noticed)
        tally.unknown.update(batch.unknown_fields)


def _first_time(seen: set[str], identifier: str) -> bool:
    if identifier in seen:
        return False
    seen.add(identifier)
    return True


def _make_room(connection: Connection, asked: Run) -> None:
    """Between invented and real data nothing is compared and nothing kept: it is a first load."""
    served = ledger.served_load(connection, asked.pipeline)
    if served is not None and served.fictitious != asked.source.fictitious:
        connection.execute(delete(structure))
        connection.execute(delete(structure_change))
        history.forget(connection)


def _remember(connection: Connection, asked: Run, load_id: int) -> dict[str, Any]:
    """Changes and versions of this file. An older file than the last says nothing new of the world: it is only served."""
    before = history.newest(connection, asked.kinds)
    if before is not None and asked.produced_at < before:
        return {}
    changes = asked.changes(connection, load_id, before.date(), asked.produced_at.date()) if before else {}
    return {"changes": changes, "records": history.apply(connection, asked.kinds, asked.produced_at, load_id)}


def _counted(connection: Connection, asked: Run, tally: Tally) -> gates.Counted:
    noticed = tally.noticed
    unusable = noticed["coordonnees_inutilisables"] + noticed["coordonnees_hors_de_la_commune"]
    usable = noticed["coordonnees_lues_en_degres"] + noticed["coordonnees_lues_en_projection"]
    return gates.Counted(
        schema_version=asked.schema_version,
        size=asked.source.size,
        age_days=(datetime.now(UTC) - asked.produced_at).total_seconds() / SECONDS_PER_DAY,
        read=tally.read,
        kept=tally.kept,
        rejected=tally.rejected.total() - tally.rejected["numero_en_double"],
        repeated=tally.rejected["numero_en_double"],
        coordinates_published=unusable + usable,
        coordinates_unusable=unusable,
        downloaded=asked.source.origin == "live",
        fictitious=asked.source.fictitious,
        **merge.compare_with_served(connection),
    )


def _is_large(counts: dict[str, Any]) -> bool:
    """Whether a run wrote a good part of its tables."""
    written = sum(kind["new"] + kind["changed"] for kind in counts.get("records", {}).values())
    return bool(written > counts.get("kept", 0) * LARGE)


def _already_served(connection: Connection, asked: Run, started: float) -> Report | None:
    """Nothing to do for the file that is served, nor, unless given by hand, for one that an operator went back from."""
    served = ledger.served_load(connection, asked.pipeline)
    if asked.again or served is None or not (served.sha1 == asked.source.sha1 or _was_left(connection, asked, served)):
        return None
    return Report(
        load=served.id,
        state="unchanged",
        source=asked.source.name,
        counts={},
        gates=[],
        seconds=time.monotonic() - started,
    )


def _was_left(connection: Connection, asked: Run, served: Row[Any]) -> bool:
    went_back = "went_back_to" in served.counts
    return (
        went_back
        and asked.source.origin == "live"
        and ledger.was_published(connection, asked.pipeline, asked.source.sha1)
    )


def _recorded(
    engine: Engine,
    asked: Run,
    load_id: int,
    state: str,
    counts: dict[str, Any],
    verdicts: list[gates.Verdict],
    error: str | None = None,
) -> Report:
    with engine.begin() as connection:
        ledger.close_load(connection, load_id, state, counts=counts, verdicts=verdicts, error=error)
    return Report(
        load=load_id, state=state, source=asked.source.name, counts=counts, gates=verdicts, seconds=0, error=error
    )


def _peak_mib() -> int:
    """The most this process has ever held, in mebibytes (Linux counts in kibibytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class _Tried(Lum1Error):
    """A dry run that went through: rolled back on purpose."""
