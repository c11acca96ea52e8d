"""Activities on pages: the « Activité » menu of a publication, and those of one structure by nature, in words."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from api.dependencies import Reading
from api.structures.activities import Activity, Nature
from api.web.choices import Option
from geo.activites import NATURES, PIPELINE, activity_label, label_of_filter
from geo.text import sort_key

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


def by_nature(activities: Iterable[Activity]) -> list[tuple[Nature, list[Activity]]]:
    """Activities in their reading order, gathered under each nature."""
    return [(nature, list(each)) for nature, each in groupby(activities, key=lambda activity: activity.nature)]


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
