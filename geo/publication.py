"""What is being served: the ledger of loads, and the publication that readers see."""

from datetime import date, datetime

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Integer,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from geo.compiled import Compiled
from geo.database import metadata

load = Table(
    "load",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("pipeline", Text, nullable=False),  # finess, sirene, positions
    Column("origin", Text, nullable=False),  # live, file, demo
    Column("fictitious", Boolean, nullable=False),
    Column("source", Text, nullable=False),  # file name or address, never a path of the machine
    Column("sha1", Text),
    Column("bytes", BigInteger),
    Column("produced_at", DateTime(timezone=True)),
    Column("licence", Text, nullable=False),
    Column("state", Text, nullable=False),  # running, published, tried, refused, failed, interrupted
    Column("counts", JSONB, nullable=False, server_default="{}"),  # {"read": n, "kept": n, "rejected": {reason: n}, …}
    Column("gates", JSONB, nullable=False, server_default="[]"),  # [{"gate", "passed", "message"}]
    Column("error", Text),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),
)

publication = Table(
    "publication",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=True),
    Column("loads", ARRAY(Integer), nullable=False),  # the loads it is made of, one per pipeline
    Column("fictitious", Boolean, nullable=False),
    Column("structures", Integer, nullable=False),
    Column("open_placed", Integer, nullable=False),  # what the clusters of every zoom must add up to
    Column("published_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # its own, wherever it is copied: another database, or this one after a restore, gives its numbers again
    Column("stamp", Uuid(as_uuid=False), nullable=False, server_default=func.gen_random_uuid()),
)

# One row: the version served now. Moving it is what publishing and going back are.
current_publication = Table(
    "current_publication",
    metadata,
    Column("one", Boolean, primary_key=True, server_default="true"),
    Column("version", Integer, ForeignKey("publication.version"), nullable=False),
)


class DataSource(msgspec.Struct, frozen=True):
    """A register as credited on pages and in answers (Licence Ouverte 2.0: name and date of last update)."""

    name: str
    licence: str
    as_of: date | None


class Publication(msgspec.Struct, frozen=True):
    """One consistent state of everything that is served."""

    version: int
    fictitious: bool
    structures: int
    open_placed: int
    published_at: datetime
    sources: tuple[DataSource, ...]
    days: dict[str, date | None] = {}  # by pipeline, the producer's: what can be asked depends on what was loaded
    stamp: str = ""  # what tells it from another one of the same number

    def source(self, pipeline: str) -> DataSource | None:
        """Who is credited for a register, None while it is not served."""
        return dict(zip(self.days, self.sources, strict=True)).get(pipeline)


# Asked by every request: a row for each load of the publication, one at least.
_SERVED = Compiled(
    select(
        publication,
        load.c.pipeline,
        load.c.fictitious.label("invented"),
        load.c.licence,
        load.c.produced_at,
    )
    .join(current_publication, current_publication.c.version == publication.c.version)
    .outerjoin(load, load.c.id == func.any(publication.c.loads))
    .order_by(load.c.pipeline)
)

# What tells a publication from another, or from itself once its credit moved (`xmin`: who wrote the row last); no row before
# the first. Asked by every request, in its transaction or beside an answer that is being made (geo.asking).
WHICH = Compiled(
    select(
        literal_column(
            "concat_ws(' ', publication.version, extract(epoch FROM publication.published_at), publication.xmin)"
        ).label("which")
    ).join_from(current_publication, publication, publication.c.version == current_publication.c.version)
)

SOURCE_NAMES = {
    "finess": "Agence du numérique en santé – FINESS",
    "finess_activites": "Agence du numérique en santé – FINESS, activités",
    "finess_ancien": "Agence du numérique en santé – ancien fichier FINESS (etalab-cs1100507)",
    "sirene": "Insee – Sirene",
    "positions": "Base adresse nationale (IGN, DINUM, La Poste, DGFiP, communes)",
    "zones": "Zones d’intervention déclarées par leurs structures",
}
FICTITIOUS_NAMES = {
    "finess": "Données fictives de lum1, au format de FINESS",
    "finess_activites": "Activités fictives de lum1, au format de FINESS",
    "sirene": "Données fictives de lum1, au format de Sirene",
    "positions": "Adresses fictives de lum1, au format de la Base adresse nationale",
    "zones": "Zones d’intervention fictives de lum1",
}


def served_publication(connection: Connection) -> Publication | None:
    """The publication that this transaction sees, or None before the first load."""
    rows = _SERVED.execute(connection)
    if not rows:
        return None
    row, loads = rows[0], [each for each in rows if each.pipeline is not None]
    sources = tuple(
        DataSource(
            name=(FICTITIOUS_NAMES if each.invented else SOURCE_NAMES)[each.pipeline],
            licence=each.licence,
            as_of=each.produced_at.date() if each.produced_at else None,
        )
        for each in loads
    )
    return Publication(
        version=row.version,
        fictitious=row.fictitious,
        structures=row.structures,
        open_placed=row.open_placed,
        published_at=row.published_at,
        sources=sources,
        days={each.pipeline: source.as_of for each, source in zip(loads, sources, strict=True)},
        stamp=str(row.stamp),  # the driver gives an object
    )


class PublicationReader:
    """The publication that a transaction sees, put together once each: every request asks. An application holds one reader."""

    def __init__(self) -> None:
        self._last: tuple[str, Publication | None] = ("", None)

    def read(self, connection: Connection) -> Publication | None:
        """None before the first load."""
        which = WHICH.execute(connection)
        if not which:
            return None
        read_for, found = self._last  # one assignment swaps both: threads share the reader
        if read_for != which[0].which:
            found = served_publication(connection)
            self._last = (which[0].which, found)
        return found

    @property
    def last(self) -> tuple[str, Publication | None]:
        """What WHICH said when one was read last, and that one."""
        return self._last


def went_back_to(connection: Connection, pipeline: str) -> int | None:
    """The load whose content is served again, while a rollback is the register's last act; what came after it is not told."""
    served = (
        select(load.c.counts["went_back_to"].as_integer())
        .join_from(current_publication, publication, publication.c.version == current_publication.c.version)
        .join(load, load.c.id == func.any(publication.c.loads))
        .where(load.c.pipeline == pipeline)
    )
    return connection.execute(served).scalar_one_or_none()


def replayed(connection: Connection, pipeline: str) -> datetime | None:
    """When the producer made the file that is served, if a newer one was published too: history is asked as of then."""
    newer = load.alias("newer")
    newest = select(func.max(newer.c.produced_at)).where(
        newer.c.pipeline == load.c.pipeline, newer.c.state == "published", newer.c.fictitious == load.c.fictitious
    )
    served = (
        select(load.c.produced_at)
        .join_from(current_publication, publication, publication.c.version == current_publication.c.version)
        .join(load, load.c.id == func.any(publication.c.loads))
        .where(load.c.pipeline == pipeline, load.c.produced_at != newest.scalar_subquery())
    )
    return connection.execute(served).scalar_one_or_none()
