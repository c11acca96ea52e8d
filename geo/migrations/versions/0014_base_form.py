"""What the base map's shapes were made by: they are made again when another program draws others."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "base_form",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="base_form_pkey"),
    )
    op.create_index("base_shape_layer_idx", "base_shape", ["layer"])


def downgrade() -> None:
    op.drop_index("base_shape_layer_idx", "base_shape")
    op.drop_table("base_form")
