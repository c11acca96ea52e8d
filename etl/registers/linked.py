"""What SIRENE says of the establishments that FINESS's structures are linked to, gathered once for all that is made of it."""

from sqlalchemy import Connection, text


def gather(connection: Connection, structure: str | None = None) -> None:
    """Make the temporary table `linked`: a row for each accepted link of a FINESS structure, of all of them or of one.

    One that must not be told has no row in `sirene_establishment`: `told` is false, and nothing of it is here.
    """
    connection.execute(text(LINKED), {"structure": structure})
    connection.execute(text("ANALYZE linked"))


LINKED = """
CREATE TEMPORARY TABLE linked ON COMMIT DROP AS
SELECT s.id, l.siret, l.score, greatest(l.load_id, e.load_id) AS load_id,
       e.siret IS NOT NULL AS told, e.active, e.natural_person, e.naf, e.name, e.other_names,
       e.lon, e.lat, e.precision, e.position_source
FROM structure AS s
CROSS JOIN LATERAL unnest(s.finess) AS mine (number)
JOIN link AS l ON l.finess = mine.number AND l.valid_to IS NULL AND l.status = 'accepted'
LEFT JOIN sirene_establishment AS e ON e.siret = l.siret
WHERE s.register = 'finess' AND (CAST(:structure AS text) IS NULL OR s.id = :structure)
"""
