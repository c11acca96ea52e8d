"""Those who must not be told: partial diffusion and withdrawals, noted first, then taken out of everything that keeps anything.

Two registers say who: `masked_siret` (Insee's partial diffusion, art. R123-232-1 C. com.) and `withdrawal` (people who object
to us). `purge` makes every table forget what they held of them; it is called in the transaction of each load, rollback and
withdrawal, and when an instance starts, so that nothing older brings them back (DESIGN.md decision 5). FINESS's structures
stay what FINESS publishes.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
import polars as pl
from sqlalchemy import Connection, text

from etl.copying import copy_rows, create_temporary
from etl.positions.forgetting import forget_needless
from etl.sirene.diffusion import masked_of
from etl.sirene.rows import LAST_MICROSECOND, MASKED
from geo.sirene import WITHHELD, WITHHELD_ITSELF

COLUMNS = {**dict.fromkeys(MASKED.names(), "text"), "said_at": "timestamptz"}
SAID_AT = pl.Datetime("us", "UTC")


def note_masked(
    connection: Connection, masked: pl.DataFrame, said_by: str, said_at: datetime, whole_at: datetime | None = None
) -> int:
    """Add rows of MASKED to the register of partial diffusion; how many were not in it. `said_by`: stock or api.

    `said_at` of a row that does not say it (a column of that name): when the file was made. `whole_at`: up to when a stock knows;
    one that we tell from a later treatment was shown since.
    """
    shown_since = _treated_after(connection, masked["siret"].to_list(), whole_at)
    said = masked.filter(~pl.col("siret").is_in(shown_since))
    return _note(connection, _dated(said, said_at), said_by)


def note_units_masked(connection: Connection, units: Mapping[str, datetime | None], said_at: datetime) -> int:
    """Legal units (SIREN) that the API says are masked, and when: all their establishments are, those of tomorrow too."""
    moments = [min(each or said_at, said_at) for each in units.values()]
    said = {"sirens": list(units), "moments": moments}
    connection.execute(text(SAY_UNITS), said)
    connection.execute(text(AS_LATE_AS_KNOWN), said)
    noted: int = connection.execute(text(NOTE_UNITS), said).rowcount
    connection.execute(text(SAY_UNITS_AGAIN), said)
    return noted


def note_of_masked_units(connection: Connection, opened: pl.DataFrame) -> int:
    """Rows of OPEN whose legal unit the API says is masked, in what says nothing newer of it."""
    hidden = connection.execute(text(OF_MASKED_UNITS), {"sirens": opened["siren"].to_list()}).all()
    if not hidden:
        return 0
    moments = pl.DataFrame([tuple(row) for row in hidden], {"siren": pl.String, "said_at": SAID_AT}, orient="row")
    return _note(connection, masked_of(opened).join(moments, on="siren"), "api")


def note_open(connection: Connection, opened: pl.DataFrame, said_by: str) -> int:
    """Insee diffuses these in full again (siret, siren, said_at), if nothing as new says the contrary; one undated lifts nothing.

    A stock may lag, so it takes back only what a stock said of an establishment; the API anything.
    """
    dated = opened.drop_nulls("said_at")
    said = {
        "sirets": dated["siret"].to_list(),
        "sirens": dated["siren"].to_list(),
        "moments": dated["said_at"].to_list(),
        "said_by": said_by,
    }
    if said_by == "api":
        connection.execute(text(LIFT_UNITS), said)
    lifted: int = connection.execute(text(LIFT), said).rowcount
    return lifted


def forget_units(connection: Connection, said_at: datetime) -> None:
    """Of units told before this stock, which knows of no establishment of our field for them, nothing is kept."""
    connection.execute(text(FORGET_UNITS), {"said_at": said_at})


def _dated(masked: pl.DataFrame, said_at: datetime) -> pl.DataFrame:
    """Each row with when it was said, at the latest `said_at`."""
    latest = pl.lit(said_at).dt.convert_time_zone("UTC").cast(SAID_AT)
    own = pl.col("said_at") if "said_at" in masked.columns else pl.lit(None, SAID_AT)
    return masked.with_columns(said_at=pl.min_horizontal(pl.coalesce(own, latest), latest))


def _note(connection: Connection, said: pl.DataFrame, said_by: str) -> int:
    """Rows of COLUMNS."""
    create_temporary(connection, "masked_now", COLUMNS)
    copy_rows(connection, "masked_now", COLUMNS, said.select(*COLUMNS).iter_rows())
    noted: int = connection.execute(text(NOTE), {"said_by": said_by}).rowcount
    connection.execute(text(SAY_AGAIN), {"said_by": said_by})
    connection.execute(text("DROP TABLE masked_now"))
    return noted


def _treated_after(connection: Connection, sirets: list[str], moment: datetime | None) -> list[str]:
    if moment is None:
        return []
    given = {"sirets": sirets, "moment": moment}
    return list(connection.execute(text(TREATED_AFTER), given).scalars())


def withheld_among(connection: Connection, sirets: list[str]) -> set[str]:
    """Those of these that must not be told today."""
    return set(connection.execute(text(AMONG), {"sirets": sirets}).scalars())


class Purged(msgspec.Struct, frozen=True):
    """What left."""

    structures: int  # of ours, off the map
    records: int  # versions of establishments
    partners: tuple[str, ...] = ()  # FINESS numbers that were linked to them: to be looked at anew

    @property
    def counts(self) -> dict[str, int]:
        """For the ledger, which anyone reads: no number."""
        return {"structures": self.structures, "records": self.records}


def purge(connection: Connection) -> Purged:
    """Make every table forget those who must not be told today."""
    connection.execute(
        text("ANALYZE masked_siret, masked_unit, withheld_with, withdrawal")
    )  # small, and all joins' outer side
    for statement in (FORGET_TIES, TIE_DUPLICATES, TIE_ABSORBED):
        connection.execute(text(statement))
    for statement in REMEMBER_TOLD:
        connection.execute(text(statement))
    structures: int = connection.execute(text(DELETE_STRUCTURES)).rowcount
    records = connection.execute(text(DELETE_RECORDS)).scalars().all()
    partners = connection.execute(text(DELETE_LINKS), {"sirets": list(set(records))}).scalars().all()
    for statement in (DELETE_CHANGES, DELETE_ESTABLISHMENTS, SILENCE_REASONS, *DELETE_POSITIONS):
        connection.execute(text(statement))
    forget_needless(connection)
    return Purged(structures, len(records), tuple(sorted(set(partners))))


NOTE = """
INSERT INTO masked_siret (siret, siren, diffusion, naf, nomenclature, commune, said_by, said_at)
SELECT DISTINCT ON (siret) siret, siren, diffusion, naf, nomenclature, commune, :said_by, said_at
FROM masked_now
ORDER BY siret, said_at DESC
ON CONFLICT (siret) DO NOTHING
"""
# The activity or the commune of one that is masked may change, or be hidden too; what the API said stays said by it.
SAY_AGAIN = """
UPDATE masked_siret AS m
SET naf = coalesce(n.naf, m.naf), nomenclature = coalesce(n.nomenclature, m.nomenclature),
    commune = coalesce(n.commune, m.commune), said_at = greatest(m.said_at, n.said_at),
    said_by = CASE WHEN 'api' IN (m.said_by, :said_by) THEN 'api' ELSE 'stock' END
