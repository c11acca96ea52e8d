"""Which FINESS and SIRENE establishments belong together: what was found, and what people decided."""

from sqlalchemy import BigInteger, Column, DateTime, Double, Identity, Index, Integer, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from geo.database import metadata

link = Table(
    "link",
    metadata,
    Column("finess", Text, primary_key=True),
    Column("siret", Text, primary_key=True),  # as declared, even when it is no SIRET
    Column("valid_from", DateTime(timezone=True), primary_key=True),
    Column("valid_to", DateTime(timezone=True)),  # null while it stands
    Column("score", Double, nullable=False),  # 0 to 100
    Column("parts", JSONB, nullable=False),  # of the score, by name; `checks`: what was found of a declared SIRET
    Column("source", Text, nullable=False),  # declared, scoring, human
    Column("status", Text, nullable=False),  # accepted, review, rejected
    Column("reason", Text, nullable=False),  # a sentence for who reviews it
    Column("load_id", Integer, nullable=False),
)
# Usage: the links of a structure, one version of each standing.
Index("link_standing_idx", link.c.finess, link.c.siret, unique=True, postgresql_where=text("valid_to IS NULL"))
# Usage: whether SIRENE's establishment is some FINESS structure already; /structures/s… that was absorbed.
Index("link_accepted_siret_idx", link.c.siret, postgresql_where=text("valid_to IS NULL AND status = 'accepted'"))

# A human decision survives every load and every re-matching, until it is undone.
link_decision = Table(
    "link_decision",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("finess", Text, nullable=False),
    Column("siret", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # accepted, rejected
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("undone_at", DateTime(timezone=True)),
)
# Usage: what is decided of a pair today.
Index(
    "link_decision_standing_idx",
    link_decision.c.finess,
    link_decision.c.siret,
    unique=True,
    postgresql_where=text("undone_at IS NULL"),
)
