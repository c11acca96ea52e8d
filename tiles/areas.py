"""Structures counted in régions, départements and communes, one level a range of zooms: how many, and for 10,000 inhabitants.

Whoever counts gives the counts by code, so that a map says what the list says; shapes are the base map's.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from geo.communes import communes, region_of_departement
from geo.errors import InvalidQuestion
from tiles import basemap
from tiles.grid import TileAddress
from tiles.sql import stated

CLASSES = 5
Counts = Mapping[str, int]  # how many structures, by code; none where a code is absent


class Level(NamedTuple):
    """One kind of area, its layer in tiles and in the style."""

    name: str
    min_zoom: int
    max_zoom: int
    shapes: tuple[str, ...]  # layers of `base_shape`


REGIONS = Level("regions", 0, 5, (basemap.REGIONS, basemap.COLLECTIVITES))
DEPARTEMENTS = Level("departements", 6, 8, (basemap.DEPARTEMENTS, basemap.COLLECTIVITES))
# Paris, Lyon and Marseille by their arrondissements, which is what structures are in.
COMMUNES = Level("communes", 9, basemap.MAX_ZOOM, (basemap.COMMUNES_FAR, basemap.COMMUNES))
LEVELS = (REGIONS, DEPARTEMENTS, COMMUNES)
MAX_ZOOM = LEVELS[-1].max_zoom


def level_of(address: TileAddress) -> Level:
    """The areas of a tile; InvalidQuestion where clients are to enlarge another one."""
    for level in LEVELS:
        if address.z <= level.max_zoom:
            return level
    raise InvalidQuestion(
        f"Les aires se dessinent jusqu’au zoom {MAX_ZOOM} : agrandissez-en les tuiles.", parameter="z"
    )


def of_regions(by_departement: Counts) -> Counts:
    """A région has what its départements have."""
    found: Counter[str] = Counter()
    for code, number in by_departement.items():
        if region := region_of_departement(code):
            found[region] += number
    return found


@cache
def population(level: Level) -> Mapping[str, int]:
    """How many live in each area of a level."""
    every = communes().values()
    parents = {each.parent for each in every}
    if level is COMMUNES:
        return {each.code: each.population for each in every if each.code not in parents}
    found: Counter[str] = Counter()
    for each in every:
        if each.parent is None:
            found[each.region if level is REGIONS else each.departement] += each.population
    return found


def per_10000(number: int, people: int) -> float | None:
    """To one decimal, or two figures below 1: there are 0.2 hospitals for 10,000 inhabitants. None where nobody lives.

    >>> per_10000(1_234, 2_613_000), per_10000(12, 2_613_000), per_10000(1, 0)
    (4.7, 0.046, None)
    """
    if not people:
        return None
    rate = number * 10_000 / people
    return round(rate, 1) if rate >= 1 else float(f"{rate:.2g}")


def breaks(level: Level, counts: Counts) -> list[float]:
    """Where classes of as many areas begin, the first aside: among areas that have some, whose rate is known.

    Fewer than four where rates hardly differ: no class is empty, and a class begins at its break.
    """
    people = population(level)
    rates = [rate for code, number in counts.items() if number and (rate := per_10000(number, people.get(code, 0)))]
    if not rates:
        return []
    parts = np.arange(1, CLASSES) / CLASSES
    found = np.quantile(np.array(rates), parts, method="higher").tolist()
    return sorted({rate for rate in found if rate > min(rates)})


def tile(connection: Connection, address: TileAddress, counts: Counts) -> bytes:
    """The encoded tile; empty bytes where there is no area."""
    level = level_of(address)
    west, south, east, north = address.mercator
    where = {"z": address.z, "shapes": list(level.shapes), "west": west, "south": south, "east": east, "north": north}
    people = population(level)
    # a country has thirty-five thousand communes, a tile some hundreds: only their counts are told
    codes = [row.code for row in stated("areas_here").execute(connection, **where) if row.code in people]
    if not codes:
        return b""
    given = {
        "codes": codes,
        "n": [counts.get(code, 0) for code in codes],
        "population": [people.get(code, 0) for code in codes],
        "per_10000": [per_10000(counts.get(code, 0), people.get(code, 0)) for code in codes],
    }
    (row,) = stated("areas").execute(connection, layer=level.name, **where, **given)
    return bytes(row.tile or b"")
