"""What is practised and authorised at some structures today: two statements, for one structure or for hundreds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from geo.activites import KIND
from search.results import Structure

Json = dict[str, Any]


@dataclass(frozen=True)
class Practised:
    """Activities by the FINESS number that they are published under; those of a legal entity in two other orders too."""

    under: Mapping[str, list[Json]]
    authorised: Mapping[str, Mapping[str, Json]]  # by number of a legal entity, by number of the activity
    naming: Mapping[str, list[Json]]  # by number of the establishment that its legal entity's authorisation names

    def authorised_by(self, structure: Structure) -> Mapping[str, Json]:
        """What its legal entity is authorised to do, by number of the activity."""
        return self.authorised.get(_ej(structure) or "", {})

    def own(self, structure: Structure) -> list[Json]:
        """What is published under its own numbers."""
        return [each for number in structure.finess for each in self.under.get(number, ())]

    def named(self, structure: Structure) -> list[Json]:
        """What its legal entity is authorised to do there by name."""
        return [each for number in structure.finess for each in self.naming.get(number, ())]


def practised_at(connection: Connection, structures: Sequence[Structure]) -> Practised:
    """Everything published of them; the record of a legal entity is read once, for however many establishments."""
    ejs = {ej for each in structures if (ej := _ej(each))}
    own = {number for each in structures for number in each.finess}
    given = {"kind": KIND, "numbers": sorted(own | ejs)}
    under = {row.key: row.activites for row in connection.execute(text(ACTIVITES), given)}
    authorised = {ej: {each["activite_id"]: each for each in under.get(ej, ())} for ej in ejs}
    naming = _by_ege_id(each for activites in authorised.values() for each in activites.values())
    return Practised(under, authorised, _by_number(connection, own, naming) if naming else {})


def _ej(structure: Structure) -> str | None:
    return structure.entite_juridique.finess if structure.entite_juridique else None


def _by_ege_id(authorised: Iterable[Json]) -> dict[str, list[Json]]:
    naming: dict[str, list[Json]] = {}
    for activite in authorised:
        if "ege_id" in activite:
            naming.setdefault(activite["ege_id"], []).append(activite)
    return naming


def _by_number(
    connection: Connection, numbers: Iterable[str], naming: Mapping[str, list[Json]]
) -> dict[str, list[Json]]:
    known = connection.execute(text(EGE_IDS), {"numbers": sorted(numbers)})
    return {row.key: naming[row.ege_id] for row in known if row.ege_id in naming}


# Asked by the page of a structure and by the API for all those of a number; source_record_current_idx, one probe a number.
ACTIVITES = """
SELECT key, record -> 'activites' AS activites
FROM unnest(CAST(:numbers AS text[])) AS key
JOIN source_record USING (key)
WHERE kind = :kind AND valid_to IS NULL
"""
# Asked beside it when an authorisation names an establishment, by the register's inner number; the same index, as many probes.
EGE_IDS = """
SELECT key, record ->> 'ege_id' AS ege_id
FROM unnest(CAST(:numbers AS text[])) AS key
JOIN source_record USING (key)
WHERE kind = 'ege' AND valid_to IS NULL
"""
