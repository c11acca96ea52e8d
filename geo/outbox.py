"""The outbox: which structures changed, for whoever keeps a copy of them elsewhere (a search server).

A trigger on `structure` writes it in the transaction that changes them, while at least one consumer is registered. Each
consumer goes on from its own mark, at its own pace. A mark is a snapshot: which transactions had ended when it was taken. What it
did not see is told the next time, so that one that began earlier and commits later is not passed over, whatever the order.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Identity,
    String,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.database import metadata
from geo.errors import NotReady

KEPT_DAYS = (
    7  # of what every consumer has taken: an index that one goes back to within a week is caught up, not made again
)
SILENT_DAYS = 30  # of a consumer that leaves what there is to take: nothing is kept for it, it will begin anew


THIS_TRANSACTION = "pg_current_xact_id()::text::bigint"  # never comes again on its server, whatever its 32 bits do
ALL_ENDED_BELOW = "pg_snapshot_xmin({snapshot})::text::bigint"

outbox = Table(
    "outbox",
    metadata,
    Column("xid", BigInteger, primary_key=True, autoincrement=False, server_default=text(THIS_TRANSACTION)),
    Column("structure", String(collation="C"), primary_key=True),
    # Drawn while the structure's row is held: of two changes of one structure the later has the greater. 1 is older than all.
    Column("no", BigInteger, Identity(start=2), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

outbox_consumer = Table(
    "outbox_consumer",
    metadata,
    Column("name", Text, primary_key=True),
    Column("mark", Text, nullable=False),  # a pg_snapshot
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),  # when it was heard of last
)

# What a consumer could not take of a structure, and why; it is tried again each time.
outbox_refused = Table(
    "outbox_refused",
    metadata,
    Column("consumer", Text, ForeignKey("outbox_consumer.name", ondelete="CASCADE"), primary_key=True),
    Column("structure", String(collation="C"), primary_key=True),
    Column("no", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

# One row: the transaction that began to keep the outbox, below which others have left it, and in which database.
outbox_kept = Table(
    "outbox_kept",
    metadata,
    Column("one", Boolean, primary_key=True, server_default="true"),
    Column("floor", BigInteger, nullable=False),
    Column("database", Text, nullable=False, server_default=""),  # Mark's: numbers of transactions are that one's
    Column("began", BigInteger, nullable=False, server_default="0"),
)


class Mark(msgspec.Struct, frozen=True):
    """How far a copy follows: of which database (server/timeline/oid), which transactions it has seen (a pg_snapshot)."""

    database: str
    snapshot: str


class Changed(msgspec.Struct, frozen=True):
    """A structure that was written or deleted, and which of its changes is the last."""

    structure: str
    no: int


class Refused(msgspec.Struct, frozen=True):
    """A structure that a consumer could not take."""

    structure: str
    no: int
    reason: str


class Late(msgspec.Struct, frozen=True):
    """How far behind a consumer is: changes it has not taken, since when; what it could not take."""

    pending: int
    since: datetime | None
    refused: int


def register(connection: Connection, consumer: str) -> None:
    """From this transaction on, what changes is kept for a consumer; nothing when it is registered already.

    What a dump brought from another database is forgotten: its transactions are not these.
    """
    here = {"database": mark(connection).database, "name": consumer}
    is_ours, is_known = connection.execute(text(IS_KNOWN), here).one()
    if is_ours and is_known:
        connection.execute(text("UPDATE outbox_consumer SET at = now() WHERE name = :name"), here)
        return
    # Whoever is writing structures ends first, and was not told to write the outbox; from now on they are.
    connection.execute(text("LOCK TABLE structure IN SHARE ROW EXCLUSIVE MODE"))
    if not is_ours:
        connection.execute(text("DELETE FROM outbox_consumer"))
        connection.execute(text("DELETE FROM outbox"))
    connection.execute(text(BEGIN), here)
    connection.execute(text(REGISTER), here)


def mark(connection: Connection) -> Mark:
    """Where a copy of what this transaction sees (REPEATABLE READ) is to go on from."""
    return Mark(*connection.execute(text(MARK)).one())


def is_whole_from(connection: Connection, since: Mark) -> bool:
    """Whether the outbox tells all that changed since a mark: of this database, not trimmed, not from the future (a restore)."""
    return since.database == mark(connection).database and bool(
        connection.execute(text(IS_WHOLE), {"mark": since.snapshot}).scalar_one()
    )


def mark_of(connection: Connection, consumer: str) -> str | None:
    """The snapshot up to which a consumer says that it has taken all; None of one that is not known."""
    known = connection.execute(text("SELECT mark FROM outbox_consumer WHERE name = :name"), {"name": consumer})
    return known.scalar_one_or_none()


def changed_since(connection: Connection, since: Mark, consumer: str, most: int | None = None) -> list[Changed]:
    """What changed since a mark that this transaction sees, and what the consumer could not take before; `most` of it."""
    rows = connection.execute(text(CHANGED), {"mark": since.snapshot, "consumer": consumer, "most": most})
    return [Changed(row.structure, row.no) for row in rows]


def taken(
    connection: Connection,
    consumer: str,
    upto: Mark,
    refused: Iterable[Refused] = (),
    tried: Iterable[str] | None = None,
) -> None:
    """A consumer holds what this transaction sees, but for what it refused of what it `tried` (None: of all there is).

    NotReady where it is not registered any more: what changed meanwhile was not kept for it.
    """
    if not connection.execute(text(TAKEN), {"name": consumer, "mark": upto.snapshot}).rowcount:
        raise NotReady(f"« {consumer} » n’est plus inscrit à ce qui change : ce qui a changé depuis n’est pas connu.")
    again = None if tried is None else list(tried)
    connection.execute(text(NO_LONGER_REFUSED), {"consumer": consumer, "tried": again})
    rows = [
        {"consumer": consumer, "structure": each.structure, "no": each.no, "reason": each.reason} for each in refused
    ]
    if rows:
        new = upsert(outbox_refused).values(rows)
        told = {"no": new.excluded.no, "reason": new.excluded.reason}
        connection.execute(new.on_conflict_do_update(index_elements=["consumer", "structure"], set_=told))


def refused_by(connection: Connection, consumer: str) -> list[Refused]:
    """What a consumer could not take."""
    rows = connection.execute(text(REFUSED), {"consumer": consumer})
    return [Refused(row.structure, row.no, row.reason) for row in rows]


def late(connection: Connection, consumer: str) -> Late | None:
    """How far behind a consumer is; None of one that is not known."""
    row = connection.execute(text(LATE), {"name": consumer}).one_or_none()
    return None if row is None else Late(row.pending, row.since, row.refused)


def tidy(connection: Connection) -> None:
    """What nobody needs leaves: rows that every consumer took some days ago, consumers that leave what there is to take.

    In a transaction that sees what others ended meanwhile (READ COMMITTED): several may do it at once.
    """
    connection.execute(text(FORGET), {"days": SILENT_DAYS})
    floor = connection.execute(text(TRIM), {"days": KEPT_DAYS}).scalar_one_or_none()
    if floor is not None:
        connection.execute(text("UPDATE outbox_kept SET floor = :floor"), {"floor": floor})


IS_KNOWN = """
SELECT database = :database, EXISTS (SELECT FROM outbox_consumer WHERE name = :name) FROM outbox_kept
"""
NOW = "pg_current_snapshot()"
# Of the first consumer alone: for the others the outbox was being kept. Whoever sees this transaction sees all that was written
# before it, by the lock that it holds; numbers alone do not say so, where one that began long before has not ended.
BEGIN = f"""
UPDATE outbox_kept SET began = {THIS_TRANSACTION}, floor = 0, database = :database
WHERE NOT EXISTS (SELECT FROM outbox_consumer)
"""
REGISTER = f"INSERT INTO outbox_consumer (name, mark) VALUES (:name, {NOW}::text) ON CONFLICT DO NOTHING"
# Another server, or another history of it (timeline), is another database. The journal's file is named by the timeline that is
# written now; after a failover the control file says the one before, until a checkpoint ends.
MARK = f"""
SELECT concat_ws('/', system.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), here.oid) AS database,
       {NOW}::text AS snapshot
