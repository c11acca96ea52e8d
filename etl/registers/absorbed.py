"""Establishments told under another number, found once a run: whose place went on, by successions and doubles of legal units."""

from sqlalchemy import Connection, text

from etl.copying import copy_rows
from etl.matching.survivors import STEPS, Establishment, absorbed
from geo.history import stood


def absorb(connection: Connection, at: int, *, replayed: bool = False) -> None:
    """Say which establishments are told as another, by what load `at` knew of successions and doubles.

    `replayed`: that load is gone back to, and closed structures are going to be those of its time.
    """
    successions = [tuple(row) for row in connection.execute(text(SUCCESSIONS), {"at": at, "steps": STEPS})]
    doubles = [tuple(row) for row in connection.execute(text(DOUBLES), {"at": at})]
    about = {
        "sirets": sorted({siret for link in successions for siret in link}),
        "sirens": sorted({siren for pair in doubles for siren in pair}),
        "at": at,
        "replayed": replayed,
    }
    known = [
        Establishment(row.siret, row.active, row.tells, (row.commune, *row.address_lines) if row.commune else None)
        for row in connection.execute(text(KNOWN), about)
    ]
    connection.execute(text("DELETE FROM absorbed_siret"))
    found = ((each.siret, each.survivor, each.why) for each in absorbed(known, successions, doubles))
    copy_rows(connection, "absorbed_siret", {"siret": "text", "survivor": "text", "why": "text"}, found)
    connection.execute(text("ANALYZE absorbed_siret"))


# Of a closed one alone the successor may be told in its place. Insee says that a successor does not go on (continuiteEconomique)
# when two of three differ: the legal unit, the activity, the place. At one door that is another trade by another unit, where
# nobody who looks for the first should be sent. By succession's primary key.
SUCCESSIONS = f"""
WITH RECURSIVE walked (siret, steps) AS (
    SELECT siret, 0 FROM sirene_establishment WHERE NOT active
    UNION
    SELECT s.successor, walked.steps + 1
    FROM walked JOIN succession AS s ON s.predecessor = walked.siret
    WHERE walked.steps < :steps AND s.goes_on IS NOT false AND {stood("s")}
)
SELECT s.predecessor, s.successor
FROM (SELECT DISTINCT siret FROM walked) AS walked
JOIN succession AS s ON s.predecessor = walked.siret
WHERE s.goes_on IS NOT false AND {stood("s")}
"""
DOUBLES = f"SELECT siren, duplicate FROM duplicate_siren AS d WHERE {stood('d')}"
# By sirene_establishment's primary key and sirene_establishment_siren_idx. One that is in no field and that FINESS does not have
# is told by no structure: nobody is sent there. One that closed after it was told keeps its structure, and has it again where
# a load of a time when its closing had been told is gone back to (alone.INSERT_TOLD).
KNOWN = """
SELECT e.siret, e.active, e.commune, e.address_lines, (e.active AND e.categorie_no IS NOT NULL)
    OR CASE WHEN :replayed
       THEN EXISTS (
           SELECT FROM structure_change AS c
           WHERE c.structure = 's' || e.siret AND c.kind = 'closed' AND c.load_id <= :at
       )
       ELSE EXISTS (SELECT FROM structure AS s WHERE s.id = 's' || e.siret)
       END
    OR EXISTS (SELECT FROM link AS l WHERE l.siret = e.siret AND l.valid_to IS NULL AND l.status = 'accepted') AS tells
FROM (
    SELECT siret FROM unnest(CAST(:sirets AS text[])) AS named (siret)
    UNION
    SELECT e.siret FROM unnest(CAST(:sirens AS text[])) AS named (siren) JOIN sirene_establishment AS e USING (siren)
) AS asked
JOIN sirene_establishment AS e USING (siret)
"""
