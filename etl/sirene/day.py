"""One day of the API, whole in the spool, as one load."""

import hashlib
from datetime import date, datetime, time

import msgspec
from sqlalchemy import Engine

from etl import running
from etl.ledger import Source
from etl.load import Steps
from etl.report import Report
from etl.rhythm import PARIS
from etl.sirene import gates, pipeline
from etl.sirene.api import Spool, read_day
from etl.sirene.api.watermark import FOLLOWED
from etl.sirene.delta import said_by_day
from etl.sirene.pipeline import Asked, How
from geo.errors import Refused
from geo.progress import Progress
from geo.sirene import PIPELINE


def load_day(engine: Engine, spool: Spool, day: date, how: How, progress: Progress, doubt: str | None = None) -> Report:
    """Publish what a day changed; one without an entry is a load all the same, after which the next day comes.

    `doubt`: why it cannot be published yet; who is masked in it leaves all the same.
    """
    source = source_of_day(spool, day)
    try:
        delta = read_day(spool, day)
    except Refused as refusal:
        return running.refused_unread(engine, PIPELINE, source, str(refusal))
    asked = Asked(
        source=source,
        produced_at=_end_of(day),
        said_by="api",
        said=lambda connection, work: msgspec.structs.replace(
            said_by_day(connection, delta), doubt=doubt or delta.doubt
        ),
        gates=gates.PAGES_GATES,
        how=how,
        steps=Steps(progress),
        about={"api_day": day.isoformat()},
    )
    return pipeline.run(engine, asked)


def source_of_day(spool: Spool, day: date) -> Source:
    """The day and the sum of its pages: two days without an entry are two sources."""
    bodies = [file.read_bytes() for collection in FOLLOWED for file in spool.of(day, collection).files]
    total = hashlib.sha1(day.isoformat().encode(), usedforsecurity=False)
    for body in bodies:
        total.update(body)
    return Source(
        name=f"API Sirene, {day:%d/%m/%Y}",
        origin="live",
        fictitious=False,
        sha1=total.hexdigest(),
        size=sum(map(len, bodies)),
        produced_at=_end_of(day),
    )


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, PARIS)
