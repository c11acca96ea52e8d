"""Activities on pages: those of one structure by nature, in words."""

import datetime as dt
import re
from collections.abc import Iterable
from itertools import groupby

import msgspec

from api.structures.activities import Activity, Nature

MOST_ROWS = 8  # before a structure's activities fold: the largest hospitals have hundreds
CODE = re.compile(r"(?=.*[0-9])[0-9A-Z]{1,8}")  # « MO032 » is a code, « SMUR » is a word


class Row(msgspec.Struct, frozen=True):
    """An activity as its line says it: nothing where the register has a code that no table of ours explains."""

    label: str | None
    modality: str | None
    details: tuple[str, ...]
    capacity: str
    since: dt.date | None
    until: dt.date | None

    @property
    def says_something(self) -> bool:
        return self != NOTHING


NOTHING = Row(None, None, (), "", None, None)


def by_nature(activities: Iterable[Activity]) -> list[tuple[Nature, list[Row]]]:
    """Activities in their reading order, gathered under each nature; lines that read alike are one."""
    gathered = groupby(activities, key=lambda activity: activity.nature)
    rows = [(nature, list(dict.fromkeys(map(_row, each)))) for nature, each in gathered]
    return [(nature, [row for row in each if row.says_something]) for nature, each in rows]


def is_long(gathered: list[tuple[Nature, list[Row]]]) -> bool:
    """Whether so many lines would hide what comes after them."""
    return sum(len(rows) for _, rows in gathered) > MOST_ROWS


def _row(activity: Activity) -> Row:
    wordless = (activity.code, activity.nature.label)  # the nature is the heading
    modality = activity.modality
    return Row(
        label=None if activity.label in wordless else activity.label,
        modality=None if modality and CODE.fullmatch(modality) else modality,
        details=tuple(activity.details),
        capacity=capacity(activity),
        since=activity.since,
        until=activity.until,
    )


def capacity(activity: Activity) -> str:
    """Beds or places as one says them.

    >>> from types import SimpleNamespace as Activity
    >>> capacity(Activity(authorised=42, installed=1, unit="place"))
    '42 places autorisées, 1 installée'
    """
    feminine = "e" if activity.unit == "place" else ""
    said: list[str] = []
    for number, participle in ((activity.authorised, "autorisé"), (activity.installed, "installé")):
        if number is not None:
            plural = "s" if number > 1 else ""
            unit = f" {activity.unit or 'lit ou place'}{plural if activity.unit else ''}" if not said else ""
            said.append(f"{number}{unit} {participle}{feminine}{plural}")
    return ", ".join(said)
