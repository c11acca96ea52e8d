"""A place: the other open structures at the address or the very point of one; each stays a structure of its own."""

import math
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import text

from api.dependencies import Reading
from etl.matching.words import street_key
from etl.registers.links import street_of
from geo.position import Precision
from geo.text import sort_key
from search.results import Categorie, Structure

SAME_POINT_M = 15.0  # two registers' points of one door: either side of a house, not the next one
AT_THE_DOOR = (Precision.PIN.value, Precision.HOUSENUMBER.value)
MOST_SHOWN = 50  # a medical centre has dozens; the count is exact
REPETITIONS = {"B": "BIS", "T": "TER", "Q": "QUATER", "C": "QUINQUIES"}
_NUMBER = re.compile(r"0*(\d+) ?(BIS|TER|QUATER|QUINQUIES|[A-Z]|)")  # « 1ER ETAGE » is no number


class Neighbour(msgspec.Struct, frozen=True):
    """Another structure of the same place."""

    id: str
    name: str
    categorie: Categorie


class Place(msgspec.Struct, frozen=True):
    """How many others are at the same place, and the first of them by name."""

    total: int
    structures: list[Neighbour]


def place_of(view: Reading, found: Structure) -> Place:
    """Where one structure stands, seen with the others that are there; streets are compared here, by matching's own rule."""
    key, commune = address_key(found.address.lines), found.address.commune.code
    rows = view.connection.execute(text(NEIGHBOURS), _point(found) | _number(key, commune) | {"id": found.id})
    there = [row for row in rows if row.near or address_key(row.address_lines) == key]
    shown = [Neighbour(row.id, row.name, Categorie(row.code, row.label)) for row in there[:MOST_SHOWN]]
    return Place(len(there), shown)


def address_key(lines: Iterable[str]) -> tuple[str, str] | None:
    """Number and street as registers may write them, None without a number: « Le Bourg » is no address.

    >>> address_key(["BATIMENT B", "12 B AV DU GAL LECLERC"]), address_key(["12 bis, avenue du Général Leclerc"])
    (('12 BIS', 'AVENUE GENERAL LECLERC'), ('12 BIS', 'AVENUE GENERAL LECLERC'))
    """
    number, street = street_of(sort_key(line) for line in lines)
    told = _NUMBER.fullmatch(number or "")
    if told is None or street is None:
        return None
    digits, repetition = told.groups()
    return f"{digits} {REPETITIONS.get(repetition, repetition)}".strip(), street_key(street)


def _point(found: Structure) -> dict[str, Any]:
    """The point, when it is that of a door, and how far fifteen metres reach on the map; else null, which is near nothing."""
    point = found.position if found.position and found.position.precision in AT_THE_DOOR else None
    reach = 1.01 * SAME_POINT_M / math.cos(math.radians(point.lat)) if point else None  # the sphere decides within
    given = {"door": list(AT_THE_DOOR), "metres": SAME_POINT_M, "reach": reach}
    return given | {"lon": point.lon if point else None, "lat": point.lat if point else None}


def _number(key: tuple[str, str] | None, commune: str | None) -> dict[str, Any]:
    return {"commune": commune if key else None, "number": key[0].split()[0] if key else None}


# Asked by the page of one structure. structure_open_geom_idx answers for the point, in a box of thirty metres;
# structure_commune_idx for the house number, anywhere in the commune: a register without a good point says its centre.
NEIGHBOURS = """
WITH there AS (
    SELECT id, true AS near
    FROM structure
    WHERE open AND precision = ANY (:door)
      AND geom && ST_Expand(ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 3857), :reach)
      AND ST_Distance(
          geography(ST_SetSRID(ST_MakePoint(lon, lat), 4326)), geography(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)), false
      ) <= :metres
    UNION ALL
    SELECT id, false
    FROM structure
    WHERE open AND commune = :commune
      AND EXISTS (SELECT FROM unnest(address_lines) AS line WHERE starts_with(ltrim(line, '0'), :number))
)
SELECT s.id, s.name, s.address_lines, c.code, c.label, bool_or(there.near) AS near
FROM there
JOIN structure AS s USING (id)
JOIN categorie AS c ON c.no = s.categorie_no
WHERE s.id <> :id
GROUP BY s.id, c.no
ORDER BY s.name_key, s.id
"""
