"""Structures by id, by FINESS number (their own or their legal entity's), by SIRET."""

import datetime as dt
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from api.dependencies import Reading
from api.structures.activities import activities_of
from api.structures.details import with_details
from api.structures.schemas import Provenance, StructurePage
from geo.activites import PIPELINE
from geo.ancien import finess_ancien
from geo.categories import categorie
from geo.errors import NotFound
from geo.identifiers import Finess, Siret
from geo.position import PositionSource
from geo.publication import DataSource, Publication
from geo.structures import structure
from search.results import Structure
from search.rows import structure_of

REGISTER_FIELDS = [
    "name",
    "categorie",
    "finess",
    "siret",
    "siren",
    "entite_juridique",
    "address",
    "phones",
    "open",
    "closed_on",
]
ANCIEN_NAME = "Agence du numérique en santé – ancien fichier FINESS (etalab-cs1100507)"
COMMUNE_CENTRES = DataSource("IGN et Insee – centres des communes", "lov2", None)


def found_under(view: Reading, identifier: str) -> list[StructurePage]:
    """Every structure known under this identifier, as lists show it, in the order of ids; NotFound when there is none."""
    for condition in _conditions(identifier):
        if pages := _pages(view, condition):
            return pages
    raise NotFound(f"Aucune structure n’est connue sous « {identifier} ».")


def told_whole(view: Reading, pages: list[StructurePage]) -> list[StructurePage]:
    """These with all that is published of them: a fixed number of statements, for one or for hundreds."""
    activities = activities_of(view, pages)
    pages = [msgspec.structs.replace(page, activities=each) for page, each in zip(pages, activities, strict=True)]
    return with_details(view, pages)


def has_siblings(view: Reading, page: StructurePage) -> bool:
    """Whether its legal entity runs another establishment; structure_ej_finess_idx answers."""
    entity = page.entite_juridique
    if entity is None:
        return False
    others = select(structure.c.id).where(structure.c.ej_finess == entity.finess, structure.c.id != page.id)
    return bool(view.connection.execute(select(others.exists())).scalar_one())


def _conditions(identifier: str) -> list[ColumnElement[bool]]:
    """What to look for, first match wins: an establishment's number before a legal entity's."""
    kind, separator, number = identifier.partition(":")
    if not separator:
        return [structure.c.id == identifier]
    if kind == "finess":
        finess = Finess.parse(number)
        return [_among(structure.c.finess, finess), structure.c.ej_finess == str(finess)]
    if kind == "siret":
        return [_among(structure.c.siret, Siret.parse(number))]
    raise NotFound(f"« {kind}: » n’est pas un registre connu : finess: et siret: le sont.")


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
        )
        .join_from(structure, categorie, categorie.c.no == structure.c.categorie_no)
        .outerjoin(finess_ancien, placed_by_ancien)
        .where(condition)
        .order_by(structure.c.id)
    )
    return [_page(structure_of(row), view, row.ancien_on) for row in view.connection.execute(query)]


def _page(found: Structure, view: Reading, ancien_on: dt.date | None) -> StructurePage:
    members = {name: getattr(found, name) for name in found.__struct_fields__}
    provenance = _provenance(found, view.publication.sources, ancien_on)
    return StructurePage(
        **members,
        provenance=[*provenance, *_provenance_of_activities(view.publication)],
    )


def _provenance_of_activities(publication: Publication) -> list[Provenance]:
    """The line of the activities flow, when one is served."""
    pairs = zip(publication.days, publication.sources, strict=True)
    return [Provenance(["activities"], s.name, s.licence, s.as_of) for name, s in pairs if name == PIPELINE]


def _provenance(found: Structure, sources: tuple[DataSource, ...], ancien_on: dt.date | None) -> list[Provenance]:
    register = sources[0]
    by_register = found.position is not None and found.position.source == PositionSource.FINESS
    fields = [*REGISTER_FIELDS, "position"] if by_register else REGISTER_FIELDS
    lines = [Provenance(fields, register.name, register.licence, register.as_of)]
    if found.position is not None and not by_register:
        other = _position_source(found.position.source, ancien_on)
        lines.append(Provenance(["position"], other.name, other.licence, other.as_of))
    return lines


def _position_source(source: str, ancien_on: dt.date | None) -> DataSource:
    if source == PositionSource.FINESS_ANCIEN:
        return DataSource(ANCIEN_NAME, "lov2", ancien_on)
    return COMMUNE_CENTRES
