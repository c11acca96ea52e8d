"""Positions beside those of registers: a geocoder's answers, pins, points that can't be true."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "geocoded_answer",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("geocoder", sa.Text(), nullable=False),
        sa.Column("indexed_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("answer", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="geocoded_answer_pkey"),
    )
    op.create_table(
        "geocoded_structure",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("asked", ARRAY(sa.Text()), nullable=False),
        sa.Column("kept", sa.Text(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("gave_up", sa.Text(), nullable=True),
        sa.Column("indexed_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="geocoded_structure_pkey"),
    )
    op.create_table(
        "pin",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("structure", sa.String(collation="C"), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("pinned_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pin_pkey"),
    )
    op.create_index(
        "pin_standing_idx", "pin", ["structure"], unique=True, postgresql_where=sa.text("undone_at IS NULL")
    )
    op.create_table(
        "refused_point",
        sa.Column("structure", sa.String(collation="C"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("structure", "source", name="refused_point_pkey"),
    )
    op.create_table(
        "position_conflict",
        sa.Column("structure", sa.String(collation="C"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("distance_m", sa.Double(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("structure", "source", "other", name="position_conflict_pkey"),
    )
    op.create_index("commune_lat_idx", "commune", ["lat"])


def downgrade() -> None:
    op.drop_index("commune_lat_idx", "commune")
    for table in ("position_conflict", "refused_point", "pin", "geocoded_structure", "geocoded_answer"):
        op.drop_table(table)
