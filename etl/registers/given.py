"""What SIRENE gives to the structures that FINESS founded, through accepted links, and where each stands by all sources.

What a link gave is taken back with it. Which register speaks for which field is `geo/precedence.py`. One that must not be told
has no row in `sirene_establishment`, so nothing of it is ever given, and a SIRET that FINESS publishes stays.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, text

from etl import planner
from etl.registers import linked, placed


class Given(msgspec.Struct, frozen=True):
    """What was given."""

    structures: int  # rewritten
    positions: dict[str, Any]  # counts for the report


def give(connection: Connection, load_id: int, *, whole: bool = False) -> Given:
    """Make every structure say what its links give it and stand where its sources place it; `whole`: judge every point again."""
    linked.gather(connection)
    connection.execute(text(WANTED))
    connection.execute(text("ANALYZE wanted"))
    positions = placed.choose(connection, load_id, whole=whole)
    planner.tell(connection, "structure_own", connection.execute(text(KEEP_OWN)).rowcount)
    rewritten: int = connection.execute(text(UPDATE)).rowcount
    connection.execute(text(FORGET_OWN))
    connection.execute(text("DROP TABLE wanted, placed, linked"))
    return Given(rewritten, positions)


# Asked once a run. `own`: what FINESS says, whoever speaks now.
WANTED = """
CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
WITH own AS (
    SELECT s.id, s.finess, s.name_key, s.other_names, CASE WHEN o.id IS NULL THEN s.siret ELSE o.siret END AS siret
    FROM structure AS s
    LEFT JOIN structure_own AS o USING (id)
    WHERE s.register = 'finess'
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
)
SELECT own.id,
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
       ) AS aliases
FROM own
LEFT JOIN refused USING (id)
LEFT JOIN numbers USING (id)
LEFT JOIN activity USING (id)
LEFT JOIN named USING (id)
"""
# Before they are rewritten: what FINESS says of those that still say it themselves.
KEEP_OWN = """
INSERT INTO structure_own (id, siret, lon, lat, precision, position_source)
SELECT s.id, s.siret, s.lon, s.lat, s.precision, s.position_source
FROM structure AS s
JOIN placed AS p USING (id)
JOIN wanted AS w USING (id)
WHERE (s.siret, s.lon, s.lat, s.precision, s.position_source)
      IS DISTINCT FROM (w.siret, p.lon, p.lat, p.precision, p.position_source)
ON CONFLICT (id) DO NOTHING
"""
# Rows that say it already are not written, so that a day's few changes cost a few rows of journal.
UPDATE = """
UPDATE structure AS s
SET siret = coalesce(w.siret, s.siret), naf = coalesce(w.naf, s.naf), aliases = coalesce(w.aliases, s.aliases),
    lon = p.lon, lat = p.lat, precision = p.precision, position_source = p.position_source
FROM placed AS p
LEFT JOIN wanted AS w USING (id)
WHERE p.id = s.id AND (
    (s.lon, s.lat, s.precision, s.position_source) IS DISTINCT FROM (p.lon, p.lat, p.precision, p.position_source)
    OR (w.id IS NOT NULL AND (s.siret, s.naf, s.aliases) IS DISTINCT FROM (w.siret, w.naf, w.aliases))
)
"""
FORGET_OWN = """
DELETE FROM structure_own AS o
USING structure AS s
WHERE o.id = s.id
  AND (o.siret, o.lon, o.lat, o.precision, o.position_source)
      IS NOT DISTINCT FROM (s.siret, s.lon, s.lat, s.precision, s.position_source)
"""
