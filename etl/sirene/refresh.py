"""`refresh sirene`: from the files given, or Insee's, to a run of the pipeline."""

import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from pathlib import Path

import msgspec
import polars as pl
from sqlalchemy import Connection, Engine, text

from etl import running
from etl.demo.parts import FICTITIOUS
from etl.ledger import Source, source_of
from etl.load import Steps
from etl.report import Report
from etl.rhythm import PARIS
from etl.sirene import gates, pipeline
from etl.sirene.api.pages import read_pages
from etl.sirene.archive import month_made
from etl.sirene.delta import said_by_pages
from etl.sirene.layout import ESTABLISHMENTS, GEOLOCATION, LEGAL_UNITS, check, undamaged
from etl.sirene.lineage import DUPLICATES, SUCCESSIONS, load_duplicates, load_successions
from etl.sirene.pipeline import Asked, How, Said
from etl.sirene.rows import TREATED
from etl.sirene.scan import stock
from geo.errors import Refused
from geo.progress import Progress, Silent
from geo.sirene import PIPELINE


class StockFiles(msgspec.Struct, frozen=True):
    """The month's files, parquet or CSV in its zip."""

    establishments: Path
    units: Path
    positions: Path | None = None
    successions: Path | None = None
    duplicates: Path | None = None

    def given(self) -> list[Path]:
        every = (self.establishments, self.units, self.positions, self.successions, self.duplicates)
        return [path for path in every if path is not None]


def refresh_stock(engine: Engine, files: StockFiles, how: How, progress: Progress | None = None) -> Report:
    """Publish a month's stock; a refusal is recorded in the ledger and reported."""
    source = _source(files.given(), how)
    try:
        _check(files)
        produced_at = last_treatment(files.establishments)
    except Refused as refusal:
        return running.refused_unread(engine, PIPELINE, source, str(refusal))
    source = msgspec.structs.replace(source, produced_at=produced_at, fictitious=is_fictitious(files.establishments))
    asked = Asked(
        source=source if not source.fictitious else msgspec.structs.replace(source, origin="demo"),
        produced_at=produced_at,
        said_by="stock",
        said=lambda connection, work: _said_by_stock(connection, files, work),
        gates=gates.STOCK_GATES,
        how=how,
        steps=Steps(progress or Silent()),
        reference=lambda connection, work, load_id: _load_lineage(connection, files, work, load_id),
    )
    return pipeline.run(engine, asked)


def refresh_pages(
    engine: Engine, pages: Sequence[Path], how: How, progress: Progress | None = None, *, fictitious: bool = False
) -> Report:
    """Publish pages of the API's answers, on top of what is known."""
    source = _source(pages, how)
    try:
        read = read_pages(pages)
    except Refused as refusal:
        return running.refused_unread(engine, PIPELINE, source, str(refusal))
    latest = read.rows[TREATED].max()
    produced_at = _instant(latest) if isinstance(latest, datetime) else datetime.now(UTC)
    asked = Asked(
        source=msgspec.structs.replace(source, produced_at=produced_at, fictitious=fictitious),
        produced_at=produced_at,
        said_by="api",
        said=lambda connection, work: said_by_pages(connection, read),
        gates=gates.PAGES_GATES,
        how=how,
        steps=Steps(progress or Silent()),
    )
    return pipeline.run(engine, asked)


def last_treatment(establishments: Path) -> datetime:
    """When Insee last treated anything in this stock: what it knows, it knows as of then.

    A zip says when it was made, some days into the month; what it holds was treated before that month.
    """
    if zipfile.is_zipfile(establishments):
        return datetime.combine(month_made(establishments), time.min, PARIS)
    with undamaged(establishments):
        last = pl.scan_parquet(establishments).select(pl.col(TREATED).max()).collect(engine="streaming").item()
    if not isinstance(last, datetime):
        raise Refused(
            f"{establishments.name} ne dit d’aucun établissement quand il fut traité : est-ce bien le stock ?"
        )
    return _instant(last)


def is_fictitious(file: Path) -> bool:
    """Whether a parquet says that it was invented by us."""
    return not zipfile.is_zipfile(file) and FICTITIOUS in pl.read_parquet_metadata(file)


def _instant(local: datetime) -> datetime:
    return local.replace(tzinfo=PARIS)


def _source(files: Iterable[Path], how: How) -> Source:
    """Several files as the one source that they are."""
    sources = [source_of(path, origin=how.origin, fictitious=False, licence=how.licence) for path in files]
    sums = hashlib.sha1("".join(each.sha1 for each in sources).encode(), usedforsecurity=False)
    return msgspec.structs.replace(
        sources[0],
        name=", ".join(each.name for each in sources),
        sha1=sums.hexdigest() if len(sources) > 1 else sources[0].sha1,
        size=sum(each.size for each in sources),
    )


def _check(files: StockFiles) -> None:
    """Every file is what it should be, before any work; a zip says it when it is unpacked."""
    expected = (
        (files.establishments, ESTABLISHMENTS),
        (files.units, LEGAL_UNITS),
        (files.positions, GEOLOCATION),
        (files.successions, SUCCESSIONS),
        (files.duplicates, DUPLICATES),
    )
    for path, source in expected:
        if path is not None and not zipfile.is_zipfile(path):
            check(path, source)


def _said_by_stock(connection: Connection, files: StockFiles, work: Path) -> Said:
    named = set(connection.execute(text(NAMED)).scalars())
    parted = stock(files.establishments, files.units, files.positions, work, named)
    counts = msgspec.structs.asdict(parted.counts)
    told = {f"stock_{name}": counts[name] for name in ("in_scope", "named_found", "closed_dropped")}
    return Said(
        open=pl.scan_parquet(parted.open),
        masked=pl.read_parquet(parted.masked),
        read=parted.counts.read,
        unreadable=parted.counts.unreadable,
        repeated=parted.counts.repeated,
        unknown=dict.fromkeys(parted.unknown_columns, parted.counts.read),
        counts=told,
    )


def _load_lineage(connection: Connection, files: StockFiles, work: Path, load_id: int) -> None:
    if files.successions:
        load_successions(connection, files.successions, work, load_id)
    if files.duplicates:
        load_duplicates(connection, files.duplicates, work, load_id)


# Whatever FINESS names, and what we keep anything of: its closing must be seen, and that it is masked long after it closed.
NAMED = """
SELECT unnest(coalesce(o.siret, s.siret)) FROM structure AS s LEFT JOIN structure_own AS o USING (id)
UNION
SELECT key FROM source_record WHERE kind = 'siret'
UNION
SELECT siret FROM link WHERE valid_to IS NULL AND status <> 'rejected'
"""
