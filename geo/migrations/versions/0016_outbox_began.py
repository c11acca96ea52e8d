"""Since which transaction the outbox is kept: a copy that was made before is not brought up from it, whatever ran meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox_kept", sa.Column("began", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("outbox_kept", "began")
