"""The activities of one structure: its own, and what its legal entity is authorised to have there, as they stand."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import select

from api.dependencies import Reading
from geo.activites import KIND, NATURES, PIPELINE, WITHOUT_MODALITY, activity_label, is_active, labels, modality_label
from geo.capacites import capacity_of
from geo.history import source_record
from search.results import Structure

Json = dict[str, Any]
# our name of a further code: the table of its words; codes without words say nothing to a reader
FURTHER = {
    "mention": "mention_amm",
    "pratique": "pratique_amm",
    "forme": "forme_soin",
    "mode": "mode",
    "public": "public",
}


class Nature(msgspec.Struct, frozen=True):
    """One of the nine natures of activity."""

    code: str
    label: str


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """An authorised activity that stands: `label` and `modality` are codes where no table has words for them."""

    nature: Nature
    code: str | None
    label: str
    modality: str | None
    details: list[str]
    since: dt.date | None
    until: dt.date | None
    authorised: int | None
    installed: int | None
    unit: str | None


def activities_of(view: Reading, structure: Structure) -> list[Activity] | None:
    """Those of one structure by nature, None until a load of activities is served."""
    day = view.publication.days.get(PIPELINE)
    if day is None:
        return None
    ej = structure.entite_juridique.finess if structure.entite_juridique else None
    records = _records(view, [*structure.finess, *([ej] if ej else [])])
    authorised = {each["activite_id"]: each for each in records.get(ej or "", {}).get("activites", ())}
    own = [each for number in structure.finess for each in records.get(number, {}).get("activites", ())]
    practised_under = {each["autorisation"] for each in own if "autorisation" in each}
    here = set(_ege_ids(view, structure.finess)) if any("ege_id" in each for each in authorised.values()) else set()
    named = [a for a in authorised.values() if a.get("ege_id") in here and a["activite_id"] not in practised_under]
    standing = [_activity(a, authorised) for a in (*own, *named) if is_active(a, day)]
    return sorted(standing, key=_in_reading_order)


def _records(view: Reading, numbers: Iterable[str]) -> dict[str, Json]:
    """What is published today under each of these numbers; source_record_current_idx answers."""
    c = source_record.c
    current = select(c.key, c.record).where(c.kind == KIND, c.key.in_(list(numbers)), c.valid_to.is_(None))
    return {row.key: row.record for row in view.connection.execute(current)}


def _ege_ids(view: Reading, numbers: list[str]) -> Iterator[str]:
    """The register's inner numbers of these establishments."""
    c = source_record.c
    current = select(c.record["ege_id"].astext).where(c.kind == "ege", c.key.in_(numbers), c.valid_to.is_(None))
    return (each for each in view.connection.execute(current).scalars() if each)


def _activity(activite: Json, authorised: dict[str, Json]) -> Activity:
    nature, code, modality = activite["nature"], activite.get("code"), activite.get("modalite")
    under = authorised.get(activite.get("autorisation", ""))
    capacity = capacity_of(activite, under) if under else capacity_of(activite)
    told = None if modality in WITHOUT_MODALITY else modality
    return Activity(
        nature=Nature(nature, NATURES.get(nature, nature)),
        code=code,
        label=activity_label(nature, code) or code or NATURES.get(nature, nature),
        modality=modality_label(nature, code, modality) or told,
        details=[label for name, table in FURTHER.items() if (label := labels().get((table, activite.get(name, ""))))],
        since=_date(activite.get("debut")),
        until=_date(activite.get("fin")),
        authorised=capacity.authorised,
        installed=capacity.installed,
        unit=capacity.unit,
    )


def _in_reading_order(activity: Activity) -> tuple[Any, ...]:
    natures = [*NATURES, activity.nature.code]
    return (natures.index(activity.nature.code), activity.label, activity.modality or "", activity.details)


def _date(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None  # « 2026-02-30 »: kept as published in the record, no day for a reader
