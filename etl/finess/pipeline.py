"""A FINESS file into the served publication: read, transformed, handed to etl.load."""

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from etl import ledger
from etl.finess.extract import establishments, read_header
from etl.finess.transform import Transformed, transform
from etl.ledger import Source
from etl.load import Progress, Run, Silent, run
from etl.report import Report
from geo.errors import Refused


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

    def batches() -> Iterator[Transformed]:
        for published in establishments(file, lambda done: progress.advance(done, source.size)):
            yield transform(published, header.generated_at.date())

    asked = Run(pipeline="finess", source=source, batches=batches, accept=accept, dry_run=dry_run)
    return run(engine, search_root, asked, progress)


def _refused_unread(engine: Engine, source: Source, error: str) -> Report:
    load_id = ledger.open_load(engine, "finess", source)
    with engine.begin() as connection:
        ledger.close_load(connection, load_id, "refused", error=error)
    return Report(load=load_id, state="refused", source=source.name, counts={}, gates=[], seconds=0, error=error)
