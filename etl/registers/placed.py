"""Where each structure stands: of all that its sources say, the most precise that can be true; who disagrees is listed.

A pin comes before all. Then the more precise point, in the order of `geo.precedence` where two are as precise; a geocoder's only
beside no other point, or where it tells better a place that the register's agrees with (DESIGN.md decision 7). For want of any,
the centre of the commune, which says so.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, text

from etl.registers import linked
from geo.plausibility import OF_THE_CROWD, RULES, SHARED_BY, first_broken, middle_of_a_street
from geo.position import MORE_PRECISE_FIRST
from geo.position_tables import ADDRESS_HASH, CONFLICT_M
from geo.precedence import TRUSTED_FIRST


def choose(connection: Connection, load_id: int, *, whole: bool) -> dict[str, Any]:
    """Make the temporary table `placed` (id, lon, lat, precision, position_source) of whatever may move; counts for the report.

    Among what it reads is the temporary table `linked`.

    `whole`: judge every point again, not only those that this load brought.
    """
    given = {"load_id": load_id, "whole": whole}
    for statement in (MOVING, STAGE, *OF_SOURCES, "ANALYZE said", SHARE, FORGET_JUDGED):
        connection.execute(text(statement), given)
    connection.execute(text(REFUSE))
    connection.execute(text(DROP_REFUSED))
    connection.execute(text(DROP_NEEDLESS))
    order = {"precisions": [each.value for each in MORE_PRECISE_FIRST], "sources": list(TRUSTED_FIRST)}
    connection.execute(text(PLACED), order)
    connection.execute(text("ANALYZE placed"))
    connection.execute(text(APART), order)
    distances = [_to_the_decimetre(**row) for row in connection.execute(text(DISTANCES), order).mappings()]
    for statement in (CONFLICTS, END_CONFLICTS, NOTE_CONFLICTS):
        connection.execute(text(statement), given)
    connection.execute(text("DROP TABLE said, apart, conflict_now, told"))
    refused = dict(map(tuple, connection.execute(text(BY_RULE)).all()))
    conflicts: int = connection.execute(text("SELECT count(*) FROM position_conflict")).scalar_one()
    return {
        "refused": {rule: refused.get(rule, 0) for rule in RULES},
        "conflicts": conflicts,
        "distances": distances,
    }


def _to_the_decimetre(median_m: float, p95_m: float, **others: Any) -> dict[str, Any]:
    return others | {"median_m": round(median_m, 1), "p95_m": round(p95_m, 1)}


class Point(msgspec.Struct, frozen=True):
    """What one source says of a structure's place."""

    source: str
    lon: float
    lat: float
    precision: str
    rule: str | None  # of geo.plausibility, that keeps it off the map


def points_of(connection: Connection, structure: str) -> list[Point]:
    """All that is said of one structure, the most trusted source first; ends the caller's transaction."""
    given = {"id": structure, "load_id": None, "whole": False}
    linked.gather(connection, structure)
    for statement in (ONE, STAGE, *OF_SOURCES):
        connection.execute(text(statement), given)
    said = [Point(**row) for row in connection.execute(text(POINTS)).mappings()]
    connection.rollback()
    return sorted(said, key=lambda each: TRUSTED_FIRST.index(each.source))


def _told(of_finess: str, of_sirene: str) -> str:
    """The temporary table of the structures that are looked at, with what their own register says.

    `fresh`: this load brought it.
    """
    return f"""
CREATE TEMPORARY TABLE told ON COMMIT DROP AS
SELECT s.id, s.register, s.commune, s.load_id IS NOT DISTINCT FROM :load_id OR CAST(:whole AS boolean) AS fresh,
       CASE WHEN o.id IS NULL THEN s.lon ELSE o.lon END AS lon,
       CASE WHEN o.id IS NULL THEN s.lat ELSE o.lat END AS lat,
       CASE WHEN o.id IS NULL THEN s.precision ELSE o.precision END AS precision,
       CASE WHEN o.id IS NULL THEN s.position_source ELSE o.position_source END AS source
FROM structure AS s
LEFT JOIN structure_own AS o USING (id)
WHERE s.register = 'finess' AND {of_finess}
UNION ALL
SELECT s.id, s.register, s.commune, s.load_id IS NOT DISTINCT FROM :load_id OR :whole, e.lon, e.lat, e.precision,
       e.position_source
FROM structure AS s
JOIN sirene_establishment AS e ON s.id = 's' || e.siret
WHERE s.register = 'sirene' AND ({of_sirene})
"""


