"""SIRENE beside FINESS: its establishments, those that must not be told, links and decisions, what each register gives."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXTS = postgresql.ARRAY(sa.Text())
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("structure", sa.Column("naf", TEXTS, server_default="{}", nullable=False))
    op.add_column("structure", sa.Column("aliases", TEXTS, server_default="{}", nullable=False))
    op.add_column("structure", sa.Column("register", sa.Text(), server_default="finess", nullable=False))
    op.create_index("structure_naf_idx", "structure", ["naf"], postgresql_using="gin")
    op.create_table(
        "structure_own",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("siret", TEXTS, nullable=False),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("position_source", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="structure_own_pkey"),
    )
    _sirene()
    _withheld()
    _links()


def _sirene() -> None:
    op.create_table(
        "sirene_establishment",
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("natural_person", sa.Boolean(), nullable=False),
        sa.Column("naf", TEXTS, nullable=False),
        sa.Column("categorie_no", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("other_names", TEXTS, nullable=False),
        sa.Column("address_lines", TEXTS, nullable=False),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.Column("commune_name", sa.Text(), nullable=True),
        sa.Column("departement", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("epci", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("updated_on", sa.Date(), nullable=True),
        sa.Column("treated_at", sa.DateTime(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("position_source", sa.Text(), nullable=True),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("siret", name="sirene_establishment_pkey"),
    )
    op.create_index("sirene_establishment_commune_idx", "sirene_establishment", ["commune"])
    op.create_index("sirene_establishment_siren_idx", "sirene_establishment", ["siren"])
    op.create_table(
        "succession",
        sa.Column("predecessor", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("head_moved", sa.Boolean(), nullable=True),
        sa.Column("goes_on", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("predecessor", "successor", name="succession_pkey"),
    )
    op.create_table(
        "duplicate_siren",
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("duplicate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("siren", "duplicate", name="duplicate_siren_pkey"),
    )
    op.create_table(
        "absorbed_siret",
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("survivor", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("siret", name="absorbed_siret_pkey"),
    )


def _withheld() -> None:
    op.create_table(
        "masked_siret",
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("diffusion", sa.Text(), nullable=False),
        sa.Column("naf", sa.Text(), nullable=True),
        sa.Column("nomenclature", sa.Text(), nullable=True),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("was_told", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("siret", name="masked_siret_pkey"),
    )
    op.create_index("masked_siret_siren_idx", "masked_siret", ["siren"])
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="withdrawal_pkey"),
    )
    standing = sa.text("undone_at IS NULL")
    op.create_index("withdrawal_standing_idx", "withdrawal", ["siret"], unique=True, postgresql_where=standing)


def _links() -> None:
    op.create_table(
        "link",
        sa.Column("finess", sa.Text(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_to", MOMENT, nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("finess", "siret", "valid_from", name="link_pkey"),
    )
    standing = sa.text("valid_to IS NULL")
    op.create_index("link_standing_idx", "link", ["finess", "siret"], unique=True, postgresql_where=standing)
    accepted = sa.text("valid_to IS NULL AND status = 'accepted'")
    op.create_index("link_accepted_siret_idx", "link", ["siret"], postgresql_where=accepted)
    op.create_table(
        "link_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("finess", sa.Text(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="link_decision_pkey"),
    )
    undecided = sa.text("undone_at IS NULL")
    op.create_index(
        "link_decision_standing_idx", "link_decision", ["finess", "siret"], unique=True, postgresql_where=undecided
    )


def downgrade() -> None:
    for table in (
        "link_decision",
        "link",
        "withdrawal",
        "masked_siret",
        "absorbed_siret",
        "duplicate_siren",
        "succession",
        "sirene_establishment",
        "structure_own",
    ):
        op.drop_table(table)
    op.drop_index("structure_naf_idx", "structure", postgresql_using="gin")
    for column in ("register", "aliases", "naf"):
        op.drop_column("structure", column)