FROM masked_now AS n
WHERE m.siret = n.siret
  AND (m.naf, m.nomenclature, m.commune, m.said_at, m.said_by) IS DISTINCT FROM (
      coalesce(n.naf, m.naf), coalesce(n.nomenclature, m.nomenclature), coalesce(n.commune, m.commune),
      greatest(m.said_at, n.said_at), CASE WHEN 'api' IN (m.said_by, :said_by) THEN 'api' ELSE 'stock' END)
"""
_UNITS = "unnest(CAST(:sirens AS text[]), CAST(:moments AS timestamptz[])) AS said (siren, said_at)"
SAY_UNITS = f"""
INSERT INTO masked_unit (siren, said_at)
SELECT siren, max(said_at) FROM {_UNITS} GROUP BY siren
ON CONFLICT (siren) DO UPDATE SET said_at = greatest(masked_unit.said_at, excluded.said_at)
"""
# An entry is dated by its establishment, not by the day it was asked for: whatever we knew of the unit then is older.
AS_LATE_AS_KNOWN = """
UPDATE masked_unit AS u
SET said_at = known.latest
FROM (
    SELECT siren, max(treated_at) AT TIME ZONE 'Europe/Paris' AS latest
    FROM sirene_establishment
    WHERE siren = ANY (:sirens)
    GROUP BY siren
) AS known
WHERE u.siren = known.siren AND u.said_at < known.latest
"""
# History too: what is not served today may be tomorrow. A SIRET begins with its SIREN: a range of source_record's key each.
NOTE_UNITS = """
INSERT INTO masked_siret (siret, siren, diffusion, naf, nomenclature, commune, said_by, said_at)
SELECT DISTINCT ON (r.key)
       r.key, siren, 'P', r.record ->> 'naf', r.record ->> 'nomenclature', r.record ->> 'commune', 'api', said_at
