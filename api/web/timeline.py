"""The life of a structure as one reads it: the register's own events and the changes seen between its files, newest first."""

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import groupby

import msgspec

from api.structures.published import Event, ObservedChange
from api.structures.schemas import StructurePage
from api.web.templates import metres
from geo.categories import categories
from geo.position import distance_m
from geo.whereabouts import siret_of_id

CREATED, OPENED = "003", "007"  # events of an establishment


class Moment(msgspec.Struct, frozen=True):
    """A sentence; `seen_on` is the day of the file that showed it, when it is another day than the one told."""

    day: dt.date | None
    sentence: str
    seen_on: dt.date | None


class Day(msgspec.Struct, frozen=True):
    """What happened on one day, none when nobody says which."""

    day: dt.date | None
    moments: list[Moment]


def timeline(structure: StructurePage) -> list[Day]:
    """Every day of which something is told, the newest first; what has no day comes last."""
    register = "Sirene" if siret_of_id(structure.id) else "FINESS"  # the one that founded it
    seen = [_of_change(change, register) for change in structure.history]
    told = {(moment.day, moment.sentence) for moment in seen}
    official = [m for m in map(_of_event, _worth_telling(structure)) if (m.day, m.sentence) not in told]
    by_day = sorted([*official, *seen], key=lambda moment: moment.day or dt.date.min, reverse=True)
    return [Day(day, list(moments)) for day, moments in groupby(by_day, key=lambda moment: moment.day)]


def _worth_telling(structure: StructurePage) -> Iterator[Event]:
    """Events that have words. Nearly every establishment is created and opens on one day, which the page tells above."""
    opened = {event.date for event in structure.events if event.code == OPENED}
    for event in structure.events:
        said = event.date == structure.opened_on or (event.code == CREATED and event.date in opened)
        if event.label and not (event.code in (CREATED, OPENED) and said):
            yield event


def _of_event(event: Event) -> Moment:
    return Moment(event.date, f"{event.label}.", None)


def _of_change(change: ObservedChange, register: str) -> Moment:
    day = change.effective_on or change.seen_on
    return Moment(day, SENTENCES[change.kind](change, register), change.seen_on if change.seen_on != day else None)


def _opened(change: ObservedChange, register: str) -> str:
    return f"Nouvelle structure dans {register}."


def _closed(change: ObservedChange, register: str) -> str:
    return "Fermeture." if change.after else f"Retirée de {register}."


def _reopened(change: ObservedChange, register: str) -> str:
    return "Réouverture."


def _moved(change: ObservedChange, register: str) -> str:
    return f"Position déplacée de {metres(distance_m(*_degrees(change.before), *_degrees(change.after)))}."


def _renamed(change: ObservedChange, register: str) -> str:
    return f"Nouveau nom : «\u202f{change.after or '?'}\u202f», auparavant «\u202f{change.before or '?'}\u202f»."


def _category_changed(change: ObservedChange, register: str) -> str:
    return f"Nouvelle catégorie : {_category(change.after)}, auparavant {_category(change.before)}."


def _phone_changed(change: ObservedChange, register: str) -> str:
    # a number is read at one go: it must not go on in the next line
    after = ", ".join(each.replace(" ", "\u00a0") for each in (change.after or "").split(";") if each)
    return f"Nouveau téléphone : {after}." if after else "Téléphone retiré."


def _category(code: str | None) -> str:
    known = categories().get(code or "")
    return f"«\u202f{known.label if known else code or 'aucune'}\u202f»"


def _degrees(written: str | None) -> list[float]:
    return [float(each) for each in (written or "0,0").split(",")]


SENTENCES: dict[str, Callable[[ObservedChange, str], str]] = {
    "opened": _opened,
    "closed": _closed,
    "reopened": _reopened,
    "moved": _moved,
    "renamed": _renamed,
    "category_changed": _category_changed,
    "phone_changed": _phone_changed,
}
