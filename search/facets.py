"""Facets: exact counts with words for each value, the most frequent first."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from geo.activites import label_of_filter
from geo.categories import categories_by_no
from geo.communes import area_names, communes
from geo.structures import structure
from search.query import Facet
from search.results import FacetValue

COLUMN = {
    Facet.CATEGORIE: "categorie_no",
    Facet.DEPARTEMENT: "departement",
    Facet.COMMUNE: "commune",
    Facet.ACTIVITE: "activites",
}


def counted_by_sql(connection: Connection, facet: Facet, asked: list[ColumnElement[bool]]) -> list[FacetValue]:
    """Counts of the rows that PostgreSQL finds; a structure counts once for each of its activities' codes."""
    column: ColumnElement[Any] = structure.c[COLUMN[facet]]
    value = func.unnest(column) if facet is Facet.ACTIVITE else column
    counted = select(value.label("value"), func.count()).where(*asked, column.is_not(None)).group_by("value")
    return values(facet, {str(value): number for value, number in connection.execute(counted)})


def values(facet: Facet, counts: Mapping[str, int]) -> list[FacetValue]:
    """Counts by raw value as the contract shows them."""
    shown = [FacetValue(*_value_and_label(facet, raw), number) for raw, number in counts.items()]
    return sorted(shown, key=lambda each: (-each.count, each.value))


def _value_and_label(facet: Facet, raw: str) -> tuple[str, str]:
    if facet is Facet.CATEGORIE:
        code, known = f"{int(raw):03d}", categories_by_no().get(int(raw))
        return (known.code, known.label) if known else (code, f"Catégorie {code}")
    if facet is Facet.DEPARTEMENT:
        return raw, area_names("departement").get(raw, raw)
    if facet is Facet.ACTIVITE:
        return raw, label_of_filter(raw)
    found = communes().get(raw)
    return raw, found.name if found else raw
