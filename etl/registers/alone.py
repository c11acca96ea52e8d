"""The structures that SIRENE alone knows: one for each establishment of the field that no FINESS establishment is linked to.

A practitioner at the door of another stays a structure of its own: people look for each by name. What belongs to a FINESS
structure, or went on under another number, is no second structure; its address redirects (`link`, `absorbed_siret`).
"""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import Connection, text

from etl.finess.changes import MOVED_M
from geo.position import EARTH_RADIUS_M

ANNOUNCED = timedelta(days=62)  # an opening to come is known before its day, which may fall between two stocks


def write_changes(connection: Connection, load_id: int, today: date) -> dict[str, int]:
    """Record what this load changes for people, before `apply`: counts by kind."""
    given = {
        "load_id": load_id,
        "today": today,
        "moved_m": MOVED_M,
        "radius": EARTH_RADIUS_M,
        "lately": today - ANNOUNCED,
    }
    return dict(connection.execute(text(CHANGES), given).all())


def apply(connection: Connection, load_id: int) -> Mapping[str, int]:
    """`structure` made to hold these structures, only what differs rewritten; how many rows of each kind."""
    return _apply(
        connection, {"load_id": load_id}, absorbed=DELETE_ABSORBED, left=LEAVE, updated=UPDATE, inserted=INSERT
    )


def go_back(connection: Connection, load_id: int, at: int) -> Mapping[str, int]:
    """The same as load `at` left them: of the closed ones, those whose closing was told by then."""
    given = {"load_id": load_id, "at": at}
    made = {"absorbed": DELETE_ABSORBED, "untold": DELETE_UNTOLD, "left": LEAVE, "updated": UPDATE, "inserted": INSERT}
    return _apply(connection, given, **made, closed=INSERT_TOLD)


def _apply(connection: Connection, given: Mapping[str, int], **statements: str) -> dict[str, int]:
    return {name: connection.execute(text(statement), given).rowcount for name, statement in statements.items()}


