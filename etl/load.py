"""One run of a pipeline: staged, judged, merged, published, recorded; or refused with nothing changed."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
import polars as pl
from sqlalchemy import Connection, Engine, delete, func, select

from etl import gates, ledger, merge, publish
from etl.ledger import Source
from etl.report import Report
from geo.errors import Lum1Error, Refused
from geo.structures import structure


class Batch(Protocol):
    """What a register's transform gives for each batch."""

    @property
    def structures(self) -> pl.DataFrame: ...
    @property
    def rejected(self) -> pl.DataFrame: ...  # with the reason of each
    @property
    def noticed(self) -> Mapping[str, int]: ...


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


class Tally:
    """Counts gathered while the stage fills."""

    def __init__(self) -> None:
        self.read = 0
        self.seen: set[str] = set()
        self.rejected: Counter[str] = Counter()
        self.noticed: Counter[str] = Counter()

    @property
    def kept(self) -> int:
        return len(self.seen)

    def counts(self) -> dict[str, object]:
        return {
            "read": self.read,
            "kept": self.kept,
            "rejected": dict(self.rejected),
            "noticed": dict(sorted(self.noticed.items())),
        }


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What to load and how."""

    pipeline: str
    source: Source
    batches: Callable[[], Iterator[Batch]]
    accept: Collection[str] = ()
    dry_run: bool = False


def run(engine: Engine, search_root: Path, asked: Run, progress: Progress | None = None) -> Report:
    """Load, judge and publish; raises only when something broke, a refusal is a Report."""
    progress = progress or Silent()
    started = time.monotonic()
    with ledger.only_load(engine) as lock:
        if report := _already_served(lock, asked, started):
            return report
        load_id = ledger.open_load(engine, asked.pipeline, asked.source)
        with _failure_recorded(engine, load_id):
            report = _attempt(engine, search_root, asked, load_id, progress)
        if report.state == "published":
            publish.sweep(engine, search_root)
    return msgspec.structs.replace(
        report, seconds=time.monotonic() - started, pipeline=asked.pipeline, origin=asked.source.origin
    )


def _attempt(engine: Engine, search_root: Path, asked: Run, load_id: int, progress: Progress) -> Report:
    tally, verdicts = Tally(), list[gates.Verdict]()
    try:
        with engine.begin() as connection:
            _make_room(connection, asked)
            merge.create_stage(connection)
            progress.step("lecture du registre")
            fill_stage(connection, asked.batches(), tally)
            merge.index_stage(connection)
            verdicts += gates.judge(_counted(connection, asked, tally), asked.accept)
            if reasons := gates.refusals(verdicts):
                raise Refused(reasons)
            progress.step("fusion")
            changes = merge.merge(connection, load_id)
            counts = tally.counts() | {"changes": msgspec.structs.asdict(changes)}
            version = publish.publish(
                connection, search_root, [load_id], fictitious=asked.source.fictitious, step=progress.step
            )
            if asked.dry_run:
                raise _Tried(counts)
            ledger.close_load(connection, load_id, "published", counts=counts, verdicts=verdicts)
    except _Tried as tried:
        return _recorded(engine, asked, load_id, "tried", tried.counts, verdicts)
    except Refused as refusal:
        return _recorded(engine, asked, load_id, "refused", tally.counts(), verdicts, str(refusal))
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
    """Write every usable row once; a number met again is rejected, the first one stands."""
    for batch in batches:
        structures = batch.structures
        fresh = [_first_time(tally.seen, each) for each in structures["id"]]
        repeated = len(fresh) - sum(fresh)
        merge.write_stage(connection, structures.filter(pl.Series(fresh, dtype=pl.Boolean)) if repeated else structures)
        tally.read += len(structures) + len(batch.rejected)
        tally.rejected.update(batch.rejected["reason"])
        tally.rejected.update({"numero_en_double": repeated} if repeated else {})
        tally.noticed.update(batch.noticed)


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


def _counted(connection: Connection, asked: Run, tally: Tally) -> gates.Counted:
    unusable = tally.noticed["coordonnees_inutilisables"] + tally.noticed["coordonnees_hors_de_la_commune"]
    return gates.Counted(
        size=asked.source.size,
        read=tally.read,
        kept=tally.kept,
        rejected=tally.rejected.total(),
        open=tally.noticed["ouvertes"],
        coordinates_published=unusable
        + tally.noticed["coordonnees_lues_en_degres"]
        + tally.noticed["coordonnees_lues_en_projection"],
        coordinates_unusable=unusable,
        previous=connection.execute(select(func.count()).select_from(structure)).scalar_one(),
        removed=merge.count_removed(connection),
        downloaded=asked.source.origin == "live",
    )


def _already_served(connection: Connection, asked: Run, started: float) -> Report | None:
    served = ledger.served_load(connection, asked.pipeline)
    if served is None or served.sha1 != asked.source.sha1:
        return None
    return Report(
        load=served.id,
        state="unchanged",
        source=asked.source.name,
        counts={},
        gates=[],
        seconds=time.monotonic() - started,
    )


def _recorded(
    engine: Engine,
    asked: Run,
    load_id: int,
    state: str,
    counts: dict[str, object],
    verdicts: list[gates.Verdict],
    error: str | None = None,
) -> Report:
    with engine.begin() as connection:
        ledger.close_load(connection, load_id, state, counts=counts, verdicts=verdicts, error=error)
    return Report(
        load=load_id, state=state, source=asked.source.name, counts=counts, gates=verdicts, seconds=0, error=error
    )


@contextmanager
def _failure_recorded(engine: Engine, load_id: int) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        with engine.begin() as connection:
            ledger.close_load(connection, load_id, "failed", error=f"{type(error).__name__} : {error}")
        raise


class _Tried(Lum1Error):
    """A dry run that went through: rolled back on purpose."""

    def __init__(self, counts: dict[str, object]) -> None:
        super().__init__("essai à blanc")
        self.counts = counts
