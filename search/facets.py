"""Facets: how many structures have each value, the most frequent first.

The values of one facet add up, so its counts are those of the question without the filter of its own parameter: what one would
find by choosing that value too. Every other filter narrows it.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Integer, func, select

from geo.activites import label_of_filter, label_of_public
from geo.categories import DOMAINES, Categorie, categories_by_no
from geo.communes import area_names, communes
from geo.filters import Filters, conditions, without
from geo.position import PRECISIONS
from geo.statuts import SECTEURS, label_of_statut, secteur_of
from geo.structures import structure
from search.query import Facet
from search.results import FacetValue

Shown = tuple[str, str]  # value and label
PHONES = {"1": ("true", "Avec un téléphone"), "0": ("false", "Sans téléphone")}


class Dimension(msgspec.Struct, frozen=True):
    """Where a facet's values stand, which filter is its own, and how a raw value is shown (None: of no value)."""

    column: str
    filter: str  # a member of Filters
    shown: Callable[[str], Shown | None]
    lists: bool = False  # the column holds lists: a structure counts once for each of its codes


def _categorie(raw: str) -> Shown:
    code, known = f"{int(raw):03d}", categories_by_no().get(int(raw))
    return (known.code, known.label) if known else (code, f"Catégorie {code}")


def _above(code: str, label: str) -> Callable[[str], Shown | None]:
    """A level above the category, by the names of its two members."""

    def shown(raw: str) -> Shown | None:
        known: Categorie | None = categories_by_no().get(int(raw))
        return (getattr(known, code), getattr(known, label)) if known and getattr(known, code) else None

    return shown


def _domaine(raw: str) -> Shown | None:
    known = categories_by_no().get(int(raw))
    return (known.domaine.lower(), DOMAINES[known.domaine]) if known and known.domaine else None


def _secteur(raw: str) -> Shown | None:
    found = secteur_of(raw)
    return (found, SECTEURS[found]) if found else None


def _commune(raw: str) -> Shown:
    found = communes().get(raw)
    return raw, found.name if found else raw


DIMENSIONS: Mapping[Facet, Dimension] = {
    Facet.CATEGORIE: Dimension("categorie_no", "categories", _categorie),
    Facet.FAMILLE: Dimension("categorie_no", "categories", _above("family", "family_label")),
    Facet.DOMAINE: Dimension("categorie_no", "domaines", _domaine),
    Facet.DEPARTEMENT: Dimension(
        "departement", "departements", lambda raw: (raw, area_names("departement").get(raw, raw))
    ),
    Facet.COMMUNE: Dimension("commune", "communes", _commune),
    Facet.ACTIVITE: Dimension("activites", "activites", lambda raw: (raw, label_of_filter(raw)), lists=True),
    Facet.PUBLIC: Dimension("publics", "publics", lambda raw: (raw, label_of_public(raw)), lists=True),
    Facet.SECTEUR: Dimension("statut", "secteurs", _secteur),
    Facet.STATUT: Dimension("statut", "statuts", lambda raw: (raw, label_of_statut(raw))),
    Facet.TELEPHONE: Dimension("has_phone", "telephone", PHONES.get),
    Facet.PRECISION: Dimension("precision", "precisions", lambda raw: (raw, PRECISIONS[raw])),
}


def counted_by_sql(
    connection: Connection, facet: Facet, filters: Filters, extra: Iterable[ColumnElement[bool]] = ()
) -> list[FacetValue]:
    """Counts of the rows that PostgreSQL finds with every filter but the facet's own."""
    dimension = DIMENSIONS[facet]
    asked = [*conditions(without(filters, dimension.filter), structure), *extra]
    column = _column(dimension)
    value = func.unnest(column) if dimension.lists else column
    counted = select(value.label("value"), func.count()).where(*asked, column.is_not(None)).group_by("value")
    return values(facet, {str(value): number for value, number in connection.execute(counted)})


def values(facet: Facet, counts: Mapping[str, int]) -> list[FacetValue]:
    """Counts by raw value as the contract shows them."""
    found: dict[Shown, int] = {}
    for raw, number in counts.items():
        if value := _shown(facet, raw):
            found[value] = found.get(value, 0) + number
    by_value = sorted(
        found.items()
    )  # quick where the counts come in the order of their codes, thirty thousand communes say
    by_value.sort(key=itemgetter(1), reverse=True)
    return [FacetValue(value, label, number) for (value, label), number in by_value]


@cache
def _shown(facet: Facet, raw: str) -> Shown | None:
    """A country has thirty-five thousand communes: their names are looked up once."""
    return DIMENSIONS[facet].shown(raw)


def _column(dimension: Dimension) -> ColumnElement[Any]:
    if dimension.column == "has_phone":
        return (func.cardinality(structure.c.phones) > 0).cast(Integer)
    return structure.c[dimension.column]
