"""A place: the other open structures at the address or the very point of one; each stays a structure of its own."""

import math
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import text

from api.dependencies import Reading
from geo.addresses import street_key, street_of
from geo.communes import communes, current_code
from geo.position import Precision
from geo.text import sort_key
from search.results import Categorie, Structure

SAME_POINT_M = 15.0  # two registers' points of one door: either side of a house, not the next one
SAME_STREET_M = 500.0  # between two points of one number: at its door, and somewhere in its street
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
    key = address_key(found.address.lines)
    rows = view.connection.execute(text(NEIGHBOURS), _asked(found, key) | {"id": found.id})
    there = [row for row in rows if row.near or address_key(row.address_lines) == key]
    shown = [Neighbour(row.id, row.name, Categorie(row.code, row.label)) for row in there[:MOST_SHOWN]]
    return Place(len(there), shown)


def address_key(lines: Iterable[str]) -> tuple[str, str] | None:
    """Number and street as registers may write them, None without a number: « Le Bourg » is no address.

    >>> address_key(["BATIMENT B", "12 B AV DU GAL LECLERC"]), address_key(["12 bis, avenue du Général Leclerc"])
    (('12 BIS', 'AVENUE GENERAL LECLERC'), ('12 BIS', 'AVENUE GENERAL LECLERC'))
    """
    number, street = street_of([sort_key(line) for line in lines])
    told = _NUMBER.fullmatch(number or "")
    if told is None or street is None:
        return None
    digits, repetition = told.groups()
    return f"{digits} {REPETITIONS.get(repetition, repetition)}".strip(), street_key(street)


def _asked(found: Structure, key: tuple[str, str] | None) -> dict[str, Any]:
    """What NEIGHBOURS looks for; what is null finds nobody."""
    point, commune = found.position, found.address.commune.code if key else None
    centre = communes().get(current_code(commune) or "") if commune else None
    placed = point is not None and point.precision not in (Precision.COMMUNE.value, Precision.NONE.value)
    at_the_door = point is not None and point.precision in AT_THE_DOOR
    stretched = (
        1.01 / math.cos(math.radians(point.lat)) if point else 0.0
    )  # of Mercator's metres; spheres decide within
    return {
        "lon": point.lon if point else None,
        "lat": point.lat if point else None,
        "door": list(AT_THE_DOOR),
        "metres": SAME_POINT_M,
        "reach": SAME_POINT_M * stretched if at_the_door else None,
        "street_reach": SAME_STREET_M * stretched if placed else None,
        "commune": commune,
        "whole_commune": None if placed else commune,
        "centre_lon": centre.lon if centre else None,
        "centre_lat": centre.lat if centre else None,
        "number": key[0].split()[0] if key else None,
    }


# Asked by the page of one structure: its point, its house number in its street, its house number among those of which nobody
# knows better than the commune's centre; structure_open_geom_idx answers the three. One that is itself at the centre is
# looked for in the whole commune (structure_commune_idx).
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
      AND geom && ST_Expand(ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 3857), :street_reach)
      AND {numbered}
    UNION ALL
    SELECT id, false
    FROM structure
    WHERE open AND commune = :commune AND precision = 'commune'
      AND geom && ST_Expand(ST_Transform(ST_SetSRID(ST_MakePoint(:centre_lon, :centre_lat), 4326), 3857), 1)
      AND {numbered}
    UNION ALL
    SELECT id, false
    FROM structure
    WHERE open AND commune = :whole_commune AND {numbered}
)
SELECT s.id, s.name, s.address_lines, c.code, c.label, bool_or(there.near) AS near
FROM there
JOIN structure AS s USING (id)
JOIN categorie AS c ON c.no = s.categorie_no
WHERE s.id <> :id
GROUP BY s.id, c.no
ORDER BY s.name_key, s.id
""".format(numbered="EXISTS (SELECT FROM unnest(address_lines) AS line WHERE starts_with(ltrim(line, '0'), :number))")
