"""The properties that a filter may name, each by its kind: what its column is, and its JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, literal

Condition = ColumnElement[bool]
Json = dict[str, Any]


@dataclass(frozen=True)
class Queryable:
    """A property that a filter may name: the column that holds it, and its JSON Schema."""

    column: Any
    title: str
    schema: Json


class Text(Queryable):
    """A text."""


class Coded(Queryable):
    """A text told by another table, which `column` points to: its key, then what holds the text there."""


class Several(Queryable):
    """A list of texts, asked whether one of them is a value."""


class Number(Queryable):
    """A number."""


class Day(Queryable):
    """A day."""


class Truth(Queryable):
    """True or false."""


class Shape(Queryable):
    """Where it is: `column` makes the condition that a shape meets it, from its WKT, its bounds and a PostGIS predicate."""


Queryables = Mapping[str, Queryable]


def queryables_schema(address: str, title: str, queryables: Queryables) -> Json:
    """What may be asked of a collection, as JSON Schema (OGC 19-079r2 § 6.2)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "type": "object",
        "title": title,
        "properties": {name: {"title": each.title} | each.schema for name, each in queryables.items()},
        "additionalProperties": False,
    }


def meets(column: ColumnElement[Any], wkt: str | None, predicate: str | None) -> Condition:
    """A column in lon/lat and a shape; without a shape, whether there is a geometry at all."""
    if wkt is None or predicate is None:
        return column.is_not(None)
    condition: Condition = getattr(func, predicate)(column, func.ST_GeomFromText(literal(wkt), 4326))
    return condition
