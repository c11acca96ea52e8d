"""A FINESS file into the served publication: read, transformed, handed to etl.load."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, func, select, update

from etl import ledger, running
from etl.finess.activites.attach import attach_activities
from etl.finess.changes import write_changes
from etl.finess.extract import Chunk, Header, chunks, read_header
from etl.finess.legacy_load import ancien_positions, load_ancien
from etl.finess.records import KINDS, groups_of, records_of
from etl.finess.transform import transform
from etl.load import Batch, Run, run
from etl.registers.together import bring_together
from etl.report import Report
from etl.running import Place
from geo.ancien import finess_ancien
from geo.errors import Refused
from geo.progress import Progress, Silent
from geo.publication import load

PIPELINE, ANCIEN = "finess", "finess_ancien"


def refresh(
    engine: Engine,
    search_root: Path,
    file: Path,
    *,
    home: Path,
    origin: str = "file",
    licence: str = "lov2",
    ancien_csv: Path | None = None,
    accept: Collection[str] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Publish a FINESS « structures » file (plain or gzip JSON); a refusal is recorded in the ledger and reported.

    `home`: where the registers of those who must not be told are kept beside the database.
    `ancien_csv`: the legacy file to learn positions and labels from on the way, for this run and those to come.
    """
    progress = progress or Silent()
    source = ledger.source_of(file, origin=origin, fictitious=False, licence=licence)
    try:
        header = read_header(file)
    except Refused as refusal:
        return running.refused_unread(engine, PIPELINE, source, str(refusal))
    source = ledger.told(source, produced_at=header.generated_at, fictitious=header.fictitious)
    credits: dict[str, int] = {}
    learnt = ancien_csv if not header.fictitious else None
    read = chunks(file, lambda done: progress.advance(done, source.size))
    asked = Run(
        pipeline=PIPELINE,
        source=source,
        produced_at=header.generated_at,
        schema_version=header.schema_version,
        batches=lambda connection: batches(header, read, _ancien(connection, learnt, header, credits)),
        again=learnt is not None,
        credits=credits,
        kinds=KINDS,
        changes=write_changes,
        after_merge=complete,
        accept=accept,
        dry_run=dry_run,
    )
    return run(engine, Place(home, search_root), asked, progress)


def complete(connection: Connection, load_id: int) -> tuple[int, dict[str, Any]]:
    """What the other flows give to the structures just merged."""
    attached = attach_activities(connection)
    together = bring_together(connection, load_id, whole=False)
    return attached + together.changed, together.counts


def batches(header: Header, read: Iterator[Chunk], ancien: pl.DataFrame | None) -> Iterator[Batch]:
    """Chunks as rows to serve and records to remember; `ancien`: the legacy file's positions."""
    unknown: Counter[str] = Counter()
    groups = list(groups_of(header, unknown))
    for chunk in read:
        transformed = transform(chunk.establishments, header.generated_at.date(), ancien)
        yield Batch(
            structures=transformed.structures,
            rejected=transformed.rejected,
            noticed=dict(transformed.noticed) | ({"entites_illisibles": chunk.unreadable} if chunk.unreadable else {}),
            records=[*groups, *records_of(chunk, transformed.positions, unknown)],
            unknown_fields=unknown,
        )
        groups, unknown = [], Counter()


def _ancien(connection: Connection, file: Path | None, header: Header, credits: dict[str, int]) -> pl.DataFrame | None:
    """The legacy positions, those of `file` learnt first; real points are nothing to an invented country."""
    if header.fictitious:
        return None
    if file is not None:
        source = ledger.source_of(file, origin="file", fictitious=False)
        load_id = ledger.begin_load(connection, ANCIEN, source)
        counts = load_ancien(connection, file)
        produced_on = connection.execute(select(func.max(finess_ancien.c.produced_on))).scalar_one()
        connection.execute(update(load).where(load.c.id == load_id).values(produced_at=produced_on))
        ledger.close_load(connection, load_id, "published", counts=counts)
        credits[ANCIEN] = load_id
    return ancien_positions(connection)
