"""The activities of one structure: its own, and what its legal entity is authorised to have there, as they stand."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from api.dependencies import Reading
from api.structures.practised import Json, Practised, practised_at
from api.structures.wording import day_of
from geo.activites import NATURES, PIPELINE, WITHOUT_MODALITY, activity_label, is_active, labels, modality_label
from geo.capacites import capacity_of
from search.results import Structure

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


def activities_of(view: Reading, structures: Sequence[Structure]) -> list[list[Activity] | None]:
    """Those of each structure by nature, None until a load of activities is served."""
    day = view.publication.days.get(PIPELINE)
    if day is None:
        return [None] * len(structures)
    practised = practised_at(view.connection, structures)
    return [_standing(practised, each, day) for each in structures]


def _standing(practised: Practised, structure: Structure, day: dt.date) -> list[Activity]:
    own, authorised = practised.own(structure), practised.authorised_by(structure)
    practised_under = {each["autorisation"] for each in own if "autorisation" in each}
    named = [each for each in practised.named(structure) if each["activite_id"] not in practised_under]
    return sorted((_activity(a, authorised) for a in (*own, *named) if is_active(a, day)), key=_in_reading_order)


def _activity(activite: Json, authorised: Mapping[str, Json]) -> Activity:
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
        since=day_of(activite.get("debut")),
        until=day_of(activite.get("fin")),
        authorised=capacity.authorised,
        installed=capacity.installed,
        unit=capacity.unit,
    )


def _in_reading_order(activity: Activity) -> tuple[Any, ...]:
    natures = [*NATURES, activity.nature.code]
    return (natures.index(activity.nature.code), activity.label, activity.modality or "", activity.details)
