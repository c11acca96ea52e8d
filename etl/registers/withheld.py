"""Those who must not be told: partial diffusion and withdrawals, noted first, then taken out of everything that keeps anything.

Two registers say who: `masked_siret` (Insee's partial diffusion, art. R123-232-1 C. com.) and `withdrawal` (people who object
to us). `purge` makes every table forget what they held of them; it is called in the transaction of each load, rollback and
withdrawal, and when an instance starts, so that nothing older brings them back (DESIGN.md decision 5). FINESS's structures
stay what FINESS publishes.
"""

from datetime import datetime

import msgspec
import polars as pl
from sqlalchemy import Connection, text

from etl.copying import copy_rows, create_temporary
from etl.sirene.diffusion import masked_of
from etl.sirene.rows import MASKED
from geo.sirene import WITHHELD

COLUMNS = {**dict.fromkeys(MASKED.names(), "text"), "said_at": "timestamptz"}


def note_masked(
    connection: Connection, masked: pl.DataFrame, said_by: str, said_at: datetime, whole_at: datetime | None = None
) -> int:
    """Add rows of MASKED to the register of partial diffusion; how many were not in it. `said_by`: stock or api.

    `whole_at`: up to when a stock knows; one that we tell from a later treatment was shown since.
    """
    shown_since = _treated_after(connection, masked["siret"].to_list(), whole_at)
    said = masked.filter(~pl.col("siret").is_in(shown_since)).with_columns(said_at=pl.lit(said_at))
    return _note(connection, said, said_by)


def note_units_masked(connection: Connection, sirens: list[str], said_at: datetime) -> int:
    """Legal units that the API says are masked: every establishment of theirs that we hold is, or was by a stock already."""
    said = {"sirens": sirens, "said_at": said_at}
    noted: int = connection.execute(text(NOTE_UNITS), said).rowcount
    connection.execute(text(SAY_UNITS_AGAIN), said)
    return noted


def note_practices(connection: Connection, opened: pl.DataFrame) -> int:
    """Rows of OPEN of a stock, which may lag: natural persons that the API says are masked at another practice of theirs."""
    of_persons = opened.filter("natural_person")
    hidden = connection.execute(text(OF_HIDDEN_UNITS), {"sirens": of_persons["siren"].to_list()}).all()
    said_at: dict[str, datetime] = {row.siren: row.said_at for row in hidden}
    theirs = masked_of(of_persons.filter(pl.col("siren").is_in(list(said_at))))
    moments = pl.Series("said_at", [said_at[siren] for siren in theirs["siren"]], pl.Datetime("us", "UTC"))
    return _note(connection, theirs.with_columns(moments), "api") if theirs.height else 0


def note_open(connection: Connection, sirets: list[str], said_by: str, said_at: datetime) -> int:
    """Insee diffuses these in full again, if nothing as new says the contrary.

    A stock may lag, so it takes back only what a stock said; the API anything.
    """
    said = {"sirets": sirets, "said_by": said_by, "said_at": said_at}
    lifted: int = connection.execute(text(LIFT), said).rowcount
    return lifted


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
    connection.execute(text(REMEMBER_TOLD))
    structures: int = connection.execute(text(DELETE_STRUCTURES)).rowcount
    records = connection.execute(text(DELETE_RECORDS)).scalars().all()
    partners = connection.execute(text(DELETE_LINKS), {"sirets": list(set(records))}).scalars().all()
    for statement in (DELETE_CHANGES, DELETE_ESTABLISHMENTS):
        connection.execute(text(statement))
    return Purged(structures, len(records), tuple(sorted(set(partners))))


NOTE = """
INSERT INTO masked_siret (siret, siren, diffusion, naf, nomenclature, commune, said_by, said_at)
SELECT DISTINCT ON (siret) siret, siren, diffusion, naf, nomenclature, commune, :said_by, said_at
FROM masked_now
ORDER BY siret, said_at DESC
ON CONFLICT (siret) DO NOTHING
"""
# The activity or the commune of one that is masked may change; what the API said stays said by it.
SAY_AGAIN = """
UPDATE masked_siret AS m
SET naf = n.naf, nomenclature = n.nomenclature, commune = n.commune, said_at = greatest(m.said_at, n.said_at),
    said_by = CASE WHEN 'api' IN (m.said_by, :said_by) THEN 'api' ELSE 'stock' END
FROM masked_now AS n
WHERE m.siret = n.siret
  AND (m.naf, m.nomenclature, m.commune, m.said_at, m.said_by) IS DISTINCT FROM (
      n.naf, n.nomenclature, n.commune, greatest(m.said_at, n.said_at),
      CASE WHEN 'api' IN (m.said_by, :said_by) THEN 'api' ELSE 'stock' END)
"""
# History too: what is not served today may be tomorrow. A SIRET begins with its SIREN: a range of source_record's key each.
NOTE_UNITS = """
INSERT INTO masked_siret (siret, siren, diffusion, naf, nomenclature, commune, said_by, said_at)
SELECT DISTINCT ON (r.key)
       r.key, siren, 'P', r.record ->> 'naf', r.record ->> 'nomenclature', r.record ->> 'commune', 'api', :said_at
FROM unnest(CAST(:sirens AS text[])) AS siren
JOIN source_record AS r ON r.kind = 'siret' AND r.key BETWEEN siren || '00000' AND siren || '99999'
ORDER BY r.key, r.valid_from DESC
ON CONFLICT (siret) DO NOTHING
"""
# Nothing else is kept of those that were masked before. By masked_siret_siren_idx.
SAY_UNITS_AGAIN = """
UPDATE masked_siret
SET said_by = 'api', said_at = greatest(said_at, :said_at)
WHERE siren = ANY (:sirens) AND (said_by <> 'api' OR said_at < :said_at)
"""
# By masked_siret_siren_idx.
OF_HIDDEN_UNITS = """
SELECT siren, max(said_at) AS said_at FROM masked_siret WHERE siren = ANY (:sirens) AND said_by = 'api' GROUP BY siren
"""
# Two that were said at once: the mask stays.
LIFT = """
DELETE FROM masked_siret
WHERE siret = ANY (:sirets) AND said_at < :said_at AND (said_by = 'stock' OR :said_by = 'api')
"""
# Of those that we tell: who is in both is masked since.
TREATED_AFTER = """
SELECT siret FROM sirene_establishment AS e
WHERE siret = ANY (:sirets) AND treated_at > :moment
  AND NOT EXISTS (SELECT FROM masked_siret AS m WHERE m.siret = e.siret)
"""
AMONG = f"""
SELECT siret FROM ({WITHHELD}) AS withheld WHERE siret = ANY (:sirets)
"""
# Its address answers 410 from now on, not 404.
REMEMBER_TOLD = """
UPDATE masked_siret AS m
SET was_told = true
WHERE NOT was_told AND EXISTS (SELECT FROM structure AS s WHERE s.id = 's' || m.siret AND s.register = 'sirene')
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
