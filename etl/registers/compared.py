"""What links are found among: communes that a load touched and what both registers say there, a part of the country at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import Connection, text

from etl.matching.shapes import DECISIONS, DUPLICATES, EGE, SUCCESSIONS
from etl.sirene.records import open_frame
from etl.sirene.rows import MASKED
from geo.addresses import street_of
from geo.history import stood

CANDIDATES_AT_ONCE = 150_000  # of SIRENE: some hundreds of megabytes with all that is made to compare them


class Compared(msgspec.Struct, frozen=True):
    """The communes of one part, and what is compared there: the arguments of `etl.matching.links.links`."""

    communes: set[str]
    establishments: pl.DataFrame  # EGE: those in scope, and those elsewhere that declare the same SIRET
    candidates: pl.DataFrame  # OPEN
    masked: pl.DataFrame  # MASKED
    decisions: pl.DataFrame
    successions: pl.DataFrame
    duplicates: pl.DataFrame


def parts(
    connection: Connection, load_id: int, *, whole: bool, standing: Mapping[str, int], also: Sequence[str] = ()
) -> Iterator[Compared]:
    """The communes that this load touched, and those of the FINESS numbers `also`, or all, in as many parts as memory asks.

    `standing`: by pipeline, the load whose records are served. While a part is looked at, the temporary table `scope` holds the
    FINESS numbers whose links are found again.
    """
    connection.execute(text(DECLARED), {"at": standing["finess"]})
    connection.execute(text(INDEX_DECLARED))
    connection.execute(text(ALL_TOWNS if whole else TOUCHED), {} if whole else {"load_id": load_id, "also": list(also)})
    connection.execute(text(ASKED))
    at = standing["sirene"]
    successions = _frame(connection, STANDING_SUCCESSIONS, SUCCESSIONS, at=at)
    duplicates = _frame(connection, STANDING_DUPLICATES, DUPLICATES, at=at)
    for departements in _departements(connection):
        connection.execute(text(TOUCHED_PART), {"departements": departements})
        for statement in ("ANALYZE touched", SCOPE, "ANALYZE scope"):
            connection.execute(text(statement))
        connection.execute(text(CANDIDATES), {"at": at})
        connection.execute(text("ANALYZE candidate"))
        yield Compared(
            communes=set(connection.execute(text("SELECT commune FROM touched")).scalars()),
            establishments=_establishments(connection),
            candidates=open_frame(connection.execute(text(CANDIDATE_RECORDS), {"at": at}).scalars()),
            masked=_frame(connection, MASKED_ONES, MASKED),
            decisions=_frame(connection, STANDING_DECISIONS, DECISIONS),
            successions=successions,
            duplicates=duplicates,
        )
        connection.execute(text("DROP TABLE touched, scope, candidate"))
    connection.execute(text("DROP TABLE asked, town, declared"))


def _departements(connection: Connection) -> Iterator[list[str]]:
    """As many as hold the establishments that are compared at once."""
    part: list[str] = []
    held = 0
    for departement, candidates in connection.execute(text(CANDIDATES_BY_DEPARTEMENT)).all():
        if part and held + candidates > CANDIDATES_AT_ONCE:
            yield part
            part, held = [], 0
        part.append(departement)
        held += candidates
    if part:
        yield part


def _establishments(connection: Connection) -> pl.DataFrame:
    """FINESS's side, as it says itself."""
    rows = connection.execute(text(ESTABLISHMENTS)).mappings()
    return pl.DataFrame([_establishment(row) for row in rows], schema=EGE, orient="row")


def _establishment(row: Mapping[Any, Any]) -> dict[str, object]:
    number, street = street_of(row["address_lines"])
    told = {name: row[name] for name in EGE if name in row}
    return told | {"names": [row["name"], *row["other_names"]], "number": number, "street": street}


def _frame(connection: Connection, statement: str, schema: Mapping[str, Any], **given: int) -> pl.DataFrame:
    rows = [tuple(row) for row in connection.execute(text(statement), given)]
    return pl.DataFrame(rows, schema=pl.Schema(schema), orient="row")


