"""CQL2 (OGC 21-065r2) as SQL, on the properties of a collection and nothing else.

The text is read by the library `cql2`, whose CQL2 JSON is then translated; a client's CQL2 JSON is translated alike. What is not
known here is refused by its name, so that nobody reads an ignored condition as an answer. Values are bound, never written.
"""

import datetime as dt
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import cql2
import msgspec
import shapely
from shapely.geometry import shape as shape_of
from sqlalchemy import ColumnElement, FromClause, and_, false, func, literal, not_, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text as SqlText

from api.ogc.parameters import boxes_of, day_of
from geo.errors import InvalidQuestion

MAX_NODES = 1_000  # properties, values and operators of a filter
MAX_DEPTH = 20
MAX_OPERATORS = 500  # of a text, before it is read: the library descends once for each of « a = b = c … », « ---1 »
MAX_PATTERN = 200
SHOWN = 40  # characters of what is not known that its refusal repeats
QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
# numbers and their signs, however many: what is in a geometry is no operator
GEOMETRY = re.compile(r"\b(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|BBOX)\b[-+0-9eE.,\sZ()]*", re.IGNORECASE)
OPERATOR = re.compile(r"[-=<>+*/^%]|\b(?:and|or|not|is|in|like|between|div)\b", re.IGNORECASE)
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
SPATIAL = ("s_intersects", "s_within", "s_disjoint")
GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")

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


def filter_of(written: str, lang: str | None, queryables: Queryables) -> "Filtered":
    """The condition that a client wrote, or InvalidQuestion saying what is not known."""
    if lang == "cql2-json":
        try:
            expression = msgspec.json.decode(written)
        except (ValueError, RecursionError):
            raise _refusal("du JSON lisible est attendu") from None
    else:
        expression = _read(written)
    reading = _Reading(queryables)
    return Filtered(reading.condition(expression, 0), frozenset(reading.named))


@dataclass(frozen=True)
class Filtered:
    """A condition, and the properties that it names."""

    condition: Condition
    named: frozenset[str]


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


def _read(written: str) -> Any:
    """The text as CQL2 JSON. Its depth is bounded first: the library has no bound but the process's stack."""
    bare = QUOTED.sub("''", written)
    if _depth(bare) > MAX_DEPTH or len(OPERATOR.findall(GEOMETRY.sub("", bare))) > MAX_OPERATORS:
        raise _too_much()
    try:
        return cql2.parse_text(written).to_json()
    except (cql2.ParseError, ValueError, RecursionError):
        raise _refusal("cette condition n’est pas du CQL2 lisible") from None


def _depth(text: str) -> int:
    deepest = depth = 0
    for each in text:
        depth += (each == "(") - (each == ")")
        deepest = max(deepest, depth)
    return deepest


