"""CQL2 (OGC 21-065r2) of a client, text or JSON, as a condition on the properties of a collection.

The text is read by the library `cql2`, which gives CQL2 JSON; a client's JSON is walked alike (api/ogc/conditions.py).
"""

import re
from dataclasses import dataclass
from typing import Any

import cql2
import msgspec

from api.ogc.conditions import Reading
from api.ogc.queryables import Condition, Queryables
from api.ogc.refusals import MAX_DEPTH, refusal, too_much

MAX_OPERATORS = 500  # of a text, before it is read: the library descends once for each of « a = b = c … », « ---1 »
QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
# the numbers of a geometry, however many, each after a space, a comma or a parenthesis: their signs are no operators
NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:E[-+]?[0-9]+)?"
GEOMETRY = re.compile(rf"\b(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|BBOX)(?:[\s,()]+{NUMBER})+", re.IGNORECASE)
OPERATOR = re.compile(r"[-=<>+*/^%]|\b(?:and|or|not|is|in|like|between|div)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Filtered:
    """A condition, and the properties that it names."""

    condition: Condition
    named: frozenset[str]


def filter_of(written: str, lang: str | None, queryables: Queryables) -> Filtered:
    """The condition that a client wrote, or InvalidQuestion saying what is not known."""
    if lang == "cql2-json":
        try:
            expression = msgspec.json.decode(written)
        except (ValueError, RecursionError):
            raise refusal("du JSON lisible est attendu") from None
    else:
        expression = _read(written)
    reading = Reading(queryables)
    return Filtered(reading.condition(expression, 0), frozenset(reading.named))


def _read(written: str) -> Any:
    """The text as CQL2 JSON. Its depth is bounded first: the library has no bound but the process's stack."""
    bare = QUOTED.sub("''", written)
    if _depth(bare) > MAX_DEPTH or len(OPERATOR.findall(GEOMETRY.sub("", bare))) > MAX_OPERATORS:
        raise too_much()
    try:
        return cql2.parse_text(written).to_json()
    except Exception:  # the library says what is no geometry by a bare Exception
        raise refusal("cette condition n’est pas du CQL2 lisible") from None


def _depth(text: str) -> int:
    deepest = depth = 0
    for each in text:
        depth += (each == "(") - (each == ")")
        deepest = max(deepest, depth)
    return deepest
