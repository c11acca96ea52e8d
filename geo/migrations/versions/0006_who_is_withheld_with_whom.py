"""Legal units that are masked by themselves, establishments withheld with another, withdrawals of who was never told."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "masked_unit",
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("siren", name="masked_unit_pkey"),
    )
    op.create_table(
        "withheld_with",
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("because_of", sa.Text(), nullable=False),
        sa.Column("was_told", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("siret", "because_of", name="withheld_with_pkey"),
    )
    op.add_column("withdrawal", sa.Column("was_told", sa.Boolean(), server_default="false", nullable=False))
    # until now an address that was withdrawn answered 410 whether it had been told or not
    op.execute("UPDATE withdrawal SET was_told = true")


def downgrade() -> None:
    op.drop_column("withdrawal", "was_told")
    op.drop_table("withheld_with")
    op.drop_table("masked_unit")
