"""What the search form offers beside its panel: territories, radii, and the ways out of each filter."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from geo.activites import label_of_filter, label_of_public
from geo.categories import DOMAINES, categories, family_members
from geo.communes import area_names, communes
from geo.position import PRECISIONS
from geo.statuts import SECTEURS, label_of_statut
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


class Removal(msgspec.Struct, frozen=True):
    """A filter in force and the address without it."""

    label: str
    href: str


class Proposal(msgspec.Struct, frozen=True):
    """A category among the results, how many have it, the address that keeps only those."""

    label: str
    count: int
    href: str


def fixed() -> dict[str, Any]:
    """Menus that change with the program only."""
    return {"territoires": TERRITORIES, "rayons": RADII}


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


def beside_form(pairs: list[tuple[str, str]], in_panel: Iterable[str]) -> list[tuple[str, str]]:
    """What the form of filters carries unseen: all that none of its controls shows."""
    shown = {*in_panel, "sort", "open", "maj_depuis", *(["radius"] if any(name == "lat" for name, _ in pairs) else [])}
    return [pair for pair in pairs if pair[0] not in shown]


def _named(name: str, value: str) -> str:
    if name == "commune":
        return communes()[value].name if value in communes() else value
    if name in ("departement", "region", "epci"):
        return area_names(name).get(value.upper(), value)
    if name == "categorie":
        return _category_name(value)
    if name in IN_WORDS:
        return IN_WORDS[name](value)
    zones = {
        "bbox": "Zone de la carte",
        "polygon": "Zone dessinée",
        "lat": "Autour d’un point",
        "open": "Fermées comprises",
    }
    return zones.get(name, value)


def _maj(value: str) -> str:
    return f"Touchées depuis le {dt.date.fromisoformat(value):%d/%m/%Y}"


IN_WORDS: Mapping[str, Callable[[str], str]] = {
    "activite": label_of_filter,
    "domaine": lambda value: DOMAINES[value.upper()],
    "public": label_of_public,
    "secteur": SECTEURS.__getitem__,
    "statut": label_of_statut,
    "precision": PRECISIONS.__getitem__,
    "telephone": lambda value: "Avec un téléphone" if value == "true" else "Sans téléphone",
    "maj_depuis": _maj,
    "naf": lambda value: f"Code NAF {value}",
}


def _category_name(code: str) -> str:
    if code in categories():
        return categories()[code].label
    members = family_members(code)
    if not members:
        return code
    one = categories()[members[0]]
    return {one.family: one.family_label, one.group: one.group_label, one.branch: one.branch_label}[code]
