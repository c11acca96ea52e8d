"""The rows of a page, from PostgreSQL or as the index keeps them, given their public shape."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from geo.categories import categorie
from geo.compiled import Compiled
from geo.naf import parted
from geo.structures import structure
from search.results import Address, Categorie, Commune, EntiteJuridique, Hit, Naf, Position, Structure


class Told(msgspec.Struct, frozen=True, array_like=True):
    """All that is said in public of a structure: its columns, and its category's words."""

    id: str
    name: str
    categorie_code: str
    categorie_label: str
    naf: list[str]
    finess: list[str]
    siret: list[str]
    siren: str | None
    ej_finess: str | None
    ej_name: str | None
    ej_siren: str | None
    address_lines: list[str]
    postcode: str | None
    commune: str | None
    commune_name: str | None
    phones: list[str]
    lon: float | None
    lat: float | None
    precision: str
    position_source: str | None
    open: bool
    closed_on: dt.date | None
    updated_on: dt.date | None


CATEGORIE = {"categorie_code": categorie.c.code, "categorie_label": categorie.c.label}
TOLD = [CATEGORIE[name].label(name) if name in CATEGORIE else structure.c[name] for name in Told.__struct_fields__]

# Rows by primary key, with their category's words; in no particular order.
_BY_ID = Compiled(
    select(*TOLD)
    .join_from(structure, categorie, categorie.c.no == structure.c.categorie_no)
    .where(structure.c.id == func.any(bindparam("ids", type_=ARRAY(Text))))
)


def read_structures(connection: Connection, hits: Sequence[Hit], *, explain: bool = False) -> list[Structure]:
    """The structures of these hits, in their order, each with its distance and score."""
    rows = {row.id: row for row in read_told(connection, [hit.id for hit in hits])}
    return [structure_of(rows[hit.id], hit, explain=explain) for hit in hits if hit.id in rows]


def read_told(connection: Connection, ids: Sequence[str]) -> list[Any]:
    """The rows of these ids, in their order, as Told names their columns."""
    rows = {row.id: row for row in _BY_ID.execute(connection, ids=list(ids))} if ids else {}
    return [rows[each] for each in ids if each in rows]


def structure_of(row: Any, hit: Hit | None = None, *, explain: bool = False) -> Structure:
    """One row, as Told names its columns, in its public shape; what is not known is null, never guessed."""
    explanation = hit.explanation if hit and explain and hit.explanation is not None else msgspec.UNSET
    return Structure(
        id=row.id,
        name=row.name,
        categorie=Categorie(row.categorie_code, row.categorie_label),
        naf=[Naf(*parted(code)) for code in row.naf],
        finess=row.finess,
        siret=row.siret,
        siren=row.siren,
        entite_juridique=EntiteJuridique(row.ej_finess, row.ej_name, row.ej_siren) if row.ej_finess else None,
        address=Address(row.address_lines, row.postcode, Commune(row.commune, row.commune_name)),
        position=None if row.lon is None else Position(row.lon, row.lat, row.precision, row.position_source),
        distance_m=hit.distance_m if hit else None,
        phones=row.phones,
        open=row.open,
        closed_on=row.closed_on,
        updated_on=row.updated_on,
        score=hit.score if hit else None,
        explanation=explanation,
    )
