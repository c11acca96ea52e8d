"""What SIRENE gives to the structures that FINESS founded, through accepted links; what a link gave is taken back with it.

Which register speaks for which field is `geo/precedence.py`. One that must not be told has no row in
`sirene_establishment`, so nothing of it is ever given, and a SIRET that FINESS publishes stays.
"""

from sqlalchemy import Connection, text

from etl import planner
from geo.precedence import MORE_PRECISE_FIRST


def give(connection: Connection) -> int:
    """Make every FINESS structure say what its links give; how many were rewritten."""
    given = {"precisions": list(MORE_PRECISE_FIRST)}
    connection.execute(text(WANTED), given)
    connection.execute(text("ANALYZE wanted"))
    planner.tell(connection, "structure_own", connection.execute(text(KEEP_OWN)).rowcount)
    rewritten: int = connection.execute(text(UPDATE)).rowcount
    connection.execute(text(FORGET_OWN))
    connection.execute(text("DROP TABLE wanted"))
    return rewritten


# Asked once a run. `own`: what FINESS says, whoever speaks now. `linked`: the accepted links of its numbers, best first.
WANTED = """
CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
WITH own AS (
    SELECT s.id, s.finess, s.name_key, s.other_names,
           o.id IS NOT NULL AS kept,
           CASE WHEN o.id IS NULL THEN s.siret ELSE o.siret END AS siret,
           CASE WHEN o.id IS NULL THEN s.lon ELSE o.lon END AS lon,
           CASE WHEN o.id IS NULL THEN s.lat ELSE o.lat END AS lat,
           CASE WHEN o.id IS NULL THEN s.precision ELSE o.precision END AS precision,
           CASE WHEN o.id IS NULL THEN s.position_source ELSE o.position_source END AS position_source
    FROM structure AS s
    LEFT JOIN structure_own AS o USING (id)
    WHERE s.register = 'finess'
), linked AS (
    SELECT own.id, l.siret, l.score, l.source,
           e.siret IS NOT NULL AS told, e.active, e.natural_person, e.naf, e.name, e.other_names,
           e.lon, e.lat, e.precision, e.position_source
    FROM own
    CROSS JOIN LATERAL unnest(own.finess) AS mine (number)
    JOIN link AS l ON l.finess = mine.number AND l.valid_to IS NULL AND l.status = 'accepted'
    LEFT JOIN sirene_establishment AS e ON e.siret = l.siret
), refused AS (
    SELECT own.id, array_agg(l.siret) AS sirets
    FROM own
    CROSS JOIN LATERAL unnest(own.finess) AS mine (number)
    JOIN link AS l ON l.finess = mine.number AND l.valid_to IS NULL AND l.status = 'rejected' AND l.source = 'human'
    GROUP BY own.id
), numbers AS (
    SELECT id, array_agg(DISTINCT siret ORDER BY siret) AS sirets FROM linked WHERE told GROUP BY id
), activity AS (
    SELECT linked.id, array_agg(DISTINCT code ORDER BY code) AS naf
    FROM linked CROSS JOIN LATERAL unnest(linked.naf) AS code
    GROUP BY linked.id
), named AS (
    SELECT linked.id, array_agg(DISTINCT each ORDER BY each) AS names
    FROM linked CROSS JOIN LATERAL unnest(linked.other_names || linked.name) AS each
    WHERE NOT linked.natural_person
    GROUP BY linked.id
), placed AS (
    SELECT DISTINCT ON (id) id, lon, lat, precision, position_source
    FROM linked
    WHERE active AND position_source = 'insee'
    ORDER BY id, score DESC, siret
)
SELECT own.id, own.kept,
       own.siret AS own_siret, own.lon AS own_lon, own.lat AS own_lat,
       own.precision AS own_precision, own.position_source AS own_position_source,
       ARRAY(
           SELECT each FROM unnest(own.siret) WITH ORDINALITY AS published (each, place)
           WHERE each <> ALL (coalesce(refused.sirets, '{}'))
           ORDER BY place
       ) || ARRAY(
           SELECT each FROM unnest(coalesce(numbers.sirets, '{}')) AS each WHERE each <> ALL (own.siret) ORDER BY each
       ) AS siret,
       coalesce(activity.naf, '{}') AS naf,
       ARRAY(
           SELECT each FROM unnest(coalesce(named.names, '{}')) AS each WHERE each <> ALL (own.other_names) ORDER BY each
       ) AS aliases,
       coalesce(
           array_position(CAST(:precisions AS text[]), placed.precision)
           < array_position(CAST(:precisions AS text[]), own.precision), false
       ) AS moves,
       placed.lon, placed.lat, placed.precision, placed.position_source
FROM own
LEFT JOIN refused USING (id)
LEFT JOIN numbers USING (id)
LEFT JOIN activity USING (id)
LEFT JOIN named USING (id)
LEFT JOIN placed USING (id)
"""
KEEP_OWN = """
INSERT INTO structure_own (id, siret, lon, lat, precision, position_source)
SELECT id, own_siret, own_lon, own_lat, own_precision, own_position_source
FROM wanted
WHERE NOT kept AND (moves OR siret <> own_siret)
"""
# Rows that say it already are not written, so that a day's few changes cost a few rows of journal.
UPDATE = """
UPDATE structure AS s
SET siret = w.siret, naf = w.naf, aliases = w.aliases,
    lon = CASE WHEN w.moves THEN w.lon ELSE w.own_lon END,
    lat = CASE WHEN w.moves THEN w.lat ELSE w.own_lat END,
    precision = CASE WHEN w.moves THEN w.precision ELSE w.own_precision END,
    position_source = CASE WHEN w.moves THEN w.position_source ELSE w.own_position_source END
FROM wanted AS w
WHERE w.id = s.id
  AND (s.siret, s.naf, s.aliases, s.lon, s.lat, s.precision, s.position_source) IS DISTINCT FROM (
      w.siret, w.naf, w.aliases,
      CASE WHEN w.moves THEN w.lon ELSE w.own_lon END,
      CASE WHEN w.moves THEN w.lat ELSE w.own_lat END,
      CASE WHEN w.moves THEN w.precision ELSE w.own_precision END,
      CASE WHEN w.moves THEN w.position_source ELSE w.own_position_source END)
"""
FORGET_OWN = """
DELETE FROM structure_own AS o
USING wanted AS w
WHERE w.id = o.id AND w.kept AND NOT w.moves AND w.siret = w.own_siret
"""
