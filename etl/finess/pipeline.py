"""A FINESS file into the served publication: read, transformed, handed to etl.load."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from etl import ledger
from etl.finess.changes import write_changes
from etl.finess.extract import Chunk, Header, chunks, read_header
from etl.finess.records import KINDS, groups_of, records_of
from etl.finess.transform import transform
from etl.ledger import Source
from etl.load import Batch, Progress, Run, Silent, run
from etl.report import Report
from geo.errors import Refused

PIPELINE = "finess"


def refresh(
    engine: Engine,
    search_root: Path,
    file: Path,
    *,
    origin: str = "file",
    licence: str = "lov2",
    accept: Collection[str] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Publish a FINESS « structures » file (plain or gzip JSON); a refusal is recorded in the ledger and reported."""
    progress = progress or Silent()
    source = ledger.source_of(file, origin=origin, fictitious=False, licence=licence)
    try:
        header = read_header(file)
    except Refused as refusal:
        return _refused_unread(engine, source, str(refusal))
    source = msgspec.structs.replace(
        source,
        produced_at=header.generated_at,
        fictitious=header.fictitious,
        origin="demo" if header.fictitious else origin,
    )
    read = chunks(file, lambda done: progress.advance(done, source.size))
    asked = Run(
        pipeline=PIPELINE,
        source=source,
        produced_at=header.generated_at,
        schema_version=header.schema_version,
        batches=lambda: batches(header, read, header.generated_at),
        kinds=KINDS,
        changes=write_changes,
        accept=accept,
        dry_run=dry_run,
    )
    return run(engine, search_root, asked, progress)


def batches(header: Header, read: Iterator[Chunk], produced_at: datetime) -> Iterator[Batch]:
    """Chunks as rows to serve and records to remember."""
    unknown: Counter[str] = Counter()
    groups = groups_of(header, unknown)
    for chunk in read:
        transformed = transform(chunk.establishments, produced_at.date())
        yield Batch(
            structures=transformed.structures,
            rejected=transformed.rejected,
            noticed=dict(transformed.noticed) | ({"entites_illisibles": chunk.unreadable} if chunk.unreadable else {}),
            records=chain(groups, records_of(chunk, transformed.positions, unknown)),
            unknown_fields=unknown,
        )
        unknown.clear()


def _refused_unread(engine: Engine, source: Source, error: str) -> Report:
    load_id = ledger.open_load(engine, PIPELINE, source)
    with engine.begin() as connection:
        ledger.close_load(connection, load_id, "refused", error=error)
    return Report(load=load_id, state="refused", source=source.name, counts={}, gates=[], seconds=0, error=error)
