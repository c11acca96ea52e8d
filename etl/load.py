"""One run of a pipeline: staged, judged, merged, published, recorded; or refused with nothing changed."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import Connection, Engine, Row, delete

from etl import gates, history, ledger, merge, publish, running
from etl.coverage import coverage
from etl.history import Published, storable
from etl.ledger import Source
from etl.registers.together import forget_sirene
from etl.report import Report
from etl.running import Attempt, Place, Tried
from geo.errors import Refused
from geo.history import structure_change
from geo.progress import Progress, Silent
from geo.structures import structure

FIELDS_TOLD = 200  # a file whose every field is unknown is another file: the report need not hold them all
SAMPLES = 5  # register numbers kept for each reason of refusal: enough to look one up


class Batch(msgspec.Struct):
    """What a register's transform gives for each piece of a file."""

    structures: pl.DataFrame
    rejected: pl.DataFrame  # the register's number and the reason of each
    noticed: Mapping[str, int]
    records: list[Published]
    unknown_fields: Mapping[str, int]


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
        self.rejected: Counter[str] = Counter()
        self.samples: dict[str, list[str]] = {}
        self.noticed: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()

    @property
    def kept(self) -> int:
        return self.read - self.rejected.total()

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
            "unknown_fields": {storable(name): n for name, n in sorted(self.unknown.most_common(FIELDS_TOLD))},
        }


class TallyByNumber(Tally):
    """What is read and rejected is a part or a line, what is kept a register's number."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: set[str] = set()

    @property
    def kept(self) -> int:
        return len(self.numbers)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What to load and how."""

    pipeline: str
    source: Source
    produced_at: datetime
    schema_version: str
    batches: Callable[[Connection], Iterator[Batch]]
    kinds: Collection[str]  # of source records that this file holds whole
    changes: Callable[[Connection, int, date, date], dict[str, int]]
    # what other loads give to the rows just merged: how many it changed, and what it counted
    after_merge: Callable[[Connection, int], tuple[int, dict[str, Any]]]
    again: bool = False  # even if this file is served already: something that it is read with is new
    credits: dict[str, int] = msgspec.field(default_factory=dict)  # other loads that this run makes, by pipeline
    accept: Collection[str] = ()
    dry_run: bool = False


def run(engine: Engine, place: Place, asked: Run, progress: Progress | None = None) -> Report:
    """Load, judge and publish; raises only when something broke, a refusal is a Report."""
    steps = Steps(progress or Silent())
    return running.alone(
        engine,
        asked.pipeline,
        asked.source,
        place,
        steps,
        attempt=lambda connection, attempt: _attempt(connection, attempt, place.search_root, asked, steps),
        is_needless=lambda connection, served: _is_needless(connection, asked, served),
        dry_run=asked.dry_run,
    )


def _attempt(connection: Connection, attempt: Attempt, search_root: Path, asked: Run, steps: Steps) -> int:
    tally = Tally()
    _make_room(connection, asked)
    merge.create_stage(connection)
    history.open_comparison(connection)
    steps("lecture du registre")
    try:
        fill_stage(connection, asked.batches(connection), tally)
        _reject_repeated(merge.index_stage(connection), tally)
    finally:  # a file cut short is refused with what was read of it
        attempt.counts |= tally.counts()
    steps("portes")
    attempt.verdicts += gates.judge(_counted(connection, asked, tally), gates.GATES, asked.accept)
    if reasons := gates.refusals(attempt.verdicts):
        raise Refused(reasons)
    steps("fusion")
    attempt.counts |= _remember(connection, asked, attempt.load)
    changes = merge.merge(connection, attempt.load)
    attached, counted = asked.after_merge(connection, attempt.load)
    attempt.counts |= counted
    attempt.counts["structures"] = {n: getattr(changes, n) for n in ("inserted", "updated", "removed")}
    attempt.counts |= coverage(connection)
    if asked.dry_run:
        raise Tried
    version = publish.publish(
        connection,
        search_root,
        {**asked.credits, asked.pipeline: attempt.load},
        fictitious=asked.source.fictitious,
        changed=changes.inserted + changes.updated + changes.removed + attached,
        step=steps,
    )
    attempt.counts |= {"seconds": steps.end(), "peak_mib": running.peak_mib()}
    return version


def fill_stage(connection: Connection, batches: Iterator[Batch], tally: Tally) -> None:
    """Write every usable row and compare every record."""
    for batch in batches:
        merge.write_stage(connection, batch.structures)
        history.compare(connection, batch.records)
        tally.read += len(batch.structures) + len(batch.rejected)
        for number, reason in batch.rejected.iter_rows():
            tally.reject(number, reason)
        tally.noticed.update(batch.noticed)
        tally.unknown.update(batch.unknown_fields)


def _reject_repeated(repeated: merge.Repeated, tally: Tally) -> None:
    """A number met again is rejected, the first one stands."""
    if repeated.rows:
        tally.rejected["numero_en_double"] += repeated.rows
        tally.samples["numero_en_double"] = [identifier[1:] for identifier in repeated.samples]


def _make_room(connection: Connection, asked: Run) -> None:
    """Between invented and real data nothing is compared and nothing kept: it is a first load."""
    served = ledger.served_load(connection, asked.pipeline)
    if served is not None and served.fictitious != asked.source.fictitious:
        connection.execute(delete(structure))
        connection.execute(delete(structure_change))
        history.forget(connection)
        forget_sirene(connection)


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
        age_days=gates.age_in_days(asked.produced_at),
        read=tally.read,
        kept=tally.kept,
        rejected=tally.rejected.total() - tally.rejected["numero_en_double"],
        repeated=tally.rejected["numero_en_double"],
        coordinates_published=unusable + usable,
        coordinates_unusable=unusable,
        dates_published=noticed["dates_publiees"],
        dates_unreadable=noticed["dates_illisibles"],
        downloaded=asked.source.origin == "live",
        fictitious=asked.source.fictitious,
        **merge.compare_with_served(connection),
    )


def _is_needless(connection: Connection, asked: Run, served: Row[Any]) -> bool:
    """The file that is served or, unless given by hand, one that an operator went back from."""
    if asked.again:
        return False
    return bool(served.sha1 == asked.source.sha1) or _was_left(connection, asked, served)


def _was_left(connection: Connection, asked: Run, served: Row[Any]) -> bool:
    went_back = "went_back_to" in served.counts
    return (
        went_back
        and asked.source.origin == "live"
        and ledger.was_published(connection, asked.pipeline, asked.source.sha1)
    )
