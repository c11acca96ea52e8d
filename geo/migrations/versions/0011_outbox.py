"""The outbox: what changes in `structure` is noted for whoever keeps a copy elsewhere, by a trigger that nothing can forget."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "publication", sa.Column("stamp", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False)
    )
    op.create_table(
        "outbox",
        sa.Column("xid", sa.BigInteger(), server_default=sa.text("pg_current_xact_id()::text::bigint"), nullable=False),
        sa.Column("structure", sa.String(collation="C"), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(start=2), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("xid", "structure", name="outbox_pkey"),
    )
    op.create_table(
        "outbox_consumer",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="outbox_consumer_pkey"),
    )
    op.create_table(
        "outbox_refused",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("structure", sa.String(collation="C"), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consumer"], ["outbox_consumer.name"], name="outbox_refused_consumer_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("consumer", "structure", name="outbox_refused_pkey"),
    )
    op.create_table(
        "outbox_kept",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.Column("database", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("one", name="outbox_kept_pkey"),
    )
    op.execute("INSERT INTO outbox_kept (floor) VALUES (pg_current_xact_id()::text::bigint)")
    op.execute(NOTE)
    for operation, tables in TRANSITIONS.items():
        op.execute(
            f"CREATE TRIGGER structure_outbox_{operation.lower()} AFTER {operation} ON structure "
            f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION note_in_outbox()"
        )


def downgrade() -> None:
    for operation in TRANSITIONS:
        op.execute(f"DROP TRIGGER structure_outbox_{operation.lower()} ON structure")
    op.execute("DROP FUNCTION note_in_outbox()")
    for table in ("outbox_kept", "outbox_refused", "outbox_consumer", "outbox"):
        op.drop_table(table)
    op.drop_column("publication", "stamp")


TRANSITIONS = {
    "INSERT": "NEW TABLE AS after",
    "UPDATE": "OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "OLD TABLE AS before",
}
# A statement at a time: a load that inserts two million rows notes them at once. A row that was written as it was is no change.
# Several statements of one transaction may write one structure: the first notes it, for all. Who writes may have any search path
# (a restore of data alone has none).
NOTE = """
CREATE FUNCTION note_in_outbox() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM outbox_consumer) THEN
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