FROM pg_control_system() AS system, pg_database AS here
WHERE here.datname = current_database()
"""
IS_WHOLE = f"""
SELECT floor <= {ALL_ENDED_BELOW.format(snapshot="CAST(:mark AS pg_snapshot)")}
   AND pg_visible_in_snapshot(began::text::xid8, CAST(:mark AS pg_snapshot))
   AND pg_snapshot_xmax(CAST(:mark AS pg_snapshot)) <= pg_snapshot_xmax({NOW})
FROM outbox_kept
"""
# What a snapshot did not see: a range of the primary key, without what had ended among it.
UNSEEN = """
    o.xid >= pg_snapshot_xmin(CAST({mark} AS pg_snapshot))::text::bigint
    AND NOT pg_visible_in_snapshot(o.xid::text::xid8, CAST({mark} AS pg_snapshot))
"""
CHANGED = f"""
SELECT structure, max(no) AS no
FROM (
    SELECT structure, no FROM outbox AS o WHERE {UNSEEN.format(mark=":mark")}
    UNION ALL
    SELECT structure, no FROM outbox_refused WHERE consumer = :consumer
) AS changed
GROUP BY structure
ORDER BY structure
LIMIT :most
"""
TAKEN = "UPDATE outbox_consumer SET mark = :mark, at = now() WHERE name = :name"
# One that is up to date has nothing to say, however long nothing changes.
FORGET = f"""
DELETE FROM outbox_consumer AS c
WHERE c.at < now() - make_interval(days => :days) AND EXISTS (
    SELECT FROM outbox AS o WHERE {UNSEEN.format(mark="c.mark")} AND o.at < now() - make_interval(days => :days)
)
"""
NO_LONGER_REFUSED = """
DELETE FROM outbox_refused
WHERE consumer = :consumer AND (CAST(:tried AS text[]) IS NULL OR structure = ANY(CAST(:tried AS text[])))
"""
# Up to the first transaction that somebody still needs, or that is young; the number from which on nothing is missing.
TRIM = f"""
WITH needed AS (
    SELECT least(
        (SELECT min({ALL_ENDED_BELOW.format(snapshot="CAST(mark AS pg_snapshot)")}) FROM outbox_consumer),
        (SELECT min(xid) FROM outbox WHERE at > now() - make_interval(days => :days)),
        {ALL_ENDED_BELOW.format(snapshot=NOW)}
    ) AS xid
), gone AS (
    DELETE FROM outbox USING needed WHERE outbox.xid < needed.xid RETURNING outbox.xid
)
SELECT needed.xid FROM needed WHERE EXISTS (SELECT FROM gone)
"""
REFUSED = "SELECT structure, no, reason FROM outbox_refused WHERE consumer = :consumer ORDER BY structure"
LATE = f"""
SELECT waiting.pending, waiting.since,
       (SELECT count(*) FROM outbox_refused AS r WHERE r.consumer = c.name) AS refused
FROM outbox_consumer AS c
CROSS JOIN LATERAL (
    SELECT count(DISTINCT o.structure) AS pending, min(o.at) AS since FROM outbox AS o WHERE {UNSEEN.format(mark="c.mark")}
) AS waiting
WHERE c.name = :name
"""
