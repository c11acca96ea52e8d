"""What a structure is authorised to do and does: natures, codes that filter, labels, when an activity stands.

An activity here is a cleaned one (etl/finess/activites/record.py), as the history keeps it.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from geo.reference import files

Json = Mapping[str, Any]

PIPELINE = "finess_activites"  # in the ledger
KIND = "activites"  # of source records: one for each FINESS number, of an establishment or of a legal entity

# ANS, TRE_R374 « nature d’activité », version of 2026-05-05, with the accents that it leaves out.
NATURES: Mapping[str, str] = MappingProxyType(
    {
        "AMM": "Activité de soins (activité, modalité, mention)",
        "AMF": "Activité de soins (activité, modalité, forme)",
        "AASA": "Autre activité soumise à autorisation",
        "ASR": "Activité soumise à reconnaissance contractuelle",
        "EML": "Équipement matériel lourd",
        "ASDR": "Activité sanitaire diverse régulée",
        "AMSR": "Activité médico-sociale régulée",
        "ASOCR": "Activité sociale régulée",
        "AER": "Activité d’enseignement régulée",
    }
)
# The flow wrote ASMR until September 2026; the nomenclature calls AMF « AS ».
SAME_NATURE = {"ASMR": "AMSR", "AS": "AMF"}
WITHOUT_MODALITY = ("00", "MO000")  # « Pas de modalité », in the older nomenclature and in that of 2023
FILTER = re.compile(rf"({'|'.join(NATURES)})(?::[0-9A-Z]{{1,8}}){{0,2}}")  # NATURE, NATURE:CODE, NATURE:CODE:MODALITE
PUBLIC = re.compile(r"[0-9A-Z]{1,8}")
NO_PUBLIC = "00"
ACTIVE = "A"

ACTIVITY_TABLES = {
    "AMM": "activite_amm",
    "EML": "equipement",
    **dict.fromkeys(("AMF", "AASA", "ASR"), "activite_soin"),
    **dict.fromkeys(("AMSR", "ASOCR"), "activite_sociale"),
}


def nature_of(published: str | None) -> str | None:
    """One name for each nature."""
    return SAME_NATURE.get(published, published) if published else None


def is_active(activite: Json, day: date) -> bool:
    """Active, begun by that day, and not ended by then: by its term, its lapse or in fact, whichever comes first."""
    today, ended = day.isoformat(), activite.get("fin")
    return activite.get("etat") == ACTIVE and activite.get("debut", "") <= today and (ended is None or ended > today)


def filter_codes(activite: Json) -> list[str]:
    """What finds this activity: its nature, its code, its modality when it has one; nothing when they are no codes."""
    codes = [str(activite.get("nature"))]
    for name in ("code", "modalite"):
        part = activite.get(name)
        if part is None or (part in WITHOUT_MODALITY and name == "modalite"):
            break
        codes.append(f"{codes[-1]}:{part}")
    return [code for code in codes if FILTER.fullmatch(code)]


def active_codes(activites: Iterable[Json], day: date) -> list[str]:
    """The codes of those that stand that day, in order, each once."""
    return sorted({code for each in activites if is_active(each, day) for code in filter_codes(each)})


def publics(activites: Iterable[Json], day: date) -> list[str]:
    """The codes of the people that those which stand that day serve (« clientèle »), in order, each once."""
    return sorted({str(each["public"]) for each in activites if is_public(each.get("public")) and is_active(each, day)})


def is_public(code: object) -> bool:
    """Whether this is a code of people served: « 00 » stands for none."""
    return isinstance(code, str) and code != NO_PUBLIC and PUBLIC.fullmatch(code) is not None


def label_of_public(code: str) -> str:
    """People served, in words; what no table of ours knows is shown by its code."""
    return labels().get(("public", code), f"Public {code}")


def label_of_filter(code: str) -> str:
    """A filter code in words; what no table of ours knows is shown by its code."""
    nature, _, rest = code.partition(":")
    activity, _, modality = rest.partition(":")
    if not activity:
        return NATURES.get(nature, nature)
    label = activity_label(nature, activity) or f"{nature} {activity}"
    if not modality:
        return label
    return f"{label} – {modality_label(nature, activity, modality) or modality}"


def activity_label(nature: str, code: str | None) -> str | None:
    """The words of an activity or of a piece of equipment, None when no table of ours has it."""
    return labels().get((ACTIVITY_TABLES.get(nature, ""), code or ""))


def modality_label(nature: str, activity: str | None, code: str | None) -> str | None:
    """The words of a modality, which those of 2023 have within their activity only."""
    if code is None or code in WITHOUT_MODALITY:
        return None
    if nature == "AMM":
        return labels().get(("modalite_amm", f"{activity}:{code}"))
    return labels().get(("modalite_soin", code))


@cache
def labels() -> Mapping[tuple[str, str], str]:
    """Words by table and code."""
    with files.ACTIVITES.open(encoding="utf-8", newline="") as table:
        return MappingProxyType({(row["table"], row["code"]): row["libelle"] for row in csv.DictReader(table)})
