"""What tiles are drawn from: each structure by its place, and the grid by the same numbers, families counted too."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("tile_count")  # made again from `structure` at the next start: cells have other numbers
    op.create_table(
        "tile_count",
        sa.Column("sx", sa.BigInteger(), nullable=False),
        sa.Column("sy", sa.BigInteger(), nullable=False),
        sa.Column("tile", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layer", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("cell", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tile", "layer", "cell", name="tile_count_pkey"),
    )
    op.execute("ALTER TABLE tile_count SET (fillfactor = 80)")
    op.create_table(
        "drawn",
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("categorie_no", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="drawn_pkey"),
    )
    op.create_index("drawn_place_idx", "drawn", ["place"])
    op.create_table(
        "grid",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="grid_pkey"),
    )


def downgrade() -> None:
    op.drop_table("grid")
    op.drop_table("drawn")
    op.drop_table("tile_count")
    op.create_table(
        "tile_count",
        sa.Column("z", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("tx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ty", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("categorie_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cell", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("sx", sa.BigInteger(), nullable=False),
        sa.Column("sy", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("z", "tx", "ty", "categorie_no", "cell", name="tile_count_pkey"),
    )
    op.execute("ALTER TABLE tile_count SET (fillfactor = 80)")
