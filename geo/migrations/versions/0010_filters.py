"""Who runs a structure and whom it serves, as codes that filter.

They are filled from what history holds, so that an instance that was loaded before asks them at once.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from geo.statuts import statut_of_insee

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("structure", sa.Column("statut", sa.Text(), nullable=True))
    op.add_column("structure", sa.Column("publics", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("sirene_establishment", sa.Column("statut", sa.Text(), nullable=True))
    op.execute(OF_FINESS)
    op.execute(OF_ACTIVITIES)
    _fill_from_sirene()
    op.create_index("structure_statut_idx", "structure", ["statut"])
    op.create_index("structure_updated_on_idx", "structure", ["updated_on"])
    op.create_index("structure_precision_idx", "structure", ["precision"])
    op.create_index("structure_publics_idx", "structure", ["publics"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("structure_publics_idx", "structure", postgresql_using="gin")
    op.drop_index("structure_precision_idx", "structure")
    op.drop_index("structure_updated_on_idx", "structure")
    op.drop_index("structure_statut_idx", "structure")
    op.drop_column("sirene_establishment", "statut")
    op.drop_column("structure", "publics")
    op.drop_column("structure", "statut")


def _fill_from_sirene() -> None:
    connection = op.get_bind()
    codes = connection.execute(sa.text(INSEE_CODES)).scalars().all()
    known = {code: statut for code in codes if (statut := statut_of_insee(code))}
    if known:
        given = {"codes": list(known), "statuts": list(known.values())}
        connection.execute(sa.text(OF_SIRENE), given)
        connection.execute(sa.text(OF_SIRENE_ALONE))


OF_FINESS = """
UPDATE structure AS s
SET statut = r.record ->> 'statut_juridique'
FROM source_record AS r
WHERE s.register = 'finess' AND r.kind = 'pmej' AND r.key = s.ej_finess AND r.valid_to IS NULL
"""
# Of a structure's own activities; those that its legal entity is authorised to have there come with the next load.
OF_ACTIVITIES = """
UPDATE structure AS s
SET publics = found.publics
FROM (
    SELECT s.id, array_agg(DISTINCT each ->> 'public' ORDER BY each ->> 'public') AS publics
    FROM structure AS s
    CROSS JOIN LATERAL unnest(s.finess) AS mine (number)
    JOIN source_record AS r ON r.kind = 'activites' AND r.key = mine.number AND r.valid_to IS NULL
    CROSS JOIN LATERAL jsonb_array_elements(r.record -> 'activites') AS each
    WHERE each ->> 'etat' = 'A' AND each ->> 'public' ~ '^[0-9A-Z]{1,8}$' AND each ->> 'public' <> '00'
      AND (each ->> 'debut' <= to_char(r.valid_from, 'YYYY-MM-DD')) IS NOT false
      AND (each ->> 'fin' > to_char(r.valid_from, 'YYYY-MM-DD')) IS NOT false
    GROUP BY s.id
) AS found
WHERE found.id = s.id
"""
INSEE_CODES = """
SELECT DISTINCT record ->> 'categorie_juridique'
FROM source_record
WHERE kind = 'siret' AND valid_to IS NULL AND record ? 'categorie_juridique'
"""
OF_SIRENE = """
UPDATE sirene_establishment AS e
SET statut = given.statut
FROM source_record AS r
JOIN unnest(CAST(:codes AS text[]), CAST(:statuts AS text[])) AS given (code, statut)
    ON given.code = r.record ->> 'categorie_juridique'
WHERE r.kind = 'siret' AND r.key = e.siret AND r.valid_to IS NULL
"""
OF_SIRENE_ALONE = """
UPDATE structure AS s
SET statut = e.statut
FROM sirene_establishment AS e
WHERE s.register = 'sirene' AND s.id = 's' || e.siret AND e.statut IS NOT NULL
"""
