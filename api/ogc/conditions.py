"""CQL2 JSON as SQL: an expression is walked once, counted, and each operator becomes a condition on a column that is known.

Values are bound, never written. What is not known is refused by its name, so that nobody reads an ignored condition as an answer.
"""

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import shapely
from sqlalchemy import FromClause, and_, false, func, literal, not_, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text as SqlText

from api.ogc.geometries import geometry_of
from api.ogc.parameters import day_of
from api.ogc.queryables import Coded, Condition, Day, Number, Queryable, Queryables, Several, Shape, Text, Truth
from api.ogc.refusals import MAX_DEPTH, MAX_NODES, refusal, too_much
from geo.errors import InvalidQuestion

MAX_PATTERN = 200
SHOWN = 40  # characters of what is not known that its refusal repeats
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
SPATIAL = ("s_intersects", "s_within", "s_disjoint")


@dataclass
class Reading:
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
                raise refusal(f"« {name} » demande des conditions")
            return (and_ if name == "and" else or_)(*parts)
        if name == "not":
            return not_(self.condition(_exactly(name, args, 1)[0], depth + 1))
        if name in COMPARISONS:
            return self._compared(name, *_exactly(name, args, 2))
        if name == "like":
            return self._like(*_exactly(name, args, 2))
        if name == "between":
            return self._between(args)
        if name == "in":
            return self._in(*_exactly(name, args, 2))
        if name == "isNull":
            return self._is_null(_exactly(name, args, 1)[0])
        if name in SPATIAL:
            return self._spatial(name, *_exactly(name, args, 2))
        raise refusal(f"« {name[:SHOWN]} » n’est pas connu ici")

    def _is_true(self, expression: Any) -> Condition:
        name, found, _ = self._property(expression)
        if not isinstance(found, Truth):
            raise refusal(f"« {name} » n’est ni vrai ni faux")
        condition: Condition = found.column
        return condition

    def _compared(self, name: str, left: Any, right: Any) -> Condition:
        if not _is_property(_bare(left)) and _is_property(_bare(right)):
            left, right, name = right, left, FLIPPED.get(name, name)
        prop, found, caseless = self._property(left)
        if isinstance(found, Truth) and name not in ("=", "<>"):
            raise refusal(f"« {prop} » ne se compare que par = et <>")
        value = self._value(prop, found, right, caseless)
        if isinstance(found, Several):
            if name not in ("=", "<>"):
                raise refusal(f"« {prop} » ne se compare que par =, <> et IN")
            return _overlaps(found, [value]) if name == "=" else not_(_overlaps(found, [value]))
        return _on(found, caseless, lambda column: COMPARISONS[name](column, value))

    def _between(self, args: list[Any]) -> Condition:
        # CQL2 JSON of the standard has three arguments; drafts of it had two, the second a pair
        flat = [args[0], *args[1]] if len(args) == 2 and isinstance(args[1], list) else args
        subject, low, high = _exactly("between", flat, 3)
        prop, found, caseless = self._property(subject)
        if isinstance(found, Several | Truth):
            raise refusal(f"« {prop} » ne se compare pas par BETWEEN")
        first, last = self._value(prop, found, low, caseless), self._value(prop, found, high, caseless)
        return _on(found, caseless, lambda column: column.between(first, last))

    def _in(self, subject: Any, values: Any) -> Condition:
        prop, found, caseless = self._property(subject)
        if not isinstance(values, list) or not values:
            raise refusal("« in » demande une liste de valeurs")
        each = [self._value(prop, found, value, caseless) for value in values]
        if isinstance(found, Several):
            return _overlaps(found, each)
        return _on(found, caseless, lambda column: column.in_(each))

    def _like(self, subject: Any, pattern: Any) -> Condition:
        prop, found, caseless = self._property(subject)
        if not isinstance(found, Text | Coded):
            raise refusal(f"« {prop} » ne se compare pas par LIKE")
        value = self._value(prop, found, pattern, caseless)
        alone = re.search(r"\\*$", value)
        if len(value) > MAX_PATTERN or (alone and len(alone.group()) % 2):
            raise refusal(f"un motif a {MAX_PATTERN} caractères au plus et ne finit pas par « \\ »")
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
            raise refusal(f"« {prop} » n’est pas une géométrie")
        geometry = geometry_of(right)
        self._count(0, shapely.get_num_coordinates(geometry))
        predicate = "ST_Within" if name == "s_within" else "ST_Intersects"
        condition: Condition = found.column(geometry.wkt, geometry.bounds, predicate)
        return not_(condition) if name == "s_disjoint" else condition

    def _property(self, expression: Any, *, shapes: bool = False) -> tuple[str, Queryable, bool]:
        """The property that a side is, and whether its case is left out."""
        self._count(0)
        bare = _bare(expression)
        if not _is_property(bare):
            raise refusal("une propriété se compare à une valeur")
        name = bare["property"]
        found = self.queryables.get(name)
        if found is None:
            known = ", ".join(self.queryables)
            raise refusal(f"la propriété « {name[:SHOWN]} » n’est pas connue. Connues : {known}")
        caseless = bare is not expression
        if isinstance(found, Shape) and not shapes:
            raise refusal(f"« {name} » ne s’interroge que par S_INTERSECTS, S_WITHIN, S_DISJOINT et IS NULL")
        if caseless and not isinstance(found, Text | Coded):
            raise refusal(f"« casei » ne dit rien de « {name} »")
        self.named.add(name)
        return name, found, caseless

    def _value(self, name: str, found: Queryable, written: Any, caseless: bool) -> Any:
        """A value of the property's own type."""
        self._count(0)
        value = _bare(written)
        if value is not written and not caseless:
            raise refusal("« casei » se met aussi autour de la propriété")
        if isinstance(found, Text | Coded | Several) and isinstance(value, str):
            return _text(value).lower() if caseless else _text(value)
        if isinstance(found, Number) and isinstance(value, int | float) and not isinstance(value, bool):
            with suppress(OverflowError):  # JSON's whole numbers have any length
                return float(value)
        if isinstance(found, Truth) and (isinstance(value, bool) or value in (0, 1)):  # GDAL has no other true
            return bool(value)
        if isinstance(found, Day) and (day := _day(value)):
            return day
        expected = {Number: "un nombre", Truth: "TRUE ou FALSE", Day: "une date"}.get(type(found), "un texte")
        raise refusal(f"« {name} » se compare à {expected}")

    def _count(self, depth: int, more: int = 1) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise too_much()


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
        raise refusal("une condition est attendue, non une valeur")
    args = expression.get("args")
    if not isinstance(args, list):
        raise refusal("« args » est une liste")
    return expression["op"], args


def _exactly(name: str, args: list[Any], count: int) -> list[Any]:
    if len(args) != count:
        raise refusal(f"« {name} » demande {count} arguments")
    return args


def _is_property(expression: Any) -> bool:
    return isinstance(expression, dict) and isinstance(expression.get("property"), str)


def _bare(expression: Any) -> Any:
    """What `casei` is around."""
    if isinstance(expression, dict) and expression.get("op") == "casei":
        return _exactly("casei", _operation(expression)[1], 1)[0]
    return expression


def _text(value: str) -> str:
    if "\x00" in value:
        raise refusal("un texte contient un caractère nul")
    return value


def _day(value: Any) -> dt.date | None:
    written = (value.get("date") or value.get("timestamp")) if isinstance(value, dict) else value
    if not isinstance(written, str):
        return None
    try:
        return day_of(written)
    except InvalidQuestion:
        return None
