"""What a publication changes of the grid waits beside it, and is taken in once it is served."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "TRUNCATE tile_count, grid"
    )  # made again at the next start: other layers, and no room for the rows of before
    op.create_table(
        "tile_change",
        sa.Column("sx", sa.BigInteger(), nullable=False),
        sa.Column("sy", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.BigInteger(), nullable=False),
        sa.Column("tile", sa.Integer(), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("cell", sa.SmallInteger(), nullable=False),
        sa.Column("zoom", sa.SmallInteger(), nullable=False),
    )
    op.create_index("tile_change_tile_layer_idx", "tile_change", ["tile", "layer"])
    # The planner is to know how many rows there are, without samples: of a table that is empty again an analysis would leave the
    # last one, and the number of somebody withdrawn in it.
    for column in COLUMNS:
        op.execute(f"ALTER TABLE tile_change ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    op.drop_table("tile_change")
    op.execute("DELETE FROM grid")  # what waited there is lost: the grid is made again at the next start


COLUMNS = ("sx", "sy", "who", "tile", "layer", "n", "cell", "zoom")
