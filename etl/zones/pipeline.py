"""A file of zones into what is served: all of them replaced at once, in one transaction."""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, text

from etl import gates as common_gates
from etl import ledger, publish, running
from etl.copying import copy_rows, create_temporary
from etl.ledger import Source
from etl.load import Steps, TallyByNumber
from etl.registers import acts
from etl.report import Report
from etl.running import Attempt, Place, Tried
from etl.zones import gates
from etl.zones.extract import Header, Part, Rejected, Zone, read_header, zones
from geo.errors import Refused
from geo.progress import Progress, Silent
from geo.zones import PIPELINE

UNKNOWN_STRUCTURE = "zone_de_structure_inconnue"
DECLARED = {"number": "text", "kind": "text", "code": "text", "outline": "bytea", "declared_on": "date"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which file, and how."""

    file: Path
    header: Header
    source: Source
    place: Place
    accept: Collection[str]
    dry_run: bool
    steps: Steps


def refresh(
    engine: Engine,
    search_root: Path,
    file: Path,
    *,
    home: Path,
    accept: Collection[str] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Serve the zones of a file; a refusal is recorded in the ledger and reported."""
    source = ledger.source_of(file, origin="file", fictitious=False)
    try:
        header = read_header(file)
    except Refused as refusal:
        return running.refused_unread(engine, PIPELINE, source, str(refusal))
    asked = Asked(
        file=file,
        header=header,
        source=ledger.told(source, produced_at=header.produced_at, fictitious=header.fictif),
        place=Place(home, search_root),
        accept=accept,
        dry_run=dry_run,
        steps=Steps(progress or Silent()),
    )
    # after a backup: who was withheld since has no zone
    acts.reapply(acts.Instance(engine, home, search_root), progress)
    return running.alone(
        engine,
        PIPELINE,
        asked.source,
        asked.place,
        asked.steps,
        attempt=lambda connection, attempt: _attempt(connection, attempt, asked),
        dry_run=dry_run,
    )


def _attempt(connection: Connection, attempt: Attempt, asked: Asked) -> int:
    running.check_world(connection, asked.source)
    asked.steps("lecture des zones")
    tally = TallyByNumber()
    create_temporary(connection, "declared", DECLARED)
    copy_rows(connection, "declared", DECLARED, _rows(asked.file, tally))
    connection.exec_driver_sql("ANALYZE declared")
    connection.execute(text(BEARERS))
    connection.exec_driver_sql("ANALYZE bearer")
    for number in connection.execute(text(UNKNOWN)).scalars():
        tally.reject(number, UNKNOWN_STRUCTURE)
        tally.numbers.discard(number)
    attempt.counts |= tally.counts()
    asked.steps("portes")
    previous = connection.execute(text(PREVIOUS)).scalar_one()
    counted = gates.Counted(
        read=tally.read,
        kept=tally.kept,
        unusable=tally.rejected.total() - tally.rejected[UNKNOWN_STRUCTURE],
        previous=previous,
        fictitious=asked.source.fictitious,
    )
    attempt.verdicts += common_gates.judge(counted, gates.GATES, asked.accept)
    if reasons := common_gates.refusals(attempt.verdicts):
        raise Refused(reasons)
    asked.steps("zones des structures")
    connection.exec_driver_sql("DELETE FROM intervention_zone")
    connection.execute(text(KEEP), {"load": attempt.load})
    connection.exec_driver_sql("ANALYZE intervention_zone")
    if asked.dry_run:
        raise Tried
    version = publish.publish(
        connection,
        asked.place.search_root,
        {PIPELINE: attempt.load},
        fictitious=asked.source.fictitious,
        changed=0,
        step=asked.steps,
    )
    attempt.counts |= {"seconds": asked.steps.end(), "peak_mib": running.peak_mib()}
    return version


def _rows(file: Path, tally: TallyByNumber) -> Iterator[tuple[object, ...]]:
    """A row of DECLARED for each part; a number that comes again is rejected, the first one stands."""
    for each in zones(file):
        tally.read += 1
        if isinstance(each, Rejected):
            tally.reject(each.number, each.reason)
        elif each.number in tally.numbers:
            tally.reject(each.number, "zone_en_double")
        else:
            tally.numbers.add(each.number)
            yield from (_row(each, part, tally) for part in each.parts)


def _row(zone: Zone, part: Part, tally: TallyByNumber) -> tuple[object, ...]:
    tally.noticed[f"parts_de_zone_{part.kind}"] += 1
    declared_on = date.fromisoformat(zone.declared_on) if zone.declared_on else None
    return (zone.number, part.kind.value, part.code, part.outline, declared_on)


PREVIOUS = "SELECT count(DISTINCT structure) FROM intervention_zone"
# Who bears each number: one pass over `structure`. Who must not be told has none: her zone is not kept.
BEARERS = """
CREATE TEMPORARY TABLE bearer ON COMMIT DROP AS
SELECT DISTINCT ON (number) number, borne.id
FROM (SELECT DISTINCT number FROM declared) AS d
JOIN (
    SELECT unnest(finess) AS number, id FROM structure
    UNION ALL
    SELECT unnest(siret), id FROM structure
) AS borne USING (number)
ORDER BY number, borne.id
"""
UNKNOWN = """
SELECT DISTINCT number FROM declared AS d
WHERE NOT EXISTS (SELECT FROM bearer WHERE bearer.number = d.number)
ORDER BY number
"""
KEEP = """
INSERT INTO intervention_zone (structure, kind, code, outline, declared_on, load_id)
SELECT bearer.id, d.kind, d.code, ST_SetSRID(ST_GeomFromWKB(d.outline), 4326), d.declared_on, :load
FROM declared AS d JOIN bearer USING (number)
"""
