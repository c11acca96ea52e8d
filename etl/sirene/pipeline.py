"""SIRENE into the served publication: the monthly stock, then what the API says day by day on top of it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import Connection, Engine, text

from etl import gates as common_gates
from etl import history, publish, running
from etl.coverage import coverage
from etl.gates import Gate
from etl.ledger import Source
from etl.load import SAMPLES, Steps
from etl.registers import establishments, settling, withheld
from etl.registers.together import bring_together, serve_together
from etl.report import Report
from etl.rhythm import PARIS
from etl.running import Attempt, Tried
from etl.sirene import gates, known
from etl.sirene.records import records_of
from etl.sirene.replay import bring_forward
from etl.sirene.rows import insee_time
from etl.sirene.scratch import scratch
from etl.sirene.transform import establishments_of
from geo.errors import Refused
from geo.sirene import KIND, PIPELINE

ROWS_AT_ONCE = 20_000


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What files of SIRENE say, parted at the door."""

    open: pl.LazyFrame  # rows.OPEN
    masked: pl.DataFrame  # rows.MASKED, and `said_at` where each row has a moment of its own
    masked_units: Mapping[
        str, datetime | None
    ] = {}  # SIREN that the API says are masked, whatever of their establishments
    doubt: str | None = None  # why nothing else of it may be believed
    rejected: Sequence[tuple[str | None, str]] = ()  # number, reason
    unreadable: int = 0  # more of them, of which nothing can be told
    repeated: int = 0  # rows of a number that another row gave
    read: int
    unknown: Mapping[str, int] = {}  # columns or members that nobody knew, and in how many rows
    counts: dict[str, Any] = msgspec.field(default_factory=dict)


class How(msgspec.Struct, frozen=True, kw_only=True):
    """What every way of refreshing is told."""

    home: Path
    search_root: Path
    origin: str = "file"
    licence: str = "lov2"
    accept: Collection[str] = ()
    dry_run: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which files, and how."""

    source: Source
    produced_at: datetime
    said_by: str  # stock, api
    said: Callable[[Connection, Path], Said]  # reads the files, working in a folder that lasts as long as the run
    gates: Collection[Gate]
    how: How
    steps: Steps
    reference: Callable[[Connection, Path, int], None] = lambda *_: None  # successions, duplicates
    heard_at: datetime | None = None  # of a status, which no treatment dates: when it was asked for
    about: Mapping[str, Any] = msgspec.field(default_factory=dict)  # what the ledger keeps of this load besides

    @property
    def is_stock(self) -> bool:
        return self.said_by == "stock"

    @property
    def day(self) -> date:
        """Of what is said, in Paris."""
        return self.produced_at.astimezone(PARIS).date()

    @property
    def said_at(self) -> datetime:
        """Which of two sayings on somebody's diffusion is newer."""
        return self.heard_at or self.produced_at

    @property
    def whole_at(self) -> datetime | None:
        """Up to when a stock says all that Insee treated, in Insee's own time; a page says it of no moment."""
        return self.produced_at.astimezone(PARIS).replace(tzinfo=None) if self.is_stock else None


def run(engine: Engine, asked: Asked) -> Report:
    """Publish what these files say; raises only when something broke, a refusal is a Report."""
    return running.alone(
        engine,
        PIPELINE,
        asked.source,
        running.Place(asked.how.home, asked.how.search_root),
        asked.steps,
        attempt=lambda connection, attempt: _alone(connection, attempt, asked),
        is_needless=lambda connection, served: known.is_needless(connection, served, asked.source.sha1),
        dry_run=asked.how.dry_run,
    )


def _alone(connection: Connection, attempt: Attempt, asked: Asked) -> int:
    """Under the lock of loads, so that nobody else works in this home."""
    with scratch(asked.how.home) as work:
        heard: list[Said] = []
        try:
            with connection.begin_nested():
                return _attempt(connection, attempt, asked, work, heard)
        except Exception:  # a gate, the database, a reader of files: whatever stops it
            if heard and asked.said_by == "api" and not asked.how.dry_run:
                _mask_all_the_same(connection, attempt, asked, heard[0])
            raise