FROM_ESTABLISHMENT = {
    "name": "e.name",
    "name_key": "e.name_key",
    "other_names": "e.other_names",
    "categorie_no": "e.categorie_no",
    "siret": "ARRAY[e.siret]",
    "siren": "e.siren",
    "statut": "e.statut",
    "address_lines": "e.address_lines",
    "postcode": "e.postcode",
    "commune": "e.commune",
    "commune_name": "e.commune_name",
    "departement": "e.departement",
    "region": "e.region",
    "epci": "e.epci",
    "open": "e.active",
    "opened_on": "e.opened_on",
    "closed_on": "e.closed_on",
    "updated_on": "e.updated_on",
    "lon": "e.lon",
    "lat": "e.lat",
    "precision": "e.precision",
    "position_source": "e.position_source",
    "naf": "e.naf",
    "row_hash": "e.row_hash",
}
INTO = ", ".join(FROM_ESTABLISHMENT)
VALUES = ", ".join(FROM_ESTABLISHMENT.values())
# Asked once a run, over the establishments of the field: hash joins with the accepted links (link_accepted_siret_idx) and the
# structures. A closed establishment stays where it was told once; it founds nothing.
ALONE = """
    FROM sirene_establishment AS e
    WHERE e.categorie_no IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM link AS l WHERE l.siret = e.siret AND l.valid_to IS NULL AND l.status = 'accepted'
      )
      AND NOT EXISTS (SELECT FROM absorbed_siret AS a WHERE a.siret = e.siret)
"""
# An establishment that left the register's field stays as the structure it was, closed: only what is told elsewhere leaves.
DELETE_ABSORBED = """
DELETE FROM structure AS s
WHERE s.register = 'sirene' AND (
    EXISTS (
        SELECT FROM link AS l WHERE 's' || l.siret = s.id AND l.valid_to IS NULL AND l.status = 'accepted'
    )
    OR EXISTS (SELECT FROM absorbed_siret AS a WHERE 's' || a.siret = s.id)
    OR NOT EXISTS (SELECT FROM sirene_establishment AS e WHERE 's' || e.siret = s.id)
)
"""
# Its address stays, as the structure that it was; whoever comes back into the field is told again by its hash.
LEAVE = """
UPDATE structure AS s
SET open = false, row_hash = '', load_id = :load_id
FROM sirene_establishment AS e
WHERE s.id = 's' || e.siret AND s.register = 'sirene' AND s.open AND e.categorie_no IS NULL
"""
UPDATE = f"""
UPDATE structure AS s
SET ({INTO}, load_id) = ROW ({VALUES}, :load_id)
{ALONE}
  AND s.id = 's' || e.siret AND s.register = 'sirene' AND s.row_hash <> e.row_hash
"""
# In Hilbert order (how PostGIS sorts geometries), so that a map's neighbours are neighbours on disk.
_INSERT = f"""
INSERT INTO structure (id, register, {INTO}, load_id)
SELECT 's' || e.siret, 'sirene', {VALUES}, :load_id
{ALONE}
  AND {{founds}} AND NOT EXISTS (SELECT FROM structure AS s WHERE s.id = 's' || e.siret)
ORDER BY ST_SetSRID(ST_MakePoint(e.lon, e.lat), 4326)
"""
INSERT = _INSERT.format(founds="e.active")
_CLOSING_TOLD = """EXISTS (
    SELECT FROM structure_change AS c WHERE c.structure = 's' || e.siret AND c.kind = 'closed' AND c.load_id <= :at
)"""
INSERT_TOLD = _INSERT.format(founds=f"NOT e.active AND {_CLOSING_TOLD}")
DELETE_UNTOLD = f"""
DELETE FROM structure AS s
USING sirene_establishment AS e
WHERE s.register = 'sirene' AND s.id = 's' || e.siret AND NOT e.active AND NOT {_CLOSING_TOLD}
"""
# What the records of this load changed, or that it ceased: a link made or undone moves a structure from one register's word to
# another's, and is no event of the world. Metres on the sphere, between points that Insee gives.
CHANGES = """
WITH pair AS (
    SELECT 's' || e.siret AS structure, s.id IS NOT NULL AS known, s.open AS was_open,
           e.active AND e.categorie_no IS NOT NULL AS now_open,
           e.categorie_no IS NOT NULL AS of_field, e.opened_on, e.closed_on, s.name AS old_name, e.name AS new_name,
           (SELECT code FROM categorie WHERE no = s.categorie_no) AS old_categorie,
           (SELECT code FROM categorie WHERE no = e.categorie_no) AS new_categorie,
           s.lon AS old_lon, s.lat AS old_lat, e.lon AS new_lon, e.lat AS new_lat,
           s.position_source = 'insee' AND e.position_source = 'insee' AND 2 * :radius * asin(sqrt(
               sin(radians(e.lat - s.lat) / 2) ^ 2
               + cos(radians(s.lat)) * cos(radians(e.lat)) * sin(radians(e.lon - s.lon) / 2) ^ 2
           )) > :moved_m AS moved
    FROM sirene_establishment AS e
    LEFT JOIN structure AS s ON s.id = 's' || e.siret
    WHERE e.load_id = :load_id AND (e.categorie_no IS NOT NULL OR s.open)
      AND (e.row_hash = '' OR e.opened_on >= :lately OR EXISTS (
          SELECT FROM changed_record AS r WHERE r.kind = 'siret' AND r.key = e.siret
      ))
      AND NOT EXISTS (
          SELECT FROM link AS l WHERE l.siret = e.siret AND l.valid_to IS NULL AND l.status = 'accepted'
      )
      AND NOT EXISTS (SELECT FROM absorbed_siret AS a WHERE a.siret = e.siret)
), change AS (
    SELECT structure, 'opened' AS kind, opened_on AS effective_on, NULL AS before, 'open' AS after
    FROM pair
    WHERE NOT known AND now_open AND (opened_on >= :lately OR NOT EXISTS (
        SELECT FROM source_record AS r WHERE r.kind = 'siret' AND 's' || r.key = pair.structure AND r.load_id < :load_id
    ))
    UNION ALL
    SELECT structure, 'closed', closed_on, 'open', 'closed' FROM pair WHERE was_open AND NOT now_open
    UNION ALL
    SELECT structure, 'reopened', NULL, NULL, 'open' FROM pair WHERE known AND NOT was_open AND now_open
    UNION ALL
    SELECT structure, 'renamed', NULL, old_name, new_name FROM pair WHERE known AND of_field AND old_name <> new_name
    UNION ALL
    SELECT structure, 'category_changed', NULL, old_categorie, new_categorie
    FROM pair WHERE known AND of_field AND old_categorie <> new_categorie
    UNION ALL
    SELECT structure, 'moved', NULL, format('%s,%s', round(old_lon::numeric, 6), round(old_lat::numeric, 6)),
           format('%s,%s', round(new_lon::numeric, 6), round(new_lat::numeric, 6))
    FROM pair WHERE known AND of_field AND moved
), written AS (
    INSERT INTO structure_change (seen_on, effective_on, structure, kind, before, after, load_id)
    SELECT :today, effective_on, structure, kind, before, after, :load_id
    FROM change
    ORDER BY structure, kind
    RETURNING kind
)
SELECT kind, count(*) FROM written GROUP BY kind ORDER BY kind
"""