@dataclass
class _Reading:
    """One descent into an expression, counted."""

    queryables: Queryables
    named: set[str] = field(default_factory=set)
    nodes: int = 0

    def condition(self, expression: Any, depth: int) -> Condition:
        self._count(depth)
        if isinstance(expression, bool):
            return true() if expression else false()
        if _is_property(expression):
            return self._is_true(expression)
        name, args = _operation(expression)
        if name in ("and", "or"):
            parts = [self.condition(each, depth + 1) for each in args]
            if not parts:
                raise _refusal(f"« {name} » demande des conditions")
            return (and_ if name == "and" else or_)(*parts)
        if name == "not":
            return not_(self.condition(_one(name, args, 1)[0], depth + 1))
        if name in COMPARISONS:
            return self._compared(name, *_one(name, args, 2))
        if name == "like":
            return self._like(*_one(name, args, 2))
        if name == "between":
            return self._between(args)
        if name == "in":
            return self._in(*_one(name, args, 2))
        if name == "isNull":
            return self._is_null(_one(name, args, 1)[0])
        if name in SPATIAL:
            return self._spatial(name, *_one(name, args, 2))
        raise _refusal(f"« {name[:SHOWN]} » n’est pas connu ici")

    def _is_true(self, expression: Any) -> Condition:
        name, found, _ = self._property(expression)
        if not isinstance(found, Truth):
            raise _refusal(f"« {name} » n’est ni vrai ni faux")
        condition: Condition = found.column
        return condition

    def _compared(self, name: str, left: Any, right: Any) -> Condition:
        if not _is_property(_bare(left)) and _is_property(_bare(right)):
            left, right, name = right, left, FLIPPED.get(name, name)
        prop, found, caseless = self._property(left)
        if isinstance(found, Truth) and name not in ("=", "<>"):
            raise _refusal(f"« {prop} » ne se compare que par = et <>")
        value = self._value(prop, found, right, caseless)
        if isinstance(found, Several):
            if name not in ("=", "<>"):
                raise _refusal(f"« {prop} » ne se compare que par =, <> et IN")
            return _overlaps(found, [value]) if name == "=" else not_(_overlaps(found, [value]))
        return _on(found, caseless, lambda column: COMPARISONS[name](column, value))

    def _between(self, args: list[Any]) -> Condition:
        # CQL2 JSON of the standard has three arguments; drafts of it had two, the second a pair
        flat = [args[0], *args[1]] if len(args) == 2 and isinstance(args[1], list) else args
        subject, low, high = _one("between", flat, 3)
        prop, found, caseless = self._property(subject)
        if isinstance(found, Several | Truth):
            raise _refusal(f"« {prop} » ne se compare pas par BETWEEN")
        first, last = self._value(prop, found, low, caseless), self._value(prop, found, high, caseless)
        return _on(found, caseless, lambda column: column.between(first, last))

    def _in(self, subject: Any, values: Any) -> Condition:
        prop, found, caseless = self._property(subject)
        if not isinstance(values, list) or not values:
            raise _refusal("« in » demande une liste de valeurs")
        each = [self._value(prop, found, value, caseless) for value in values]
        if isinstance(found, Several):
            return _overlaps(found, each)
        return _on(found, caseless, lambda column: column.in_(each))

    def _like(self, subject: Any, pattern: Any) -> Condition:
        prop, found, caseless = self._property(subject)
        if not isinstance(found, Text | Coded):
            raise _refusal(f"« {prop} » ne se compare pas par LIKE")
        value = self._value(prop, found, pattern, caseless)
        alone = re.search(r"\\*$", value)
        if len(value) > MAX_PATTERN or (alone and len(alone.group()) % 2):
            raise _refusal(f"un motif a {MAX_PATTERN} caractères au plus et ne finit pas par « \\ »")
        return _on(found, caseless, lambda column: column.like(value, escape="\\"))

    def _is_null(self, subject: Any) -> Condition:
        _, found, _ = self._property(subject, shapes=True)
        if isinstance(found, Several):
            empty: Condition = func.cardinality(found.column) == 0
            return empty
        if isinstance(found, Shape):
            placed: Condition = found.column(None, None, None)
            return not_(placed)
        return _on(found, False, lambda column: column.is_(None))

    def _spatial(self, name: str, left: Any, right: Any) -> Condition:
        if not _is_property(left) and name != "s_within":
            left, right = right, left
        prop, found, _ = self._property(left, shapes=True)
        if not isinstance(found, Shape):
            raise _refusal(f"« {prop} » n’est pas une géométrie")
        geometry = _geometry(right)
        self._count(0, shapely.get_num_coordinates(geometry))
        predicate = "ST_Within" if name == "s_within" else "ST_Intersects"
        condition: Condition = found.column(geometry.wkt, geometry.bounds, predicate)
        return not_(condition) if name == "s_disjoint" else condition

    def _property(self, expression: Any, *, shapes: bool = False) -> tuple[str, Queryable, bool]:
        """The property that a side is, and whether its case is left out."""
        self._count(0)
        bare = _bare(expression)
        if not _is_property(bare):
            raise _refusal("une propriété se compare à une valeur")
        name = bare["property"]
        found = self.queryables.get(name)
        if found is None:
            known = ", ".join(self.queryables)
            raise _refusal(f"la propriété « {name[:SHOWN]} » n’est pas connue. Connues : {known}")
        caseless = bare is not expression
        if isinstance(found, Shape) and not shapes:
            raise _refusal(f"« {name} » ne s’interroge que par S_INTERSECTS, S_WITHIN, S_DISJOINT et IS NULL")
        if caseless and not isinstance(found, Text | Coded):
            raise _refusal(f"« casei » ne dit rien de « {name} »")
        self.named.add(name)
        return name, found, caseless

    def _value(self, name: str, found: Queryable, written: Any, caseless: bool) -> Any:
        """A value of the property's own type."""
        self._count(0)
        value = _bare(written)
        if value is not written and not caseless:
            raise _refusal("« casei » se met aussi autour de la propriété")
        if isinstance(found, Text | Coded | Several) and isinstance(value, str):
            return _text(value).lower() if caseless else _text(value)
        if isinstance(found, Number) and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if isinstance(found, Truth) and (isinstance(value, bool) or value in (0, 1)):  # GDAL has no other true
            return bool(value)
        if isinstance(found, Day) and (day := _day(value)):
            return day
        expected = {Number: "un nombre", Truth: "TRUE ou FALSE", Day: "une date"}.get(type(found), "un texte")
        raise _refusal(f"« {name} » se compare à {expected}")

    def _count(self, depth: int, more: int = 1) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise _too_much()


