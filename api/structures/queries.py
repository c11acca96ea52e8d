"""Structures by id, by FINESS number (their own or their legal entity's), by SIRET, wherever each is told today."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, and_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from api.dependencies import Reading
from api.parameters import VALUE_SHOWN
from api.structures.activities import activities_of
from api.structures.details import with_details
from api.structures.place import place_of
from api.structures.provenance import provenance_of, provenance_of_activities
from api.structures.registers import registers_of
from api.structures.schemas import StructurePage
from api.structures.zones import zones_of
from geo.ancien import finess_ancien
from geo.categories import categorie
from geo.errors import NotFound
from geo.identifiers import Siret
from geo.position import PositionSource
from geo.publication import Publication
from geo.structures import structure, structure_own
from geo.whereabouts import number_of, siret_of_id, told_as
from search.rows import structure_of


def found_under(view: Reading, identifier: str) -> list[StructurePage]:
    """Every structure known under this identifier, as lists show it, in the order of ids.

    An id of SIRENE's that another structure tells today finds that one; Gone or NotFound when there is none.
    """
    for condition in _conditions(identifier):
        if pages := _pages(view, condition):
            return pages
    register, number = number_of(identifier) or ("id", identifier)
    siret = number if register == "siret" else siret_of_id(identifier)
    if siret and (elsewhere := told_as(view.connection, siret)):
        return _pages(view, structure.c.id == elsewhere)
    if register == "siret":
        Siret.parse(number)  # Insee publishes some whose key is wrong: one that nothing bears is a mistake in typing
    raise NotFound(f"Aucune structure n’est connue sous « {identifier[:VALUE_SHOWN]} ».")


def told_whole(view: Reading, pages: list[StructurePage]) -> list[StructurePage]:
    """These with all that is published of them: a fixed number of statements, for one or for hundreds."""
    told = zip(pages, activities_of(view, pages), registers_of(view, pages), strict=True)
    zones = zones_of(view.connection, [page.id for page in pages])
    whole = [
        msgspec.structs.replace(
            page,
            activities=done,
            registers=matched,
            zones=zones.get(page.id, []),
            provenance=[*page.provenance, *provenance_of_activities(done, view.publication)],
        )
        for page, done, matched in told
    ]
    return with_details(view, whole)


def told_alone(view: Reading, page: StructurePage) -> StructurePage:
    """One structure in full, with who stands at the same place."""
    (told,) = told_whole(view, [page])
    return msgspec.structs.replace(told, place=place_of(view, page))


def leads_elsewhere(identifier: str, pages: list[StructurePage]) -> str | None:
    """The id that this one redirects to: its structure is told under another."""
    return pages[0].id if siret_of_id(identifier) and pages[0].id != identifier else None


def is_of_natural_person(view: Reading, page: StructurePage) -> bool:
    """Whether SIRENE says that a natural person practises here under their own name."""
    return bool(view.connection.execute(text(NATURAL_PERSON), {"sirets": page.siret}).scalar_one())


def has_siblings(view: Reading, page: StructurePage) -> bool:
    """Whether its legal entity runs another establishment; structure_ej_finess_idx answers."""
    entity = page.entite_juridique
    if entity is None:
        return False
    others = select(structure.c.id).where(structure.c.ej_finess == entity.finess, structure.c.id != page.id)
    return bool(view.connection.execute(select(others.exists())).scalar_one())


def _conditions(identifier: str) -> list[ColumnElement[bool]]:
    """What to look for, first match wins: an establishment's number before a legal entity's."""
    asked = number_of(identifier)
    if asked is None:
        return [structure.c.id == identifier]
    register, number = asked
    if register == "finess":
        return [_among(structure.c.finess, number), structure.c.ej_finess == number]
    return [_among(structure.c.siret, number)]


def _among(column: Any, number: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.contains(literal([str(number)], ARRAY(Text)))
    return found


def _pages(view: Reading, condition: ColumnElement[bool]) -> list[StructurePage]:
    placed_by_ancien = and_(
        structure.c.position_source == PositionSource.FINESS_ANCIEN.value,
        # an id is in the "C" collation, which the index of a column in the database's own does not answer
        finess_ancien.c.finess == func.substr(structure.c.id, 2).collate("default"),
    )
    query = (
        select(
            structure,
            categorie.c.code.label("categorie_code"),
            categorie.c.label.label("categorie_label"),
            finess_ancien.c.produced_on.label("ancien_on"),
            structure_own.c.siret.label("own_siret"),
        )
        .join_from(structure, categorie, categorie.c.no == structure.c.categorie_no)
        .outerjoin(finess_ancien, placed_by_ancien)
        .outerjoin(structure_own, structure_own.c.id == structure.c.id)
        .where(condition)
        .order_by(structure.c.id)
    )
    return [_page(row, view.publication) for row in view.connection.execute(query)]


def _page(row: Row[Any], publication: Publication) -> StructurePage:
    found = structure_of(row)
    members = {name: getattr(found, name) for name in found.__struct_fields__}
    return StructurePage(
        **members,
        aliases=list(dict.fromkeys([*row.other_names, *row.aliases])),
        opened_on=row.opened_on,
        provenance=provenance_of(row, publication),
    )


# Asked by the page of one structure; sirene_establishment's primary key, a probe a SIRET.
NATURAL_PERSON = "SELECT EXISTS (SELECT FROM sirene_establishment WHERE siret = ANY (:sirets) AND natural_person)"
