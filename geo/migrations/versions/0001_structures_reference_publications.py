"""Structures, the reference they stand on, loads and publications, the base map."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("contour", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=True),
        sa.PrimaryKeyConstraint("kind", "code", name="area_pkey"),
    )
    op.create_table(
        "base_shape",
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("min_zoom", sa.SmallInteger(), nullable=False),
        sa.Column("max_zoom", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("geom", Geometry("GEOMETRY", srid=3857, spatial_index=False), nullable=False),
    )
    op.create_index("base_shape_geom_idx", "base_shape", ["geom"], postgresql_using="gist")
    op.create_table(
        "categorie",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("short_label", sa.Text(), nullable=False),
        sa.Column("domaine", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=True),
        sa.Column("family_label", sa.Text(), nullable=True),
        sa.Column("group", sa.Text(), nullable=True),
        sa.Column("group_label", sa.Text(), nullable=True),
        sa.Column("branch", sa.Text(), nullable=True),
        sa.Column("branch_label", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("no", name="categorie_pkey"),
        sa.UniqueConstraint("code", name="categorie_code_key"),
    )
    op.create_table(
        "commune",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("departement", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("epci", sa.Text(), nullable=True),
        sa.Column("postcodes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("min_lon", sa.Double(), nullable=False),
        sa.Column("min_lat", sa.Double(), nullable=False),
        sa.Column("max_lon", sa.Double(), nullable=False),
        sa.Column("max_lat", sa.Double(), nullable=False),
        sa.Column("contour", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=True),
        sa.PrimaryKeyConstraint("code", name="commune_pkey"),
    )
    op.create_index("commune_contour_idx", "commune", ["contour"], postgresql_using="gist")
    op.create_table(
        "load",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("fictitious", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha1", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("produced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("gates", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="load_pkey"),
    )
    op.create_table(
        "publication",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("loads", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("fictitious", sa.Boolean(), nullable=False),
        sa.Column("structures", sa.Integer(), nullable=False),
        sa.Column("open_placed", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version", name="publication_pkey"),
    )
    op.create_table(
        "reference_version",
        sa.Column("one", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="reference_version_pkey"),
    )
    op.create_table(
        "structure",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("other_names", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("categorie_no", sa.Integer(), nullable=False),
        sa.Column("finess", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("siret", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("siren", sa.Text(), nullable=True),
        sa.Column("ej_finess", sa.Text(), nullable=True),
        sa.Column("ej_name", sa.Text(), nullable=True),
        sa.Column("ej_siren", sa.Text(), nullable=True),
        sa.Column("address_lines", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.Column("commune_name", sa.Text(), nullable=True),
        sa.Column("departement", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("epci", sa.Text(), nullable=True),
        sa.Column("phones", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("updated_on", sa.Date(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("position_source", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry("POINT", srid=3857, spatial_index=False),
            sa.Computed("ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 3857)", persisted=True),
            nullable=True,
        ),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="structure_pkey"),
    )
    op.create_index("structure_commune_idx", "structure", ["commune"])
    op.create_index("structure_departement_idx", "structure", ["departement"])
    op.create_index("structure_ej_finess_idx", "structure", ["ej_finess"])
    op.create_index("structure_epci_idx", "structure", ["epci"])
    op.create_index("structure_finess_idx", "structure", ["finess"], postgresql_using="gin")
    op.create_index("structure_geom_idx", "structure", ["geom"], postgresql_using="gist")
    op.create_index("structure_name_key_id_idx", "structure", ["name_key", "id"])
    op.create_index(
        "structure_open_categorie_geom_idx",
        "structure",
        ["categorie_no", "geom"],
        postgresql_using="gist",
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "structure_open_geom_idx", "structure", ["geom"], postgresql_using="gist", postgresql_where=sa.text("open")
    )
    op.create_index("structure_phones_idx", "structure", ["phones"], postgresql_using="gin")
    op.create_index("structure_region_idx", "structure", ["region"])
    op.create_index("structure_siren_idx", "structure", ["siren"])
    op.create_index("structure_siret_idx", "structure", ["siret"], postgresql_using="gin")
    op.create_table(
        "world",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contour", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.PrimaryKeyConstraint("kind", "code", "name", name="world_pkey"),
    )
    op.create_table(
        "current_publication",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["publication.version"], name="current_publication_version_fkey"),
        sa.PrimaryKeyConstraint("one", name="current_publication_pkey"),
    )


def downgrade() -> None:
    for table in (
        "current_publication",
        "world",
        "structure",
        "reference_version",
        "publication",
        "load",
        "commune",
        "categorie",
        "base_shape",
        "area",
    ):
        op.drop_table(table)