# A town is a commune with its arrondissements: registers write one or the other. '' stands for no known commune.
ALL_TOWNS = """
CREATE TEMPORARY TABLE town ON COMMIT DROP AS
SELECT DISTINCT coalesce(c.parent, s.commune, '') AS code
FROM structure AS s
LEFT JOIN commune AS c ON c.code = s.commune
WHERE s.register = 'finess'
"""
# Of establishments that changed, of those that declare one that changed, and of those linked to one.
TOUCHED = """
CREATE TEMPORARY TABLE town ON COMMIT DROP AS
WITH moved AS (
    SELECT siret, commune FROM sirene_establishment WHERE load_id = :load_id
), near AS (
    SELECT id FROM structure WHERE load_id = :load_id AND register = 'finess'
    UNION
    SELECT declared.id FROM declared JOIN moved USING (siret)
    UNION
    SELECT declared.id
    FROM moved
    JOIN link AS l ON l.siret = moved.siret AND l.valid_to IS NULL
    JOIN declared ON declared.finess = l.finess
    UNION
    SELECT id FROM declared WHERE finess = ANY (CAST(:also AS text[]))
), changed AS (
    SELECT commune FROM near JOIN structure USING (id)
    UNION
    SELECT commune FROM moved
)
SELECT DISTINCT coalesce(c.parent, changed.commune, '') AS code
FROM changed
LEFT JOIN commune AS c ON c.code = changed.commune
"""
ASKED = """
CREATE TEMPORARY TABLE asked ON COMMIT DROP AS
SELECT town.code AS commune, coalesce(c.departement, '') AS departement
FROM town LEFT JOIN commune AS c USING (code)
UNION
SELECT c.code, c.departement FROM town JOIN commune AS c ON c.parent = town.code;
ANALYZE asked
"""
CANDIDATES_BY_DEPARTEMENT = """
SELECT asked.departement, count(e.siret)
FROM asked LEFT JOIN sirene_establishment AS e USING (commune)
GROUP BY asked.departement
ORDER BY asked.departement
"""
TOUCHED_PART = """
CREATE TEMPORARY TABLE touched ON COMMIT DROP AS SELECT commune FROM asked WHERE departement = ANY (:departements)
"""
# By structure_commune_idx. Establishments that FINESS no longer publishes are in scope, so that their links end.
SCOPE = """
CREATE TEMPORARY TABLE scope ON COMMIT DROP AS
SELECT s.id, number AS finess
FROM touched
JOIN structure AS s USING (commune)
CROSS JOIN LATERAL unnest(s.finess) AS number
WHERE s.register = 'finess'
UNION ALL
SELECT s.id, number
FROM structure AS s
CROSS JOIN LATERAL unnest(s.finess) AS number
WHERE s.register = 'finess' AND s.commune IS NULL AND EXISTS (SELECT FROM touched WHERE commune = '')
"""
# What each establishment of FINESS declares, malformed or not, whoever speaks now.
DECLARED = f"""
CREATE TEMPORARY TABLE declared ON COMMIT DROP AS
SELECT s.id, number AS finess, coalesce(r.record ->> 'siret', (coalesce(o.siret, s.siret))[1]) AS siret
FROM structure AS s
CROSS JOIN LATERAL unnest(s.finess) AS number
LEFT JOIN structure_own AS o ON o.id = s.id
LEFT JOIN source_record AS r
    ON r.kind = 'ege' AND r.key = number AND {stood("r")}
WHERE s.register = 'finess' AND s.row_hash <> ''
"""
INDEX_DECLARED = """
CREATE INDEX ON declared (siret);
CREATE INDEX ON declared (finess);
ANALYZE declared
"""
# What stands in the communes touched, and whatever their establishments declare, with who took it over.
CANDIDATES = f"""
CREATE TEMPORARY TABLE candidate ON COMMIT DROP AS
WITH RECURSIVE named (siret, steps) AS (
    SELECT siret, 0 FROM declared JOIN scope USING (finess) WHERE siret IS NOT NULL
    UNION
    SELECT s.successor, named.steps + 1
    FROM named JOIN succession AS s ON s.predecessor = named.siret
    WHERE named.steps < 10 AND {stood("s")}
)
SELECT e.siret FROM touched JOIN sirene_establishment AS e USING (commune)
UNION
SELECT siret FROM named
"""
ESTABLISHMENTS = """
WITH given AS (
    SELECT finess FROM scope
    UNION
    SELECT finess FROM declared JOIN candidate USING (siret)
)
SELECT declared.finess, declared.siret AS declared,
       s.name, s.other_names, s.ej_name, s.ej_siren, s.ej_finess, s.address_lines, s.commune, s.postcode,
       CASE WHEN o.id IS NULL THEN s.lon ELSE o.lon END AS lon,
       CASE WHEN o.id IS NULL THEN s.lat ELSE o.lat END AS lat,
       CASE WHEN o.id IS NULL THEN s.precision ELSE o.precision END AS precision,
       c.code AS categorie, s.open
FROM given
JOIN declared USING (finess)
JOIN structure AS s ON s.id = declared.id
JOIN categorie AS c ON c.no = s.categorie_no
LEFT JOIN structure_own AS o ON o.id = s.id
ORDER BY declared.finess
"""
CANDIDATE_RECORDS = f"""
SELECT r.record
FROM candidate
JOIN source_record AS r
    ON r.kind = 'siret' AND r.key = candidate.siret AND {stood("r")}
ORDER BY r.key
"""
# A withdrawn one too, so that what FINESS declares is confirmed by its numbers alone and no other is looked for in its place.
MASKED_ONES = """
SELECT m.siret, m.siren, m.diffusion, m.naf, m.nomenclature, m.commune
FROM masked_siret AS m
JOIN candidate USING (siret)
UNION ALL
SELECT w.siret, left(w.siret, 9), 'P', NULL, NULL, (
    SELECT s.commune
    FROM declared JOIN structure AS s USING (id)
    WHERE declared.siret = w.siret
    ORDER BY declared.finess
    LIMIT 1
)
FROM withdrawal AS w
JOIN candidate USING (siret)
WHERE w.undone_at IS NULL AND NOT EXISTS (SELECT FROM masked_siret AS m WHERE m.siret = w.siret)
ORDER BY siret
"""
STANDING_DECISIONS = """
SELECT d.finess, d.siret, d.verdict, d.by, d.decided_at AT TIME ZONE 'UTC'
FROM link_decision AS d
JOIN scope USING (finess)
WHERE d.undone_at IS NULL
ORDER BY d.finess, d.siret
"""
STANDING_SUCCESSIONS = f"""
SELECT predecessor, successor, happened_on FROM succession AS s WHERE {stood("s")} ORDER BY predecessor, successor
"""
STANDING_DUPLICATES = f"""
SELECT siren, duplicate FROM duplicate_siren AS d WHERE {stood("d")} ORDER BY siren, duplicate
"""
