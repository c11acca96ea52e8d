"""The rows of a page, read from PostgreSQL by id and given their public shape."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select

from geo.categories import categorie
from geo.naf import parted
from geo.structures import structure
from search.results import Address, Categorie, Commune, EntiteJuridique, Hit, Naf, Position, Structure


def structures_query(ids: Sequence[str]) -> Select[Any]:
    """Rows by primary key, with their category's words; in no particular order."""
    labels = select(structure, categorie.c.code.label("categorie_code"), categorie.c.label.label("categorie_label"))
    return labels.join_from(structure, categorie, categorie.c.no == structure.c.categorie_no).where(
        structure.c.id.in_(ids)
    )


def read_structures(connection: Connection, hits: Sequence[Hit], *, explain: bool = False) -> list[Structure]:
    """The structures of these hits, in their order, each with its distance and score."""
    if not hits:
        return []
    rows = {row.id: row for row in connection.execute(structures_query([hit.id for hit in hits]))}
    return [structure_of(rows[hit.id], hit, explain=explain) for hit in hits if hit.id in rows]


def structure_of(row: Row[Any], hit: Hit | None = None, *, explain: bool = False) -> Structure:
    """One row in its public shape; what is not known is null, never guessed."""
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
