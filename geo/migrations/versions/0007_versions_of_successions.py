"""Successions and doubles by versions, so that going back to a load finds those it knew."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEYS = {"succession": ["predecessor", "successor"], "duplicate_siren": ["siren", "duplicate"]}


def upgrade() -> None:
    for table, key in KEYS.items():
        # nobody noted which load said what is there: it stood at all of them, as it did until now
        op.add_column(table, sa.Column("load_id", sa.Integer(), server_default="0", nullable=False))
        op.alter_column(table, "load_id", server_default=None)
        op.add_column(table, sa.Column("ended_by", sa.Integer(), nullable=True))
        op.drop_constraint(f"{table}_pkey", table)
        op.create_primary_key(f"{table}_pkey", table, [*key, "load_id"])
        standing = sa.text("ended_by IS NULL")
        op.create_index(f"{table}_current_idx", table, key, unique=True, postgresql_where=standing)
    op.drop_column("succession", "head_moved")


def downgrade() -> None:
    op.add_column("succession", sa.Column("head_moved", sa.Boolean(), nullable=True))
    for table, key in KEYS.items():
        op.drop_index(f"{table}_current_idx", table)
        op.execute(f"DELETE FROM {table} WHERE ended_by IS NOT NULL")
        op.drop_constraint(f"{table}_pkey", table)
        op.create_primary_key(f"{table}_pkey", table, key)
        op.drop_column(table, "ended_by")
        op.drop_column(table, "load_id")
