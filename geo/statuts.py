"""Legal statuses of who runs a structure, FINESS's codes, and the three sectors that they make.

FINESS says a status of each legal entity (TRE_R400, formerly R72); Insee says a « catégorie juridique » of each legal unit,
which we tell by FINESS's code of the same meaning, so that one parameter asks both.
"""

import csv
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from geo.categories import legal_statuses
from geo.reference import files

SECTEURS: Mapping[str, str] = MappingProxyType(
    {"public": "Public", "associatif": "Associatif (privé non lucratif)", "lucratif": "Privé lucratif"}
)
# The nomenclature's own aggregates: codeagr1 1000 « Organismes et Etablissements Publics », codeagr2 2100 « Organisme Privé à But
# non Lucratif » and 2200 « à Caractère Commercial ». A foreign legal person (3000) may be either: it is of none.
OF_AGGREGATES: Mapping[str, str] = MappingProxyType({"1000": "public", "2100": "associatif", "2200": "lucratif"})
PREFIXES = (4, 2, 1)  # Insee's levels, the finest first


def secteur_of(statut: str | None) -> str | None:
    """`public`, `associatif` or `lucratif`; None for a status unknown to the nomenclature.

    >>> [secteur_of(code) for code in ("13", "60", "95", "90", None)]
    ['public', 'associatif', 'lucratif', None, None]
    """
    return _secteurs().get(statut or "")


@cache
def statuts_of(secteur: str) -> tuple[str, ...]:
    """The statuses of a sector, in order."""
    return tuple(code for code, found in sorted(_secteurs().items()) if found == secteur)


def label_of_statut(code: str) -> str:
    """A status in words; one that the nomenclature does not know yet is shown by its code."""
    return legal_statuses().get(code, f"Statut {code}")


def statut_of_insee(categorie_juridique: str | None) -> str | None:
    """FINESS's code for Insee's: the finest level that has one.

    >>> [statut_of_insee(code) for code in ("1000", "5485", "5499", "9220", "6589", "0000", None)]
    ['70', '85', '72', '60', '79', None, None]
    """
    code = categorie_juridique or ""
    return next((found for length in PREFIXES if (found := _of_insee().get(code[:length]))), None)


@cache
def _secteurs() -> Mapping[str, str]:
    with files.LEGAL_STATUSES.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    found = {row["code"]: OF_AGGREGATES.get(row["codeagr1"]) or OF_AGGREGATES.get(row["codeagr2"]) for row in rows}
    return MappingProxyType({code: secteur for code, secteur in found.items() if secteur})


@cache
def _of_insee() -> Mapping[str, str]:
    with files.LEGAL_CATEGORIES.open(encoding="utf-8", newline="") as table:
        return MappingProxyType({row["categorie_juridique"]: row["statut"] for row in csv.DictReader(table)})
