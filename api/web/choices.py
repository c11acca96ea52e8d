"""What the search form offers: territories, categories, and the ways out of each filter."""

from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from geo.activites import label_of_filter
from geo.categories import categories, family_members
from geo.communes import Commune, area_names, communes
from geo.filters import Bounds
from geo.text import sort_key
from search.results import FacetValue, Structure

# Territories too far from the Hexagone to be found by moving its map: name, département or collectivity.
TERRITORIES = (
    ("Guadeloupe", "971"),
    ("Martinique", "972"),
    ("Guyane", "973"),
    ("La Réunion", "974"),
    ("Mayotte", "976"),
    ("Saint-Pierre-et-Miquelon", "975"),
    ("Saint-Barthélemy", "977"),
    ("Saint-Martin", "978"),
    ("Wallis-et-Futuna", "986"),
    ("Polynésie française", "987"),
    ("Nouvelle-Calédonie", "988"),
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
    return {
        "territoires": TERRITORIES,
        "rayons": RADII,
        "branches": _groups_by_branch(),
        "departements": [Option(code, f"{code} – {name}") for code, name in sorted(area_names("departement").items())],
    }


def place_of(asked: dict[str, str], listed: list[Structure]) -> Bounds | None:
    """Where the map should look: the area asked for, the commune that the words name, or around all that is listed."""
    if asked.get("commune") in communes():
        return communes()[asked["commune"]].bounds
    if asked.get("departement"):
        return _around([c.bounds for c in communes().values() if c.departement == asked["departement"]])
    if named := _communes_by_name().get(sort_key(asked.get("q", ""))):
        return named.bounds
    return _around([(s.position.lon, s.position.lat, s.position.lon, s.position.lat) for s in listed if s.position])


def category_outside_menu(code: str | None) -> Option | None:
    """The category chosen, when it is finer or wider than what the menu offers."""
    if not code or code in {each.group for each in categories().values() if not each.ended}:
        return None
    return Option(code, _category_name(code))


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


def _groups_by_branch() -> list[tuple[str, list[Option]]]:
    """The nomenclature's two upper levels, as a menu shows them."""
    current = [each for each in categories().values() if not each.ended]
    branches = sorted({(each.branch, each.branch_label) for each in current})
    groups = sorted({(each.branch, each.group, each.group_label) for each in current})
    return [
        (label, [Option(group, name) for branch, group, name in groups if branch == code]) for code, label in branches
    ]


@cache
def _communes_by_name() -> dict[str, Commune]:
    """The most populous commune of each name."""
    return {sort_key(each.name): each for each in sorted(communes().values(), key=lambda c: c.population)}


def _around(boxes: list[Bounds]) -> Bounds | None:
    """The box around these boxes."""
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return (min(west), min(south), max(east), max(north))


def _named(name: str, value: str) -> str | None:
    if name == "commune":
        return communes()[value].name if value in communes() else value
    if name == "departement":
        return area_names("departement").get(value, value)
    if name == "categorie":
        return _category_name(value)
    if name == "activite":
        return label_of_filter(value.upper())
    return {"bbox": "Zone de la carte", "lat": "Autour d’un point", "open": "Fermées comprises"}.get(name)


def _category_name(code: str) -> str:
    if code in categories():
        return categories()[code].label
    members = family_members(code)
    if not members:
        return code
    one = categories()[members[0]]
    return {one.family: one.family_label, one.group: one.group_label, one.branch: one.branch_label}[code]
