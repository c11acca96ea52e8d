"""Activities on pages: the « Activité » menu of a publication, and those of one structure by nature, in words."""

import datetime as dt
import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from api.dependencies import Reading
from api.structures.activities import Activity, Nature
from api.web.choices import Option
from geo.activites import NATURES, PIPELINE, activity_label, label_of_filter
from geo.text import sort_key

MOST_ROWS = 8  # before a structure's activities fold: the largest hospitals have hundreds
CODE = re.compile(r"(?=.*[0-9])[0-9A-Z]{1,8}")  # « MO032 » is a code, « SMUR » is a word
KEPT = 4  # versions: the one served, and those that readers still see

Menu = list[tuple[str, list[Option]]]


def offered(view: Reading) -> Menu:
    """Natures and their activities that have words; empty until a load of activities is served."""
    if PIPELINE not in view.publication.days:
        return []
    version = view.publication.version
    if version not in _menus:
        while len(_menus) >= KEPT:
            _menus.pop(next(iter(_menus)), None)
        _menus[version] = _menu(view.connection)
    return _menus[version]


def context(view: Reading, asked: str | None) -> dict[str, Any]:
    """What the form shows: the menu, and the activity asked when it is finer than the menu's."""
    menu = offered(view)
    listed = {option.value for _, options in menu for option in options}
    other = Option(asked, label_of_filter(asked.upper())) if asked and asked not in listed else None
    return {"activites": menu, "autre_activite": other}


_menus: dict[int, Menu] = {}


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


def _menu(connection: Connection) -> Menu:
    by_nature: dict[str, list[Option]] = {}
    for code in connection.execute(text(CODES)).scalars():
        nature, _, activity = code.partition(":")
        options = by_nature.setdefault(nature, [Option(nature, f"{NATURES[nature]} : toutes")])
        if activity and (label := activity_label(nature, activity)):
            options.append(Option(code, label))
    return [
        (NATURES[n], [o[0], *sorted(o[1:], key=lambda each: sort_key(each.label))])
        for n in NATURES
        if (o := by_nature.get(n))
    ]


# Asked once for each version served: one scan of `structure`. Modalities are too many for a menu.
CODES = """
SELECT DISTINCT code
FROM structure
CROSS JOIN unnest(activites) AS code
WHERE open AND code NOT LIKE '%:%:%'
ORDER BY code
"""