# The structures that may move: all of FINESS's, and of SIRENE's those that another source speaks of, or did, or that are new.
MOVING = _told(
    "true",
    """s.load_id = :load_id OR :whole OR s.position_source IS DISTINCT FROM e.position_source
    OR EXISTS (SELECT FROM geocoded_structure AS g WHERE g.id = s.id)
    OR EXISTS (SELECT FROM refused_point AS r WHERE r.structure = s.id)
    OR EXISTS (SELECT FROM pin AS p WHERE p.structure = s.id AND p.undone_at IS NULL)
    OR EXISTS (
        SELECT FROM absorbed_siret AS a JOIN pin AS p ON p.structure = 's' || a.siret
        WHERE a.survivor = e.siret AND p.undone_at IS NULL
    )""",
)
ONE = _told("s.id = :id", "s.id = :id")
STAGE = """
CREATE UNIQUE INDEX ON told (id);
ANALYZE told;
CREATE TEMPORARY TABLE said (
    id text COLLATE "C", source text, lon float8, lat float8, precision text, commune text, fresh boolean,
    addresses integer NOT NULL DEFAULT 0
) ON COMMIT DROP
"""
_INTO = "INSERT INTO said (id, source, lon, lat, precision, commune, fresh) "
# A register's own word; where it stands at its commune's centre it says nothing.
OWN = f"""
{_INTO} SELECT id, source, lon, lat, precision, commune, fresh FROM told WHERE lon IS NOT NULL AND source <> 'commune'
"""
# The legacy file is read where the flow has no point that can be true; beside one it only may disagree.
ANCIEN = f"""
{_INTO} SELECT t.id, 'finess_ancien', a.lon, a.lat, a.precision, t.commune, t.fresh
FROM told AS t
JOIN finess_ancien AS a ON t.id = 'f' || a.finess COLLATE "C"
WHERE t.source IS DISTINCT FROM 'finess_ancien' AND a.lon IS NOT NULL
"""
# Of an accepted link whose establishment is open and that Insee places; the best link where there are several.
INSEE = f"""
{_INTO} SELECT DISTINCT ON (t.id) t.id, 'insee', l.lon, l.lat, l.precision, t.commune,
       t.fresh OR l.load_id = :load_id
FROM told AS t
JOIN linked AS l USING (id)
WHERE l.active AND l.position_source = 'insee'
ORDER BY t.id, l.score DESC, l.siret
"""
# Of the address that the structure has today.
GEOCODER = f"""
{_INTO} SELECT t.id, 'geocoder', g.lon, g.lat, g.precision, t.commune, true
FROM told AS t
JOIN structure AS s USING (id)
JOIN geocoded_structure AS g ON g.id = t.id AND g.lon IS NOT NULL AND g.address = {ADDRESS_HASH}
"""
# One whose structure is told under another today goes with it: a door stays where it is. What is pinned itself comes first.
PINS = f"""
{_INTO} SELECT t.id, 'administrator', p.lon, p.lat, 'pin', t.commune, false
FROM told AS t
JOIN (
    SELECT DISTINCT ON (bearer) bearer, lon, lat
    FROM (
        SELECT structure AS bearer, lon, lat, 0 AS inherited FROM pin WHERE undone_at IS NULL
        UNION ALL
        SELECT coalesce(l.id, 's' || heir.siret), p.lon, p.lat, 1
        FROM pin AS p
        CROSS JOIN LATERAL (
            SELECT coalesce(
                (SELECT survivor FROM absorbed_siret WHERE siret = substr(p.structure, 2)), substr(p.structure, 2)
            ) AS siret
        ) AS heir
        LEFT JOIN linked AS l ON l.siret = heir.siret
        WHERE p.undone_at IS NULL AND p.structure LIKE 's%'
    ) AS standing
    ORDER BY bearer, inherited
) AS p ON p.bearer = t.id
"""
OF_SOURCES = (OWN, ANCIEN, INSEE, GEOCODER, PINS)
SHARE = f"""
UPDATE said
SET addresses = shared.addresses
FROM (
    SELECT said.lon, said.lat, count(DISTINCT (s.address_lines, s.commune)) AS addresses
    FROM (SELECT lon, lat FROM said GROUP BY lon, lat HAVING count(*) >= {SHARED_BY}) AS crowd
    JOIN said USING (lon, lat)
    JOIN structure AS s USING (id)
    WHERE NOT ({middle_of_a_street("said")})
    GROUP BY said.lon, said.lat
) AS shared
WHERE (said.lon, said.lat) = (shared.lon, shared.lat)
"""
# A point that is said no more is forgotten; one that is judged now is judged anew, but by the crowd only when all is seen.
FORGET_JUDGED = f"""
DELETE FROM refused_point AS r
WHERE NOT EXISTS (
    SELECT FROM said WHERE said.id = r.structure AND said.source = r.source AND (said.lon, said.lat) = (r.lon, r.lat)
) OR EXISTS (
    SELECT FROM said
    WHERE said.id = r.structure AND said.source = r.source AND said.fresh
      AND (CAST(:whole AS boolean) OR r.rule <> '{OF_THE_CROWD}')
)
"""
REFUSE = f"""
INSERT INTO refused_point (structure, source, lon, lat, rule)
SELECT id, source, lon, lat, rule
FROM (
    SELECT point.id, point.source, point.lon, point.lat, {first_broken()} AS rule
    FROM said AS point
    LEFT JOIN (
        SELECT c.code, c.parent, c.lon, c.lat, c.contour AS own_contour, coalesce(city.contour, c.contour) AS contour
        FROM commune AS c LEFT JOIN commune AS city ON city.code = c.parent
    ) AS c ON c.code = point.commune
    WHERE point.fresh AND point.source <> 'administrator'
) AS judged
WHERE rule IS NOT NULL
ON CONFLICT DO NOTHING
"""
DROP_REFUSED = """
DELETE FROM said
USING refused_point AS r
WHERE said.id = r.structure AND said.source = r.source AND (said.lon, said.lat) = (r.lon, r.lat)
"""
# What is left says where the structure may be. The legacy point stays in it for the conflicts alone.
DROP_NEEDLESS = f"""
CREATE INDEX ON said (id);
ANALYZE said;
ALTER TABLE said ADD COLUMN heard boolean NOT NULL DEFAULT true;
UPDATE said AS old
SET heard = false
FROM said AS flow
WHERE old.source = 'finess_ancien' AND flow.id = old.id AND flow.source = 'finess';
UPDATE said AS found
SET heard = false
FROM said AS register
WHERE found.source = 'geocoder' AND register.id = found.id AND register.source IN ('finess', 'finess_ancien', 'insee')
  AND register.heard AND register.precision <> 'commune'
  AND ST_DistanceSphere(ST_MakePoint(found.lon, found.lat), ST_MakePoint(register.lon, register.lat)) > {CONFLICT_M}
"""
PLACED = """
CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
WITH best AS (
    SELECT DISTINCT ON (id) id, lon, lat, precision, source
    FROM said
    WHERE heard
    ORDER BY id, array_position(CAST(:precisions AS text[]), precision), array_position(CAST(:sources AS text[]), source)
)
SELECT t.id,
       CASE WHEN best.id IS NOT NULL THEN best.lon ELSE c.lon END AS lon,
       CASE WHEN best.id IS NOT NULL THEN best.lat ELSE c.lat END AS lat,
       CASE WHEN best.id IS NOT NULL THEN best.precision WHEN c.code IS NOT NULL THEN 'commune' ELSE 'none' END AS precision,
       CASE WHEN best.id IS NOT NULL THEN best.source WHEN c.code IS NOT NULL THEN 'commune' END AS position_source
FROM told AS t
LEFT JOIN best USING (id)
LEFT JOIN commune AS c ON c.code = t.commune
"""
# Each pair of sources that speak of one structure, the more trusted first; the centre of a commune says nothing.
APART = """
CREATE TEMPORARY TABLE apart ON COMMIT DROP AS
SELECT one.id, one.source, other.source AS other,
       ST_DistanceSphere(ST_MakePoint(one.lon, one.lat), ST_MakePoint(other.lon, other.lat)) AS distance_m
FROM said AS one
JOIN said AS other ON other.id = one.id
    AND array_position(CAST(:sources AS text[]), one.source) < array_position(CAST(:sources AS text[]), other.source)
WHERE 'commune' NOT IN (one.precision, other.precision)
"""
# Of open structures. Whatever has two sources may move (MOVING), so any run sees all of them.
DISTANCES = f"""
SELECT source, other, count(*) AS n,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY distance_m) AS median_m,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY distance_m) AS p95_m,
       count(*) FILTER (WHERE distance_m > {CONFLICT_M}) AS far
FROM apart
JOIN structure AS s USING (id)
WHERE s.open
GROUP BY source, other
ORDER BY array_position(CAST(:sources AS text[]), source), array_position(CAST(:sources AS text[]), other)
"""
# In the order of letters, so that a source that is trusted more one day makes no other conflict. A pin has settled it.
CONFLICTS = f"""
CREATE TEMPORARY TABLE conflict_now ON COMMIT DROP AS
SELECT id AS structure, least(source, other) AS source, greatest(source, other) AS other, distance_m
FROM apart
WHERE distance_m > {CONFLICT_M}
  AND NOT EXISTS (SELECT FROM said AS pinned WHERE pinned.id = apart.id AND pinned.source = 'administrator')
"""
END_CONFLICTS = """
DELETE FROM position_conflict AS c
WHERE NOT EXISTS (
    SELECT FROM conflict_now AS n
    WHERE (n.structure, n.source, n.other, n.distance_m) = (c.structure, c.source, c.other, c.distance_m)
)
"""
NOTE_CONFLICTS = """
INSERT INTO position_conflict (structure, source, other, distance_m, load_id)
SELECT structure, source, other, distance_m, :load_id FROM conflict_now
ON CONFLICT DO NOTHING
"""
POINTS = """
SELECT said.source, said.lon, said.lat, said.precision, r.rule
FROM said
LEFT JOIN refused_point AS r
    ON r.structure = said.id AND r.source = said.source AND (said.lon, said.lat) = (r.lon, r.lat)
"""
BY_RULE = "SELECT rule, count(*) FROM refused_point GROUP BY rule ORDER BY rule"
