"""What the search form offers: territories, categories, and the ways out of each filter."""

from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from geo.categories import categories, family_members
from geo.communes import area_names, communes
from search.results import FacetValue

# Quick ways to each territory: name, longitude, latitude, zoom.
TERRITORIES = (
    ("Hexagone", 2.6, 46.6, 5.2),
    ("Guadeloupe", -61.45, 16.2, 9),
    ("Martinique", -61.0, 14.65, 9.5),
    ("Guyane", -53.0, 4.3, 6.8),
    ("La Réunion", 55.53, -21.12, 9.3),
    ("Mayotte", 45.15, -12.83, 10),
    ("Saint-Pierre-et-Miquelon", -56.3, 46.95, 9),
    ("Polynésie", -149.5, -17.6, 8.5),
    ("Nouvelle-Calédonie", 165.6, -21.4, 7),
)
MAX_PROPOSED = 8
RADII = (1_000, 5_000, 10_000, 20_000, 50_000)


class Option(msgspec.Struct, frozen=True):
    """A line of a menu."""

    value: str
    label: str


class Removal(msgspec.Struct, frozen=True):
    """A filter in force and the address without it."""

    label: str
    href: str


class Proposal(msgspec.Struct, frozen=True):
    """A category among the results, how many have it, the address that keeps only those."""

    label: str
    count: int
    href: str


@cache
def fixed() -> dict[str, Any]:
    """Menus that change with the program only."""
    groups = {(c.group, c.group_label) for c in categories().values() if not c.ended}
    return {
        "territoires": TERRITORIES,
        "rayons": RADII,
        "groupes": [Option(code, label) for code, label in sorted(groups)],
        "departements": [Option(code, f"{code} – {name}") for code, name in sorted(area_names("departement").items())],
    }


def place_of(asked: dict[str, str]) -> dict[str, Any] | None:
    """Where the map should look for this question: a commune's box, a département's communes' boxes together."""
    if asked.get("commune") in communes():
        return {"bounds": communes()[asked["commune"]].bounds}
    boxes = [c.bounds for c in communes().values() if c.departement == asked.get("departement")]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return {"bounds": (min(west), min(south), max(east), max(north))}


def proposed(values: list[FacetValue], asked: list[tuple[str, str]]) -> list[Proposal]:
    """The most frequent categories of an answer, unless one was already chosen or they would not narrow it."""
    if any(name == "categorie" for name, _ in asked) or len(values) < 2:
        return []
    return [
        Proposal(each.label, each.count, "?" + urlencode([*asked, ("categorie", each.value)]))
        for each in values[:MAX_PROPOSED]
    ]


def removals(pairs: list[tuple[str, str]]) -> list[Removal]:
    """Each filter in force, named, with the way out of it."""
    found = []
    for pair in pairs:
        if label := _named(*pair):
            gone = {pair, *((p for p in pairs if p[0] in ("lat", "lon", "radius")) if pair[0] == "lat" else ())}
            found.append(Removal(label, "?" + urlencode([p for p in pairs if p not in gone])))
    return found


def _named(name: str, value: str) -> str | None:
    if name == "commune":
        return communes()[value].name if value in communes() else value
    if name == "departement":
        return area_names("departement").get(value, value)
    if name == "categorie":
        return _category_name(value)
    return {"bbox": "Zone de la carte", "lat": "Autour d’un point", "open": "Fermées comprises"}.get(name)


def _category_name(code: str) -> str:
    if code in categories():
        return categories()[code].label
    members = family_members(code)
    if not members:
        return code
    one = categories()[members[0]]
    return {one.family: one.family_label, one.group: one.group_label, one.branch: one.branch_label}[code]
