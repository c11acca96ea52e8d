"""The legacy FINESS file, kept for its positions, and the labels of codes it teaches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finess_ancien",
        sa.Column("finess", sa.Text(), nullable=False),
        sa.Column("produced_on", sa.Date(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("record", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("finess", name="finess_ancien_pkey"),
    )
    op.create_table(
        "nomenclature_label",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "code", name="nomenclature_label_pkey"),
    )


def downgrade() -> None:
    op.drop_table("nomenclature_label")
    op.drop_table("finess_ancien")