def meets(column: ColumnElement[Any], wkt: str | None, predicate: str | None) -> Condition:
    """A column in lon/lat and a shape; without a shape, whether there is a geometry at all."""
    if wkt is None or predicate is None:
        return column.is_not(None)
    condition: Condition = getattr(func, predicate)(column, func.ST_GeomFromText(literal(wkt), 4326))
    return condition


def _on(found: Queryable, caseless: bool, make: Callable[[Any], Any]) -> Condition:
    if isinstance(found, Coded):
        pointer, key, text = found.column
        table: FromClause = key.table
        condition: Condition = pointer.in_(
            select(key).select_from(table).where(make(func.lower(text) if caseless else text))
        )
        return condition
    condition = make(func.lower(found.column) if caseless else found.column)
    return condition


def _overlaps(found: Queryable, values: list[Any]) -> Condition:
    condition: Condition = found.column.op("&&", is_comparison=True)(literal(values, ARRAY(SqlText)))
    return condition


def _operation(expression: Any) -> tuple[str, list[Any]]:
    if not isinstance(expression, dict) or not isinstance(expression.get("op"), str):
        raise _refusal("une condition est attendue, non une valeur")
    args = expression.get("args")
    if not isinstance(args, list):
        raise _refusal("« args » est une liste")
    return expression["op"], args


def _one(name: str, args: list[Any], count: int) -> list[Any]:
    if len(args) != count:
        raise _refusal(f"« {name} » demande {count} arguments")
    return args


def _is_property(expression: Any) -> bool:
    return isinstance(expression, dict) and isinstance(expression.get("property"), str)


def _bare(expression: Any) -> Any:
    """What `casei` is around."""
    if isinstance(expression, dict) and expression.get("op") == "casei":
        return _one("casei", _operation(expression)[1], 1)[0]
    return expression


def _text(value: str) -> str:
    if "\x00" in value:
        raise _refusal("un texte contient un caractère nul")
    return value


def _day(value: Any) -> dt.date | None:
    written = (value.get("date") or value.get("timestamp")) if isinstance(value, dict) else value
    if not isinstance(written, str):
        return None
    try:
        return day_of(written)
    except InvalidQuestion:
        return None


def _geometry(written: Any) -> Any:
    """A GeoJSON geometry or a box, in longitudes and latitudes, that PostGIS can answer by."""
    if isinstance(written, dict) and isinstance(written.get("bbox"), list):
        box = written["bbox"]
        if not all(isinstance(each, int | float) for each in box):
            raise _refusal("BBOX a quatre nombres")
        return shapely.union_all([shapely.box(*bounds) for bounds in boxes_of(list(map(float, box)))])
    if not isinstance(written, dict) or written.get("type") not in GEOMETRIES:
        raise _refusal(f"une géométrie est attendue : BBOX, {', '.join(GEOMETRIES)}")
    if sum(1 for _ in _numbers(written.get("coordinates"), 0)) > 3 * MAX_NODES:
        raise _too_much()
    try:
        geometry = shapely.force_2d(shape_of(written))
    except Exception:  # shapely says what is no geometry by whatever it met: TypeError, IndexError, its own
        raise _refusal("cette géométrie est illisible") from None
    west, south, east, north = geometry.bounds if not geometry.is_empty else (999.0,) * 4
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90 and geometry.is_valid):
        raise _refusal("des longitudes et latitudes, sans anneaux qui se croisent, sont attendues")
    return geometry


def _numbers(coordinates: Any, depth: int) -> Iterator[float]:
    if isinstance(coordinates, list) and depth <= 4:
        for each in coordinates:
            yield from _numbers(each, depth + 1)
    elif isinstance(coordinates, int | float) and not isinstance(coordinates, bool):
        yield coordinates
    else:
        raise _refusal("cette géométrie est illisible")


def _too_much() -> InvalidQuestion:
    return _refusal(f"trop longue ou trop emboîtée ({MAX_NODES} éléments et {MAX_DEPTH} niveaux au plus)")


def _refusal(reason: str) -> InvalidQuestion:
    return InvalidQuestion(f"« filter » : {reason}.", parameter="filter")
