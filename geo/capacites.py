"""How many beds or places an activity has, authorised and installed, without counting any of them twice."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Json = Mapping[str, Any]

# ANS, TRE_R329 « nature de capacité ».
UNITS = {"01": "lit", "02": "place", "03": "logement"}
# A total stands beside its parts, told by one of these: the same places once more.
PARTS = ("genre", "habilitation", "logement", "financement")
# The producer says two things of status 09. Its note on this flow: 01 authorised, 09 installed. Its nomenclature (TRE_R330 of
# 2025-03-28), and what third parties counted in the file of July 2026: 08 « installé constaté », 09 « autorisé ». So 08 tells
# which is spoken; 09 without 08 is read as the note says.
BY_THE_NOTE = {"01": "authorised", "09": "installed"}
BY_THE_NOMENCLATURE = {"08": "installed", "09": "authorised"}


class Capacity(msgspec.Struct, frozen=True):
    """What is authorised and what is installed, in one unit; null where nothing is said."""

    authorised: int | None = None
    installed: int | None = None
    unit: str | None = None


def capacity_of(*activites: Json) -> Capacity:
    """The capacity of an activity and of the authorisation it is practised under, totals only, in its first unit."""
    totals = [[c for c in each.get("capacites", ()) if _is_total(c)] for each in activites]
    units = sorted({c["unite"] for capacites in totals for c in capacites if "unite" in c})
    unit = units[0] if units else None
    said = [c for capacites in totals for c in capacites if c.get("unite") == unit]
    meaning = BY_THE_NOMENCLATURE if any(c.get("statut") == "08" for c in said) else BY_THE_NOTE
    found: dict[str, int] = {}
    for capacites in totals:
        for name, number in _summed([c for c in capacites if c.get("unite") == unit], meaning).items():
            found.setdefault(name, number)  # the practised activity speaks before its authorisation
    return Capacity(found.get("authorised"), found.get("installed"), UNITS.get(unit or "") if found else None)


def _is_total(capacite: Json) -> bool:
    return isinstance(capacite.get("nombre"), int) and not any(name in capacite for name in PARTS)


def _summed(capacites: Iterable[Json], meaning: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in capacites:
        if name := meaning.get(each.get("statut", "")):
            found[name] = found.get(name, 0) + each["nombre"]
    return found
