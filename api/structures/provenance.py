"""Who says each field of a structure: the register that speaks for it, its licence, as of when."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from api.structures.activities import Activity
from api.structures.schemas import Provenance
from geo import activites, position_tables, sirene
from geo.position import PositionSource
from geo.precedence import EVERY, PRECEDENCE
from geo.publication import SOURCE_NAMES, DataSource, Publication

# Members of an answer, each with the line of geo.precedence that decides; a FINESS number is FINESS's own affair.
FIELDS = {
    "name": "name",
    "categorie": "categorie",
    "naf": "naf",
    "finess": None,
    "siret": "siret",
    "siren": "siren",
    "entite_juridique": "entite_juridique",
    "address": "address",
    "phones": "phones",
    "open": "open",
    "closed_on": "open",
    "aliases": "other_names",
}
FINESS = "finess"
REGISTERS = (FINESS, sirene.PIPELINE)
COMMUNE_CENTRES = DataSource("IGN et Insee – centres des communes", "lov2", None)
GEOCODER = DataSource(SOURCE_NAMES[position_tables.PIPELINE], "lov2", None)  # after a rollback to before its run
BY_HAND = DataSource("Point placé à la main par l’exploitant de ce site", "lov2", None)
POSITIONED_BY = {PositionSource.FINESS.value: FINESS, PositionSource.INSEE.value: sirene.PIPELINE}


def provenance_of(row: Row[Any], publication: Publication) -> list[Provenance]:
    """A line for each register that says something of this row of `structure`, then one for a position of another source."""
    return [*_of_registers(row, publication), *_of_position(row, publication)]


def provenance_of_activities(activities: Sequence[Activity] | None, publication: Publication) -> list[Provenance]:
    """The line of a structure's activities; a structure that has none owes nothing to who publishes them."""
    source = publication.source(activites.PIPELINE)
    return [_line(["activities"], source)] if activities and source else []


def _of_registers(row: Row[Any], publication: Publication) -> Iterator[Provenance]:
    for register in REGISTERS:
        fields = [name for name in FIELDS if register in _speaking(row, name)]
        if POSITIONED_BY.get(row.position_source) == register:
            fields.append("position")
        source = publication.source(register)
        if fields and source:
            yield _line(fields, source)


def _speaking(row: Row[Any], field: str) -> list[str]:
    """The registers heard for a field of this row, in the order of precedence."""
    decided_by = FIELDS[field]
    registers = PRECEDENCE[decided_by] if decided_by else (FINESS,)
    heard = [each for each in registers if each != EVERY and _says(row, each, field)]
    return heard if registers[0] == EVERY else heard[:1]


def _says(row: Row[Any], register: str, field: str) -> bool:
    """The founder says all that it can; beside FINESS, SIRENE says what its links gave."""
    if field == "aliases":
        return bool(row.other_names if register == row.register else row.aliases)
    if register == row.register:
        return True
    given = {"naf": row.naf, "siret": set(row.siret) - set(row.own_siret or row.siret)}
    return register == sirene.PIPELINE and bool(given.get(field))


def _of_position(row: Row[Any], publication: Publication) -> Iterator[Provenance]:
    """Positions that no served register says: found by a geocoder, of the legacy file, by hand, or the centre of the commune."""
    if row.lon is None or row.position_source in POSITIONED_BY:
        return
    others = {
        PositionSource.FINESS_ANCIEN.value: DataSource(SOURCE_NAMES["finess_ancien"], "lov2", row.ancien_on),
        PositionSource.GEOCODER.value: publication.source(position_tables.PIPELINE) or GEOCODER,
        PositionSource.ADMINISTRATOR.value: BY_HAND,
    }
    yield _line(["position"], others.get(row.position_source) or COMMUNE_CENTRES)


def _line(fields: list[str], source: DataSource) -> Provenance:
    return Provenance(fields, source.name, source.licence, source.as_of)
