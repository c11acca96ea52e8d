"""What a geocoder said of an address is kept as long as a structure that may be told stands there."""

from sqlalchemy import Connection, text


def forget_needless(connection: Connection) -> None:
    """Answers that no structure needs any more leave."""
    connection.execute(text(FORGET_ANSWERS))


# After a purge and after a run: a hashed subquery of the keys that are needed.
FORGET_ANSWERS = """
DELETE FROM geocoded_answer
WHERE key NOT IN (SELECT key FROM geocoded_structure CROSS JOIN LATERAL unnest(asked) AS needed (key))
"""