def _mask_all_the_same(connection: Connection, attempt: Attempt, asked: Asked, said: Said) -> None:
    """Who turned to partial diffusion leaves, though nothing else of these pages is believed; committed before the end.

    A gate doubts how much changed, not what Insee's API says of one person. A stock is another matter (docs/operations.md).
    """
    if said.masked.is_empty() and not said.masked_units:
        return
    noted = _note(connection, asked, said, min(asked.said_at, datetime.now(UTC)))
    asked.steps("masques notés malgré le refus")
    together = serve_together(connection, asked.how.search_root, step=asked.steps)
    attempt.counts["noticed"] = {**attempt.counts.get("noticed", {}), "masques_malgre_le_refus": noted}
    attempt.counts |= {name: each for name, each in together.counts.items() if name == "purged"}
    settling.before_commit(connection, asked.how.home, attempt.counts)
    transaction = connection.get_transaction()
    if transaction is not None:
        transaction.commit()
    asked.steps("ménage")
    settling.finish(connection.engine, asked.how.home, asked.how.search_root)


def _note(connection: Connection, asked: Asked, said: Said, said_at: datetime) -> int:
    """Who is masked, in the register; how many were not."""
    noted = withheld.note_masked(connection, said.masked, asked.said_by, said_at, asked.whole_at)
    return noted + withheld.note_units_masked(connection, said.masked_units, said_at)


def _attempt(connection: Connection, attempt: Attempt, asked: Asked, work: Path, heard: list[Said]) -> int:
    """`heard` takes what the files say as soon as they are read, so that a refusal knows it."""
    attempt.counts |= {"said_by": asked.said_by, **asked.about}
    running.check_world(connection, asked.source)
    forward = bring_forward(connection, asked.day)
    asked.steps("lecture du registre")
    newest = history.newest(connection, [KIND])
    stock = known.stock(connection)
    said = asked.said(connection, work)
    heard.append(said)
    if said.doubt:
        raise Refused(said.doubt)
    _note(connection, asked, said, asked.said_at)
    tally = _stage(connection, asked, said)
    attempt.counts |= tally.counts(said)
    asked.steps("portes")
    counted = _counted(connection, asked, said, tally, stock.produced_at if stock else None)
    attempt.verdicts += common_gates.judge(counted, asked.gates, asked.how.accept)
    if reasons := common_gates.refusals(attempt.verdicts):
        raise Refused(reasons)
    asked.steps("fusion")
    asked.reference(connection, work, attempt.load)
    attempt.counts["records"] = history.apply(connection, [KIND], asked.produced_at, attempt.load, whole=asked.is_stock)
    _apply(connection, asked, said, attempt)
    asked.steps("rapprochement des registres")
    if asked.is_stock:
        withheld.forget_units(connection, asked.said_at)
    together = bring_together(
        connection, attempt.load, whole=asked.is_stock, told_on=asked.day if newest is not None else None
    )
    attempt.counts |= together.counts | coverage(connection, PIPELINE)
    if asked.how.dry_run:
        raise Tried
    version = publish.publish(
        connection,
        asked.how.search_root,
        {PIPELINE: attempt.load},
        fictitious=asked.source.fictitious,
        changed=forward + together.changed,
        step=asked.steps,
    )
    attempt.counts |= {"seconds": asked.steps.end(), "peak_mib": running.peak_mib()}
    return version


class Tally:
    """Counts gathered while the stage fills."""

    def __init__(self) -> None:
        self.kept = 0
        self.noticed: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.samples: dict[str, list[str]] = {}

    def reject(self, number: str | None, reason: str) -> None:
        self.rejected[reason] += 1
        samples = self.samples.setdefault(reason, [])
        if number and len(samples) < SAMPLES:
            samples.append(number[:40])

    def counts(self, said: Said) -> dict[str, Any]:
        return {
            "read": said.read,
            "kept": self.kept,
            "rejected": {reason: n for reason, n in self.rejected.items() if n},
            "samples": self.samples,
            "unknown_fields": dict(said.unknown),
            "noticed": {"tenus_a_l_ecart": said.masked.height, **said.counts, **dict(sorted(self.noticed.items()))},
        }


