"""What the search form offers: territories, categories, and the ways out of each filter."""

from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from geo.activites import label_of_filter
from geo.categories import FAMILIES, categories, family_members
from geo.communes import area_names, communes
from geo.text import sort_key
from search.results import FacetValue

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
OF_A_POINT = {"lat", "lon", "radius", "sort"}  # there is no order by distance from nowhere
MAX_PROPOSED = 8
NO_FILTERS = {
    "q",
    "lon",
    "radius",
    "sort",
    "limit",
}  # the box shows words, menus show orders; `lat` stands for the point
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
        "familles": _categories_by_family(),
        "departements": [Option(code, f"{code} – {name}") for code, name in sorted(area_names("departement").items())],
    }


def category_outside_menu(code: str | None) -> Option | None:
    """The category chosen, when it is finer or wider than what the menu offers."""
    of_sirene = {option.value for _, options in _categories_by_family() for option in options}
    if not code or code in of_sirene | {each.group for each in categories().values() if not each.ended}:
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
        if pair[0] not in NO_FILTERS:
            gone = {pair, *((p for p in pairs if p[0] in OF_A_POINT) if pair[0] == "lat" else ())}
            found.append(Removal(_named(*pair), "?" + urlencode([p for p in pairs if p not in gone])))
    return found


def beside_menus(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the form of filters carries unseen: all that no menu of it shows."""
    names = {name for name, _ in pairs}
    shown = {"categorie", "activite", "sort", "open", "radius" if "lat" in names else "departement"}
    last = dict(pairs)
    return [(name, value) for name, value in pairs if name not in shown or value != last[name]]


def _groups_by_branch() -> list[tuple[str, list[Option]]]:
    """The nomenclature's two upper levels, as a menu shows them."""
    current = [each for each in categories().values() if each.branch and not each.ended]
    branches = sorted({(each.branch, each.branch_label) for each in current})
    groups = sorted({(each.branch, each.group, each.group_label) for each in current})
    return [
        (label, [Option(group, name) for branch, group, name in groups if branch == code]) for code, label in branches
    ]


@cache
def _categories_by_family() -> list[tuple[str, list[Option]]]:
    """Those that Sirene's activities make, which FINESS's nomenclature has no place for: the family, then each of them."""
    return [
        (
            label,
            [
                Option(family, f"{label} : tous" if family == "lib" else f"{label} : toutes"),
                *sorted(
                    (Option(each.code, each.label) for each in categories().values() if each.family == family),
                    key=lambda option: sort_key(option.label),
                ),
            ],
        )
        for family, label in FAMILIES.items()
    ]


def _named(name: str, value: str) -> str:
    if name == "commune":
        return communes()[value].name if value in communes() else value
    if name in ("departement", "region", "epci"):
        return area_names(name).get(value.upper(), value)
    if name == "categorie":
        return _category_name(value)
    if name == "activite":
        return label_of_filter(value.upper())
    zones = {
        "bbox": "Zone de la carte",
        "polygon": "Zone dessinée",
        "lat": "Autour d’un point",
        "open": "Fermées comprises",
    }
    return zones.get(name, value)


def _category_name(code: str) -> str:
    if code in categories():
        return categories()[code].label
    members = family_members(code)
    if not members:
        return code
    one = categories()[members[0]]
    return {one.family: one.family_label, one.group: one.group_label, one.branch: one.branch_label}[code]
