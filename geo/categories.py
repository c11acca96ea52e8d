"""Categories of FINESS and of what Sirene knows, the families above them, legal statuses: codes to labels."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec
from sqlalchemy import Column, Integer, Table, Text

from geo.database import metadata
from geo.reference import files

# FINESS's categories have three digits, its families four; ours are `lib:…`, in families that are words: one parameter takes all.
categorie = Table(
    "categorie",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=False),  # FINESS's code, or 10,000 and more
    Column("code", Text, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("short_label", Text, nullable=False),
    Column("domaine", Text, nullable=False),  # SAN, SOC or empty when the nomenclature does not know the code
    Column("family", Text),  # level 3, the old categagretab
    Column("family_label", Text),
    Column("group", Text),  # level 2
    Column("group_label", Text),
    Column("branch", Text),  # level 1
    Column("branch_label", Text),
)

# Families of the categories that Sirene's activities make (geo/reference/professions.csv).
FAMILIES = {"lib": "Professionnels libéraux", "sirene": "Structures connues par Sirene"}
DOMAINES = {"SAN": "Sanitaire", "SOC": "Social et médico-social", "ENS": "Enseignement", "ADM": "Administration"}
NATURAL_PERSON = "2210"  # family of legal statuses


class Categorie(msgspec.Struct, frozen=True):
    """A category of establishment, in its family (level 3), group (2) and branch (1)."""

    no: int
    code: str
    label: str
    short_label: str
    domaine: str
    family: str
    family_label: str
    group: str
    group_label: str
    branch: str
    branch_label: str
    ended: bool


@cache
def categories() -> Mapping[str, Categorie]:
    """Every category by code: FINESS's, ended ones included (closed establishments still carry them), then ours."""
    every = [*map(_categorie, _rows(files.CATEGORIES)), *map(_profession, _rows(files.PROFESSIONS))]
    return MappingProxyType({each.code: each for each in every})


@cache
def categories_by_no() -> Mapping[int, Categorie]:
    """The same by the number that rows carry."""
    return MappingProxyType({each.no: each for each in categories().values()})


@cache
def family_members(code: str) -> tuple[str, ...]:
    """The categories in a family of any level; nothing for an unknown code."""
    levels = ((each.code, (each.family, each.group, each.branch)) for each in categories().values())
    return tuple(member for member, above in levels if code and code in above)


@cache
def domaine_members(domaine: str) -> tuple[int, ...]:
    """The numbers of the categories of a domain, ended ones included."""
    return tuple(sorted(each.no for each in categories().values() if each.domaine == domaine))


@cache
def legal_statuses() -> Mapping[str, str]:
    """Labels of legal statuses by code."""
    return MappingProxyType({row["code"]: row["libelle"] for row in _rows(files.LEGAL_STATUSES)})


@cache
def natural_person_statuses() -> frozenset[str]:
    """Codes of the legal statuses of natural persons: those of the family « Personne Physique »."""
    return frozenset(row["code"] for row in _rows(files.LEGAL_STATUSES) if row["codeagr3"] == NATURAL_PERSON)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def _categorie(row: dict[str, str]) -> Categorie:
    return Categorie(
        no=int(row["code"]),
        code=row["code"],
        label=row["libelle"],
        short_label=row["libellecourt"],
        domaine=row["domaine"],
        family=row["codeagr3"],
        family_label=row["libelleagr3"],
        group=row["codeagr2"],
        group_label=row["libelleagr2"],
        branch=row["codeagr1"],
        branch_label=row["libelleagr1"],
        ended=bool(row["datefin"]),
    )


def _profession(row: dict[str, str]) -> Categorie:
    """FINESS's groups and branches say nothing of it."""
    return Categorie(
        no=int(row["no"]),
        code=row["code"],
        label=row["libelle"],
        short_label=row["libellecourt"],
        domaine=row["domaine"],
        family=row["famille"],
        family_label=FAMILIES[row["famille"]],
        group="",
        group_label="",
        branch="",
        branch_label="",
        ended=False,
    )
