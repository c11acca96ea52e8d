"""What the history of registers knows of some structures: four statements, for one structure or for hundreds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from api.structures.published import ObservedChange
from api.structures.wording import Json
from geo.history import TOLD_BEFORE
from search.results import Structure

Records = Mapping[tuple[str, str], Json]


@dataclass(frozen=True)
class Served:
    """What is served of each register's history: FINESS's as of a moment, SIRENE's up to a load; all of it where None."""

    finess: datetime | None = None
    sirene: int | None = None


@dataclass(frozen=True)
class Known:
    """Records by kind and number, the groups around them, sites tied to them by inner number, changes by structure."""

    records: Records
    groups: Sequence[tuple[str, Json]]
    sites: Mapping[str, Row[Any]]
    changes: Mapping[str, list[ObservedChange]]

    def ege(self, structure: Structure) -> Json:
        """The record of an establishment, empty when there is none."""
        return self.records.get(_ege_key(structure), {})

    def pmej(self, structure: Structure) -> Json:
        """The record of its legal entity, empty when there is none."""
        return self.records.get(_pmej_key(structure), {})

    def ties(self, structure: Structure) -> list[tuple[str, str]]:
        """Inner numbers of the sites tied to it, and what each is to it."""
        return _ties(self.records, structure)


def known_of(connection: Connection, structures: Sequence[Structure], served: Served) -> Known:
    """Everything their pages tell, in few statements; of an older file when that is what is served."""
    at = served.finess.isoformat() if served.finess else NOW
    records = _records(connection, structures, at)
    return Known(
        records,
        _groups(connection, records, at),
        _sites(connection, structures, records, at),
        _changes(connection, structures, at, served.sirene),
    )


def _ege_key(structure: Structure) -> tuple[str, str]:
    # an id is a letter and the number of the establishment that founds it, "f" of FINESS, "s" of SIRENE (docs/adr/0002)
    return "ege", structure.id[1:]


def _pmej_key(structure: Structure) -> tuple[str, str]:
    return "pmej", (structure.entite_juridique and structure.entite_juridique.finess) or ""


def _ties(records: Records, structure: Structure) -> list[tuple[str, str]]:
    ege_id = records.get(_ege_key(structure), {}).get("ege_id")
    found: dict[str, str] = {}
    for role in records.get(_pmej_key(structure), {}).get("roles", []) if ege_id else []:
        primary, secondary = role.get("porteuse"), role.get("non_porteuse")
        if ege_id == primary and secondary:
            found[secondary] = "secondaire"
        elif ege_id == secondary and primary:
            found[primary] = "principal"
    return list(found.items())


def _records(connection: Connection, structures: Sequence[Structure], at: str) -> Records:
    wanted = sorted({key for each in structures for key in (_ege_key(each), _pmej_key(each))})
    given = {"kinds": [kind for kind, _ in wanted], "keys": [key for _, key in wanted], "at": at}
    return {(row.kind, row.key): row.record for row in connection.execute(text(RECORDS), given)}


def _groups(connection: Connection, records: Records, at: str) -> list[tuple[str, Json]]:
    given = {name: [r[name] for r in records.values() if name in r] for name in ("pm_id", "ege_id")}
    return [(row.kind, row.record) for row in connection.execute(text(GROUPS), {"at": at} | given)]


def _sites(connection: Connection, structures: Sequence[Structure], records: Records, at: str) -> dict[str, Row[Any]]:
    tied = {ege_id for each in structures for ege_id, _ in _ties(records, each)}
    if not tied:
        return {}
    given = {"ejs": sorted({_pmej_key(each)[1] for each in structures}), "ege_ids": sorted(tied), "at": at}
    return {row.ege_id: row for row in connection.execute(text(SITES), given)}


def _changes(
    connection: Connection, structures: Sequence[Structure], at: str, last_load: int | None
) -> Mapping[str, list[ObservedChange]]:
    given = {"ids": [each.id for each in structures], "at": at, "last_load": last_load}
    found: defaultdict[str, list[ObservedChange]] = defaultdict(list)
    for structure, *change in connection.execute(text(CHANGES), given):
        found[structure].append(ObservedChange(*change))
    return found


NOW = "infinity"  # the end of every version that has none
STOOD = "valid_from <= CAST(:at AS timestamptz) AND (valid_to IS NULL OR valid_to > CAST(:at AS timestamptz))"
# Asked by the page of a structure: its establishment and its legal entity; the primary key, one probe each.
RECORDS = f"""
SELECT kind, key, record
FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS wanted (kind, key)
JOIN source_record USING (kind, key)
WHERE {STOOD}
"""
# Asked by the page of a structure: the groups that are, or hold, its legal entity or itself. The country has some hundreds
# of groups: the primary key gives them by kind and their members are looked through.
GROUPS = f"""
SELECT kind, record
FROM source_record
WHERE {STOOD} AND kind IN ('gcc', 'gco') AND coalesce(record ->> 'etat', 'A') = 'A'
  AND (
    record ->> 'pm_id' = ANY (CAST(:pm_id AS text[]))
    OR EXISTS (
        SELECT FROM jsonb_array_elements(record -> 'membres') AS m WHERE m ->> 'pm_id' = ANY (CAST(:pm_id AS text[]))
    )
    OR EXISTS (
        SELECT FROM jsonb_array_elements(record -> 'etablissements') AS e
        WHERE e ->> 'ege_id' = ANY (CAST(:ege_id AS text[]))
    )
  )
ORDER BY kind, key
"""
# Asked by the page of a structure with tied sites. Ties name inner numbers, so the sites of its legal entity are gone
# through: structure_ej_finess_idx, then one probe of the primary key a site. An id is in the "C" collation, which an index in
# the database's own does not answer.
SITES = f"""
SELECT s.id, s.name, r.key AS finess, r.record ->> 'ege_id' AS ege_id
FROM structure AS s
JOIN source_record AS r ON r.kind = 'ege' AND r.key = substr(s.id, 2) COLLATE "default" AND {STOOD}
WHERE s.ej_finess = ANY (CAST(:ejs AS text[])) AND r.record ->> 'ege_id' = ANY (CAST(:ege_ids AS text[]))
"""
# Asked by the page of a structure: structure_change_structure_idx. Days do not order SIRENE's loads (a stock older than the
# days of the API before it comes after them), their numbers do.
CHANGES = f"""
SELECT structure, kind, seen_on, effective_on, {TOLD_BEFORE} AS before, after
FROM structure_change
WHERE structure = ANY (CAST(:ids AS text[]))
  AND CASE
      WHEN starts_with(structure, 's') THEN load_id <= coalesce(CAST(:last_load AS integer), load_id)
      ELSE seen_on <= CAST(CAST(:at AS timestamptz) AS date)
  END
ORDER BY structure, id
"""
