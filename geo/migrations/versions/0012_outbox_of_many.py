"""Noting a statement that changes many rows takes time in proportion to them."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The rows before and after a statement have no index. A session that changed a few rows first keeps, for those of its next
    # statements, the plan of that one: each row before compared with each after, minutes for twenty thousand.
    op.execute("ALTER FUNCTION note_in_outbox() SET enable_nestloop = off")


def downgrade() -> None:
    op.execute("ALTER FUNCTION note_in_outbox() RESET enable_nestloop")
