"""Whoever writes is told to note it, however early it looked; and a table that is emptied at once makes every copy anew."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A transaction that sees the database as it was (REPEATABLE READ) does not see who registered since: it notes in any case,
    # which `tidy` clears away where nobody asked.
    op.execute(NOTE.format(nobody=f"current_setting('transaction_isolation') = 'read committed' AND {NOBODY}"))
    op.execute(EMPTIED)
    op.execute(
        "CREATE TRIGGER structure_outbox_truncate AFTER TRUNCATE ON structure "
        "FOR EACH STATEMENT EXECUTE FUNCTION begin_outbox_anew()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER structure_outbox_truncate ON structure")
    op.execute("DROP FUNCTION begin_outbox_anew()")
    op.execute(NOTE.format(nobody=NOBODY))


NOBODY = "NOT EXISTS (SELECT FROM outbox_consumer)"
NOTE = """
CREATE OR REPLACE FUNCTION note_in_outbox() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_nestloop = off AS $$
BEGIN
    IF {nobody} THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO outbox (structure) SELECT id FROM after ON CONFLICT DO NOTHING;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO outbox (structure) SELECT id FROM before ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO outbox (structure)
        SELECT after.id FROM after JOIN before USING (id) WHERE after IS DISTINCT FROM before
        UNION
        SELECT before.id FROM before WHERE NOT EXISTS (SELECT FROM after WHERE after.id = before.id)
        UNION
        SELECT after.id FROM after WHERE NOT EXISTS (SELECT FROM before WHERE before.id = after.id)
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$
"""
# No row is told by TRUNCATE: what was copied before it cannot be brought up from there.
EMPTIED = """
CREATE FUNCTION begin_outbox_anew() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE outbox_kept SET began = pg_current_xact_id()::text::bigint;
    RETURN NULL;
END
$$
"""
