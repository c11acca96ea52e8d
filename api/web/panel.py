"""The panel of filters: each choice with how many it would find, those in force checked, several of one kind at once."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from geo.activites import NATURES, label_of_filter, label_of_public
from geo.activites import PIPELINE as ACTIVITIES
from geo.categories import DOMAINES, FAMILIES, categories, categories_by_no, family_members
from geo.communes import area_names
from geo.filters import Filters
from geo.position import PRECISIONS
from geo.publication import Publication
from geo.statuts import SECTEURS, label_of_statut
from geo.text import sort_key
from search.query import Facet
from search.results import FacetValue

Counts = Mapping[str, int]
Facets = Mapping[str, Sequence[FacetValue]]
# What the page counts. Of lists that only another flow fills, nothing before it is loaded.
ALWAYS = (
    Facet.CATEGORIE,
    Facet.DOMAINE,
    Facet.DEPARTEMENT,
    Facet.SECTEUR,
    Facet.STATUT,
    Facet.TELEPHONE,
    Facet.PRECISION,
)
LATELY = ((31, "un mois"), (92, "trois mois"), (183, "six mois"), (366, "un an"))
OF_ACTIVITIES = (Facet.ACTIVITE, Facet.PUBLIC)


class Choice(msgspec.Struct, frozen=True):
    """A box to tick, and the finer ones below it."""

    value: str
    label: str
    count: int
    checked: bool
    finer: tuple["Choice", ...] = ()

    @property
    def has_checked(self) -> bool:
        """Whether something below it is chosen: its list stands open then."""
        return any(each.checked for each in self.finer)


class Option(msgspec.Struct, frozen=True):
    """A line of a menu."""

    value: str
    label: str


class Group(msgspec.Struct, frozen=True):
    """The choices of one parameter."""

    name: str
    legend: str
    choices: tuple[Choice, ...]
    one: bool = False  # only one of them at once, the first being none

    @property
    def chosen(self) -> int:
        """How many are in force."""
        return sum(each.checked + sum(finer.checked for finer in each.finer) for each in self.choices if each.value)


def facets_of(publication: Publication) -> tuple[Facet, ...]:
    """What to count for the panel."""
    return (*ALWAYS, *OF_ACTIVITIES) if ACTIVITIES in publication.days else ALWAYS


def groups(filters: Filters, facets: Facets) -> list[Group]:
    """Every kind of choice that could change the answer, the most used first."""
    counts = {name: {each.value: each.count for each in values} for name, values in facets.items()}
    known = (
        Group("categorie", "Catégorie", _categories(filters, counts.get("categorie", {}))),
        Group("domaine", "Domaine", _plain(counts, "domaine", map(str.lower, filters.domaines), _domaine)),
        Group(
            "departement",
            "Département",
            _in_order(_plain(counts, "departement", filters.departements, _departement), lambda each: each.value),
        ),
        Group("activite", "Activité autorisée", _activities(filters, counts.get("activite", {}))),
        Group("public", "Public accueilli", _plain(counts, "public", filters.publics, label_of_public)),
        Group("secteur", "Secteur", _plain(counts, "secteur", filters.secteurs, SECTEURS.__getitem__)),
        Group("statut", "Statut juridique", _plain(counts, "statut", filters.statuts, label_of_statut)),
        Group("telephone", "Téléphone", _telephone(filters.telephone, counts.get("telephone", {})), one=True),
        Group(
            "precision", "Précision du point", _plain(counts, "precision", filters.precisions, PRECISIONS.__getitem__)
        ),
    )
    return [group for group in known if group.choices]


def since(asked: dt.date | None, today: dt.date) -> list[Option]:
    """How lately a register has touched a structure, and the day asked when it is none of these."""
    days = {f"Depuis {label}": today - dt.timedelta(days=number) for number, label in LATELY}
    if asked and asked not in days.values():
        days[f"Depuis le {asked:%d/%m/%Y}"] = asked
    return [Option(day.isoformat(), label) for label, day in days.items()]


def _plain(
    counts: Mapping[str, Counts], name: str, chosen: Iterable[str], label: Callable[[str], str]
) -> tuple[Choice, ...]:
    """What is there, and what is chosen though nothing is there; the most frequent first."""
    found, asked = counts.get(name, {}), set(chosen)
    listed = (Choice(value, label(value), found.get(value, 0), value in asked) for value in found.keys() | asked)
    return _in_order(listed, lambda each: (-each.count, sort_key(each.label)))


def _in_order(choices: Iterable[Choice], key: Callable[[Choice], Any]) -> tuple[Choice, ...]:
    return tuple(sorted(choices, key=key))


def _domaine(value: str) -> str:
    return DOMAINES[value.upper()]


def _departement(value: str) -> str:
    return f"{value} – {area_names('departement').get(value, value)}"


def _categories(filters: Filters, counts: Counts) -> tuple[Choice, ...]:
    """Families, their categories below; a family of one category is that category."""
    known = categories_by_no()
    chosen = {known[no].code if no in known else f"{no:03d}" for no in filters.categories}
    families: dict[str, set[str]] = {}
    for code in counts.keys() | chosen:
        family = categories()[code].family if code in categories() else ""
        families.setdefault(family or code, set()).add(code)
    return _in_order(
        (_family(family, codes, counts, chosen) for family, codes in families.items()),
        lambda each: (-each.count, sort_key(each.label)),
    )


def _family(family: str, codes: set[str], counts: Counts, chosen: set[str]) -> Choice:
    whole = bool(members := family_members(family)) and chosen.issuperset(members)
    listed = _in_order(
        (
            Choice(code, _category(code), counts.get(code, 0), code in chosen and not whole)
            for code in codes
            if counts.get(code) or not whole
        ),
        lambda each: (-each.count, sort_key(each.label)),
    )
    if len(members) <= 1 and len(listed) == 1:
        return listed[0] if not whole else msgspec.structs.replace(listed[0], checked=True)
    label = FAMILIES.get(family) or categories()[members[0]].family_label
    return Choice(family, label, sum(counts.get(code, 0) for code in codes), whole, listed)


def _category(code: str) -> str:
    return categories()[code].label if code in categories() else f"Catégorie {code}"


def _activities(filters: Filters, counts: Counts) -> tuple[Choice, ...]:
    """Natures, their activities below. Modalities are too many for a panel: one that is chosen is there."""
    chosen = set(filters.activites)
    by_nature: dict[str, list[Choice]] = {}
    for code in counts.keys() | chosen:
        nature, _, rest = code.partition(":")
        listed = by_nature.setdefault(nature, [])
        label = label_of_filter(code)
        wordless = label.endswith(f" {rest}")  # no table of ours knows it: nobody would choose it by its code
        if rest and (code in chosen or not (":" in rest or wordless)):
            listed.append(Choice(code, label, counts.get(code, 0), code in chosen))
    return tuple(
        Choice(
            nature,
            NATURES[nature],
            counts.get(nature, 0),
            nature in chosen,
            _in_order(by_nature[nature], lambda each: (-each.count, sort_key(each.label))),
        )
        for nature in NATURES
        if nature in by_nature
    )


def _telephone(asked: bool | None, counts: Counts) -> tuple[Choice, ...]:
    with_phone, without = counts.get("true", 0), counts.get("false", 0)
    return (
        Choice("", "Peu importe", with_phone + without, asked is None),
        Choice("true", "Avec un téléphone", with_phone, asked is True),
        Choice("false", "Sans téléphone", without, asked is False),
    )