def _stage(connection: Connection, asked: Asked, said: Said) -> Tally:
    """Every open row that may be told, compared with what is known and made ready."""
    tally = Tally()
    for number, reason in said.rejected:
        tally.reject(number, reason)
    tally.rejected.update({"sans siret lisible": said.unreadable, "siret déjà lu": said.repeated})
    history.open_comparison(connection)
    establishments.open_stage(connection)
    for opened in _pieces(said.open):
        told = _told(connection, asked, opened, tally)
        history.compare(connection, records_of(told))
        made, noticed = establishments_of(told, asked.day)
        establishments.write_stage(connection, made)
        tally.noticed.update(noticed)
        tally.kept += told.height
    if asked.whole_at is not None:  # what the API created since is in no stock yet
        history.mark_seen(connection, KIND, establishments.treated_since(connection, asked.whole_at))
    return tally


def _pieces(opened: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    start = 0
    while (piece := opened.slice(start, ROWS_AT_ONCE).collect()).height:
        yield piece
        start += piece.height


def _told(connection: Connection, asked: Asked, opened: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """Those of these rows that may be told and that say something newer than what is known."""
    sirets = opened["siret"].to_list()
    withheld.note_open(connection, opened.select("siret", "siren", said_at=_said_at(asked)), asked.said_by)
    withheld.note_of_masked_units(connection, opened)
    hidden = withheld.withheld_among(connection, sirets)
    newer = establishments.newer_than(connection, opened.select("siret", "treated_at"), asked.whole_at) - hidden
    history.mark_seen(connection, KIND, newer)
    tally.noticed.update(ecartes_par_les_registres=len(hidden), plus_anciens_que_connus=len(newer))
    return opened.filter(~pl.col("siret").is_in(list(hidden | newer)))


def _said_at(asked: Asked) -> pl.Expr:
    """When a row of OPEN was said: a stock says all of its rows at once, a page each when Insee treated it."""
    if asked.is_stock:
        return pl.lit(asked.said_at.astimezone(UTC)).cast(withheld.SAID_AT)
    treated = insee_time(pl.col("treated_at"), of_masked=False)
    latest = pl.lit(asked.said_at.astimezone(UTC)).cast(withheld.SAID_AT)
    return pl.when(treated <= latest).then(treated).when(treated > latest).then(latest)


def _apply(connection: Connection, asked: Asked, said: Said, attempt: Attempt) -> None:
    changes = establishments.apply(connection, attempt.load, asked.whole_at)
    attempt.counts["establishments"] = msgspec.structs.asdict(changes)


def _counted(
    connection: Connection, asked: Asked, said: Said, tally: Tally, newest_stock: datetime | None
) -> gates.Counted:
    compared: dict[str, int] = dict(connection.execute(text(COMPARE)).mappings().one())
    return gates.Counted(
        schema_version="",
        age_days=common_gates.age_in_days(asked.produced_at),
        read=said.read,
        kept=tally.kept,
        masked=said.masked.height,
        rejected=tally.rejected.total(),
        repeated=said.repeated,
        produced_at=asked.produced_at,
        newest_stock=newest_stock,
        downloaded=asked.source.origin == "live",
        fictitious=asked.source.fictitious,
        **compared,
    )


# Asked once a run, before anything moves: hash joins.
COMPARE = """
SELECT
    (SELECT count(*) FROM sirene_establishment WHERE active) AS previous,
    (SELECT count(*) FROM sirene_establishment AS e WHERE active AND NOT EXISTS (
        SELECT FROM seen_record AS seen WHERE (seen.kind, seen.key) = ('siret', e.siret)
    ) AND NOT EXISTS (SELECT FROM masked_siret AS m WHERE m.siret = e.siret)) AS removed,
    (SELECT count(*) FROM sirene_establishment AS e JOIN establishment_stage AS g USING (siret)
     WHERE e.active AND NOT g.active) AS ceased,
    (SELECT count(*) FROM sirene_establishment AS e JOIN masked_siret USING (siret) WHERE e.active) AS newly_masked,
    count(*) AS common,
    count(*) FILTER (WHERE e.position_source = 'insee') AS placed_before,
    count(*) FILTER (WHERE g.position_source = 'insee') AS placed_now
FROM sirene_establishment AS e
JOIN establishment_stage AS g USING (siret)
WHERE e.active AND g.active
"""
