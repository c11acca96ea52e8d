"""What registers published, version by version, and what changed for people: nothing here is ever rewritten.

A version stands from the day the producer made the file that first showed it until the day of the file that no longer did;
`as_of` asks for any day between. A file that only reshuffles technical dates, padding or the order of things makes no version.
"""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from geo.database import metadata

source_record = Table(
    "source_record",
    metadata,
    Column("kind", Text, primary_key=True),  # ege, pmej, gcc, gco, activites, siret
    Column("key", Text, primary_key=True),  # the register's own number
    Column("valid_from", DateTime(timezone=True), primary_key=True),  # when the producer made the file
    Column("valid_to", DateTime(timezone=True)),  # excluded; null while it is published
    Column("load_id", Integer, nullable=False),  # the load that first saw it
    Column("ended_by", Integer),  # the load that no longer did
    Column("row_hash", LargeBinary, nullable=False),  # of the cleaned values
    Column("record", JSONB, nullable=False),  # cleaned, in our names
    Column("published", Text, nullable=False),  # JSON, as published
)
# Usage: what is published today: a run's comparison (the hash answers from the index), a structure's page.
Index(
    "source_record_current_idx",
    source_record.c.kind,
    source_record.c.key,
    unique=True,
    postgresql_include=["row_hash"],
    postgresql_where=text("valid_to IS NULL"),
)
# Usage: what one load began and ended: its report, going back to it.
Index("source_record_load_id_idx", source_record.c.load_id)

structure_change = Table(
    "structure_change",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),  # the order of the feed
    Column("seen_on", Date, nullable=False),  # the producer's day of the file that showed it
    Column("effective_on", Date),  # the day the register says, when it says one
    Column("structure", Text, nullable=False),
    Column("kind", Text, nullable=False),  # one of CHANGE_KINDS
    Column("before", Text),
    Column("after", Text),
    Column("load_id", Integer, nullable=False),
)
# Usage: the history of one structure on its page.
Index("structure_change_structure_idx", structure_change.c.structure, structure_change.c.id)
# Usage: the report of a load.
Index("structure_change_load_id_idx", structure_change.c.load_id)

CHANGE_KINDS = ("opened", "closed", "reopened", "moved", "renamed", "category_changed", "phone_changed")
# What is told of the `before` of a change, in SQL. A number that the register withdrew is told no more: it may have become
# somebody else's, or have been somebody's own. The table keeps it, for going back and for looking again.
TOLD_BEFORE = "CASE WHEN kind <> 'phone_changed' THEN before END"


def stood(record: str, at: str = ":at") -> str:
    """In SQL, whether a version of `source_record`, by this name, stood at a load: begun by then, not ended by then."""
    return f"{record}.load_id <= {at} AND ({record}.ended_by IS NULL OR {record}.ended_by > {at})"


def as_of_query(kind: str, when: datetime) -> Select[tuple[str, dict[str, object], str]]:
    """Key, record and published text of every record that stood at that moment, by key."""
    c = source_record.c
    return (
        select(c.key, c.record, c.published)
        .where(c.kind == kind, c.valid_from <= when, or_(c.valid_to.is_(None), c.valid_to > when))
        .order_by(c.key)
    )
