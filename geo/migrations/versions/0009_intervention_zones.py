"""Zones of intervention: where services come to people; who undoes a pin, and none that is nowhere on Earth."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intervention_zone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("structure", sa.String(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("outline", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=True),
        sa.Column("declared_on", sa.Date(), nullable=True),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="intervention_zone_pkey"),
    )
    op.create_index("intervention_zone_kind_code_idx", "intervention_zone", ["kind", "code"])
    op.create_index(
        "intervention_zone_outline_idx",
        "intervention_zone",
        ["outline"],
        postgresql_using="gist",
        postgresql_where=sa.text("outline IS NOT NULL"),
    )
    op.create_index("intervention_zone_structure_idx", "intervention_zone", ["structure"])
    op.add_column("pin", sa.Column("undone_by", sa.Text(), nullable=True))
    op.add_column("pin", sa.Column("undone_reason", sa.Text(), nullable=True))
    op.execute("DELETE FROM pin WHERE NOT (lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90)")
    op.create_check_constraint("on_earth", "pin", "lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90")


def downgrade() -> None:
    op.drop_constraint("pin_on_earth_check", "pin")
    op.drop_column("pin", "undone_reason")
    op.drop_column("pin", "undone_by")
    op.drop_table("intervention_zone")