FROM masked_unit AS said
JOIN source_record AS r ON r.kind = 'siret' AND r.key BETWEEN siren || '00000' AND siren || '99999'
WHERE said.siren = ANY (:sirens)
ORDER BY r.key, r.valid_from DESC
ON CONFLICT (siret) DO NOTHING
"""
# Nothing else is kept of those that were masked before. By masked_siret_siren_idx.
SAY_UNITS_AGAIN = """
UPDATE masked_siret AS m
SET said_by = 'api', said_at = greatest(m.said_at, said.said_at)
FROM masked_unit AS said
WHERE said.siren = ANY (:sirens) AND m.siren = said.siren AND (m.said_by <> 'api' OR m.said_at < said.said_at)
"""
OF_MASKED_UNITS = "SELECT siren, said_at FROM masked_unit WHERE siren = ANY (:sirens)"
_OPEN = """unnest(
    CAST(:sirets AS text[]), CAST(:sirens AS text[]), CAST(:moments AS timestamptz[])
) AS said (siret, siren, said_at)"""
# Two that were said at once: the mask stays.
LIFT = f"""
DELETE FROM masked_siret AS m
USING {_OPEN}
WHERE m.siret = said.siret AND m.said_at < said.said_at AND (m.said_by = 'stock' OR :said_by = 'api')
"""
LIFT_UNITS = f"""
DELETE FROM masked_unit AS u
USING {_OPEN}
WHERE u.siren = said.siren AND u.said_at < said.said_at
"""
FORGET_UNITS = """
DELETE FROM masked_unit AS u
WHERE said_at < :said_at
  AND NOT EXISTS (SELECT FROM masked_siret AS m WHERE m.siren = u.siren)
  AND NOT EXISTS (SELECT FROM sirene_establishment AS e WHERE e.siren = u.siren)
"""
# Of those that we tell: who is in both is masked since. Not by the word of the legal unit alone, which its last microsecond says
# (etl.sirene.units.by_the_unit_alone).
TREATED_AFTER = f"""
SELECT siret FROM sirene_establishment AS e
WHERE siret = ANY (:sirets) AND treated_at > :moment
  AND CAST(extract(microseconds FROM treated_at) AS integer) % 1000000 <> {LAST_MICROSECOND}
  AND NOT EXISTS (SELECT FROM masked_siret AS m WHERE m.siret = e.siret)
