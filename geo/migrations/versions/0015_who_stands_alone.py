"""The grid says who stands alone by a number that adds up; what is to be drawn anew is noted as it changes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _empty_grid(sa.Column("who", sa.BigInteger(), nullable=False), sa.Column("zoom", sa.SmallInteger(), nullable=False))
    op.execute(STRUCTURE_OF)
    op.create_table("to_draw", sa.Column("id", sa.String(collation="C"), nullable=False))
    op.execute(NOTE)
    for operation, tables in TRANSITIONS.items():
        op.execute(
            f"CREATE TRIGGER structure_to_draw_{operation.lower()} AFTER {operation} ON structure "
            f"{tables} FOR EACH STATEMENT EXECUTE FUNCTION note_to_draw()"
        )


def downgrade() -> None:
    for operation in TRANSITIONS:
        op.execute(f"DROP TRIGGER structure_to_draw_{operation.lower()} ON structure")
    op.execute("DROP FUNCTION note_to_draw()")
    op.drop_table("to_draw")
    op.execute("DROP FUNCTION structure_of(bigint)")
    _empty_grid(sa.Column("id", sa.Text(), nullable=True))


def _empty_grid(*own: sa.Column[Any]) -> None:
    """Of these columns beside those of any grid, wide ones first; it is made again from `structure` at the next start."""
    op.drop_table("tile_count")
    op.execute("DELETE FROM grid")
    op.execute("DELETE FROM drawn")
    *wide, last = own
    op.create_table(
        "tile_count",
        sa.Column("sx", sa.BigInteger(), nullable=False),
        sa.Column("sy", sa.BigInteger(), nullable=False),
        *wide,
        sa.Column("tile", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layer", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("cell", sa.SmallInteger(), autoincrement=False, nullable=False),
        last,
        sa.PrimaryKeyConstraint("tile", "layer", "cell", name="tile_count_pkey"),
    )
    op.execute("ALTER TABLE tile_count SET (fillfactor = 80)")


# What tiles/alone.py writes, read. One expression, so that the planner puts it in the place of the call.
STRUCTURE_OF = """
CREATE FUNCTION structure_of(who bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN who < 100000000000000 THEN 's' || lpad(who::text, 14, '0')
    WHEN who < 200000000000000 THEN 'f' || lpad((who - 100000000000000)::text, 9, '0')
    ELSE 'f' || (who / 10000000000 % 10)::text
        || substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', (who / 100000000 % 100)::integer + 1, 1)
        || substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', (who / 1000000 % 100)::integer + 1, 1)
        || lpad((who % 1000000)::text, 6, '0')
END
$$
"""
TRANSITIONS = {
    "INSERT": "REFERENCING NEW TABLE AS after",
    "UPDATE": "REFERENCING OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "REFERENCING OLD TABLE AS before",
    "TRUNCATE": "",
}
# A statement at a time; of one that writes a large part of the country, an empty id: everything is looked at. Rows before and
# after have no index: without hashes, a plan made for a few would compare each with each. Who writes may have any search path.
NOTE = """
CREATE FUNCTION note_to_draw() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_nestloop = off AS $$
DECLARE
    most CONSTANT integer := 50000;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO to_draw VALUES ('');
    ELSIF TG_OP = 'DELETE' THEN
        IF (SELECT count(*) FROM (SELECT FROM before LIMIT most + 1) AS counted) > most THEN
            INSERT INTO to_draw VALUES ('');
        ELSE
            INSERT INTO to_draw SELECT id FROM before WHERE lon IS NOT NULL;
        END IF;
    ELSIF (SELECT count(*) FROM (SELECT FROM after LIMIT most + 1) AS counted) > most THEN
        INSERT INTO to_draw VALUES ('');
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO to_draw SELECT id FROM after WHERE lon IS NOT NULL;
    ELSE
        INSERT INTO to_draw
        SELECT id
        FROM before FULL JOIN after USING (id)
        WHERE (before.id, before.lon, before.lat, before.categorie_no, before.open, before.name)
            IS DISTINCT FROM (after.id, after.lon, after.lat, after.categorie_no, after.open, after.name);
    END IF;
    RETURN NULL;
END
$$
"""
