"""Where structures are beside what their registers say: a geocoder's answers, pins, points that can't be true."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    String,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from geo.database import metadata

PIPELINE = "positions"

# One row for each question asked. Nothing in it says whose address it is, and none outlives the structures that need it
# (etl/positions/forgetting.py): who leaves the map takes her address along.
geocoded_answer = Table(
    "geocoded_answer",
    metadata,
    Column("key", Text, primary_key=True),  # etl.positions.ladder.key_of: all that was asked
    Column("geocoder", Text, nullable=False),  # its address
    Column("indexed_on", Date, nullable=False),  # of the addresses it answered from
    Column("asked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("answer", JSONB, nullable=False),  # geo.geocoder.Answer
)

# What these answers make of a structure's address; of use as long as the structure stands at it.
geocoded_structure = Table(
    "geocoded_structure",
    metadata,
    Column("id", String(collation="C"), primary_key=True),
    Column("address", Text, nullable=False),  # `ADDRESS_HASH` of the structure then
    Column("asked", ARRAY(Text), nullable=False),  # keys of geocoded_answer, in the order they were needed
    Column("kept", Text),  # the one that gave the point
    Column("lon", Double),
    Column("lat", Double),
    Column("precision", Text, nullable=False),  # geo.position.Precision; none when no answer was good enough
    Column("score", Double),  # the geocoder's own
    Column("reason", Text),  # etl.positions.verdict.Reason: why nothing, or less than what was asked
    Column("gave_up", Text),  # etl.positions.ladder.GaveUp
    Column("indexed_on", Date, nullable=False),
)
# Which address of a row of `structure AS s` was asked for, in SQL.
ADDRESS_HASH = "md5(CAST(jsonb_build_array(s.address_lines, s.postcode, s.commune) AS text))"

# A point placed by hand; it wins until it is undone.
pin = Table(
    "pin",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("structure", String(collation="C"), nullable=False),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("pinned_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("undone_at", DateTime(timezone=True)),
    Column("undone_by", Text),  # or who placed the one that came after it
    Column("undone_reason", Text),
    CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),  # NaN is above all numbers
)
# Usage: where a structure is pinned today.
Index("pin_standing_idx", pin.c.structure, unique=True, postgresql_where=text("undone_at IS NULL"))

# Points that a source gives and that can't be true (geo.plausibility): of that very point, so that a corrected one counts again.
refused_point = Table(
    "refused_point",
    metadata,
    Column("structure", String(collation="C"), primary_key=True),
    Column("source", Text, primary_key=True),  # geo.position.PositionSource
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("rule", Text, nullable=False),  # a key of geo.plausibility.RULES
)

# Two sources that can both be true and that are more than CONFLICT_M apart: for a person to look at.
position_conflict = Table(
    "position_conflict",
    metadata,
    Column("structure", String(collation="C"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    Column("distance_m", Double, nullable=False),
    Column("load_id", Integer, nullable=False),  # that found it
)
CONFLICT_M = 500  # DESIGN.md decision 7