"""
AMONG = f"""
SELECT siret FROM ({WITHHELD}) AS withheld WHERE siret = ANY (:sirets)
"""
# Who told of one that is withheld under another number is withheld with it, as long as it is: the other numbers of its legal
# unit, by all that Insee ever said of them, and what it or they absorbed, by the pairs of the last publication. Nobody's address
# is compared, since a withheld one's is not kept.
FORGET_TIES = f"DELETE FROM withheld_with WHERE because_of NOT IN ({WITHHELD_ITSELF})"
TIE_ABSORBED = f"""
INSERT INTO withheld_with (siret, because_of)
SELECT a.siret, w.because_of
FROM absorbed_siret AS a
JOIN (
    SELECT siret, siret AS because_of FROM ({WITHHELD_ITSELF}) AS base UNION SELECT siret, because_of FROM withheld_with
) AS w ON w.siret = a.survivor AND w.because_of <> a.siret
ON CONFLICT DO NOTHING
"""
TIE_DUPLICATES = f"""
WITH RECURSIVE pair AS (
    SELECT siren, duplicate FROM duplicate_siren UNION SELECT duplicate, siren FROM duplicate_siren
), unit (siret, siren) AS (
    SELECT w.siret, d.siren FROM ({WITHHELD_ITSELF}) AS w JOIN pair AS d ON d.siren = left(w.siret, 9)
    UNION
    SELECT unit.siret, pair.duplicate FROM unit JOIN pair USING (siren)
)
INSERT INTO withheld_with (siret, because_of)
SELECT r.key, min(unit.siret)
FROM unit
JOIN source_record AS r ON r.kind = 'siret' AND r.key BETWEEN unit.siren || '00000' AND unit.siren || '99999'
WHERE unit.siren <> left(unit.siret, 9)
GROUP BY r.key
ON CONFLICT DO NOTHING
"""
# Its address answers 410 from now on, not 404: it was a structure's, or led to one, or another register remembers that it was.
_ADDRESSES = """
    SELECT substr(id, 2) FROM structure WHERE register = 'sirene'
    UNION ALL SELECT siret FROM absorbed_siret
    UNION ALL SELECT siret FROM link JOIN sirene_establishment USING (siret) WHERE valid_to IS NULL AND status = 'accepted'
    UNION ALL SELECT siret FROM masked_siret WHERE was_told
    UNION ALL SELECT siret FROM withheld_with WHERE was_told
    UNION ALL SELECT siret FROM withdrawal WHERE was_told
"""
REMEMBER_TOLD = (
    f"UPDATE masked_siret SET was_told = true WHERE NOT was_told AND siret IN ({_ADDRESSES})",
    f"UPDATE withheld_with SET was_told = true WHERE NOT was_told AND siret IN ({_ADDRESSES})",
    f"UPDATE withdrawal SET was_told = true WHERE NOT was_told AND undone_at IS NULL AND siret IN ({_ADDRESSES})",
)
# What an operator wrote of a decision may name her; the decision itself is between two numbers.
ERASED = "effacé : établissement tenu à l’écart"
SILENCE_REASONS = f"""
UPDATE link_decision AS d
SET reason = '{ERASED}'
FROM ({WITHHELD}) AS w
WHERE d.siret = w.siret AND d.reason <> '{ERASED}'
"""
# Usage of the four: once a run; hash joins of two small registers with the tables, nothing written where nothing is found.
DELETE_STRUCTURES = f"""
DELETE FROM structure AS s
USING ({WITHHELD}) AS w
WHERE s.id = 's' || w.siret AND s.register = 'sirene'
"""
DELETE_CHANGES = f"""
DELETE FROM structure_change AS c
USING ({WITHHELD}) AS w
WHERE c.structure = 's' || w.siret
"""
DELETE_RECORDS = f"""
DELETE FROM source_record AS r
USING ({WITHHELD}) AS w
WHERE r.kind = 'siret' AND r.key = w.siret
RETURNING r.key
"""
DELETE_ESTABLISHMENTS = f"""
DELETE FROM sirene_establishment AS e
USING ({WITHHELD}) AS w
WHERE e.siret = w.siret
"""
# A link and its past versions rest on what was compared. What FINESS declares or people decided is found again at once, from
# numbers alone (`partners`).
DELETE_LINKS = """
DELETE FROM link WHERE siret = ANY (:sirets) RETURNING finess
"""
# By their primary keys and pin_standing_idx's column: where she was, by whomever.
DELETE_POSITIONS = tuple(
    f"DELETE FROM {table} USING ({WITHHELD}) AS w WHERE {table}.{column} = 's' || w.siret"
    for table, column in (
        ("geocoded_structure", "id"),
        ("pin", "structure"),
        ("refused_point", "structure"),
        ("position_conflict", "structure"),
        ("intervention_zone", "structure"),
    )
)
