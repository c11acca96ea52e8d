"""What a structure is authorised to do, as codes that filter."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("structure", sa.Column("activites", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.create_index("structure_activites_idx", "structure", ["activites"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("structure_activites_idx", "structure", postgresql_using="gin")
    op.drop_column("structure", "activites")
