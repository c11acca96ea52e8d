"""An activities file into the served publication: history, the filter's codes, projections, in one transaction."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, text

from etl import gates as common_gates
from etl import history, ledger, publish, running
from etl.finess.activites import attach, gates
from etl.finess.activites.extract import Header, chunks, read_header
from etl.finess.activites.records import read
from etl.ledger import Source
from etl.load import Steps, TallyByNumber
from etl.registers.together import keep_apart
from etl.report import Report
from etl.running import Attempt, Place, Tried
from geo.activites import KIND, PIPELINE
from geo.errors import Refused
from geo.progress import Progress, Silent


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which file, and how."""

    file: Path
    header: Header
    source: Source
    place: Place
    accept: Collection[str]
    dry_run: bool
    progress: Progress
    steps: Steps


def refresh(
    engine: Engine,
    search_root: Path,
    file: Path,
    *,
    home: Path,
    origin: str = "file",
    licence: str = "lov2",
    accept: Collection[str] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Publish a FINESS « activités » file (plain or gzip JSON); a refusal is recorded in the ledger and reported."""
    progress = progress or Silent()
    source = ledger.source_of(file, origin=origin, fictitious=False, licence=licence)
    try:
        header = read_header(file)
    except Refused as refusal:
        return running.refused_unread(engine, PIPELINE, source, str(refusal))
    source = ledger.told(source, produced_at=header.generated_at, fictitious=header.fictitious)
    asked = Asked(
        file=file,
        header=header,
        source=source,
        place=Place(home, search_root),
        accept=accept,
        dry_run=dry_run,
        progress=progress,
        steps=Steps(progress),
    )
    return running.alone(
        engine,
        PIPELINE,
        source,
        asked.place,
        asked.steps,
        attempt=lambda connection, attempt: _attempt(connection, attempt, asked),
        dry_run=dry_run,
    )


def _attempt(connection: Connection, attempt: Attempt, asked: Asked) -> int:
    running.check_world(connection, asked.source)
    history.open_comparison(connection)
    attach.create_standing(connection)
    asked.steps("lecture des activités")
    tally = TallyByNumber()
    _read_whole(connection, asked, tally)
    attempt.counts |= tally.counts()
    asked.steps("portes")
    attempt.verdicts += common_gates.judge(_counted(connection, asked, tally), gates.GATES, asked.accept)
    if reasons := common_gates.refusals(attempt.verdicts):
        raise Refused(reasons)
    asked.steps("activités des structures")
    attempt.counts["records"] = history.apply(connection, [KIND], asked.header.generated_at, attempt.load)
    attach.resolve_named(connection)
    attempt.counts["structures"] = {"updated": attach.attach_all(connection)}
    together = keep_apart(connection)
    attempt.counts |= together.counts
    if asked.dry_run:
        raise Tried
    version = publish.publish(
        connection,
        asked.place.search_root,
        {PIPELINE: attempt.load},
        fictitious=asked.source.fictitious,
        changed=attempt.counts["structures"]["updated"] + together.changed,
        step=asked.steps,
    )
    attempt.counts |= {"seconds": asked.steps.end(), "peak_mib": running.peak_mib()}
    return version


def _read_whole(connection: Connection, asked: Asked, tally: TallyByNumber) -> None:
    today = asked.header.generated_at.date()
    for chunk in chunks(asked.file, lambda done: asked.progress.advance(done, asked.source.size)):
        found = read(chunk, today, tally)
        history.compare(connection, found.records)
        attach.write_standing(connection, found.standing, found.named)


def _counted(connection: Connection, asked: Asked, tally: TallyByNumber) -> gates.Counted:
    rejected = tally.rejected
    compared: dict[str, Any] = dict(connection.execute(text(COMPARE), {"kind": KIND}).mappings().one())
    return gates.Counted(
        schema_version=asked.header.schema_version,
        produced_at=asked.header.generated_at,
        newest=history.newest(connection, [KIND]),
        age_days=common_gates.age_in_days(asked.header.generated_at),
        read=tally.read,
        numbers=tally.kept,
        rejected=rejected.total() - rejected["numero_en_double"],
        repeated=rejected["numero_en_double"],
        downloaded=asked.source.origin == "live",
        fictitious=asked.source.fictitious,
        **compared,
    )


# Asked once a run, before anything moves: what the file lacks of what is published, and what it has that structures lack. The
# numbers of the history answer from source_record_current_idx, those of structures from one scan.
COMPARE = """
WITH today AS (
    SELECT key FROM source_record WHERE kind = :kind AND valid_to IS NULL
), known AS (
    SELECT unnest(finess) AS key FROM structure
    UNION
    SELECT ej_finess FROM structure WHERE ej_finess IS NOT NULL
    UNION
    SELECT key FROM source_record WHERE kind = 'pmej' AND valid_to IS NULL
)
SELECT
    (SELECT count(*) FROM today) AS previous,
    (SELECT count(*) FROM today WHERE NOT EXISTS (
        SELECT FROM seen_record AS seen WHERE (seen.kind, seen.key) = (:kind, today.key)
    )) AS removed,
    (SELECT count(*) FROM seen_record AS seen WHERE kind = :kind AND NOT EXISTS (
        SELECT FROM known WHERE known.key = seen.key
    )) AS orphans
"""
