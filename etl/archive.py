"""The producer's files as kept: one a day for a month, then the first of each month for ever."""

import itertools
from datetime import date, timedelta
from pathlib import Path

from etl.download.flows import Flow
from etl.download.lock import alone_or_not
from etl.download.memory import forget
from etl.download.partial import SUFFIX
from geo.environment import whole_number

DAYS_KEPT = 31  # 1.6 GB of structures, and any day of the last month can be loaded again as it was


def archived(folder: Path, flow: Flow, day: date) -> Path | None:
    """The copy of that day, the last one where several were published."""
    return next((copy for copy in reversed(copies(folder, flow)) if flow.day_of(copy.name) == day), None)


def latest(folder: Path, flow: Flow) -> Path | None:
    """The newest copy."""
    return next(reversed(copies(folder, flow)), None)


def copies(folder: Path, flow: Flow) -> list[Path]:
    """Every whole file of a flow, oldest first: titles sort as their dates."""
    return sorted(file for file in folder.glob("*") if flow.day_of(file.name))


def prune(folder: Path, flow: Flow, keep_days: int | None = None) -> list[Path]:
    """Remove what need not be kept; what was removed.

    Days count back from the newest copy, not from today: a producer's silence must not empty the archive. Neither must a title
    of a day to come: such a copy is kept, and nothing counts back from it.
    """
    days = whole_number("LUM1_ARCHIVE_DAYS", DAYS_KEPT) if keep_days is None else keep_days
    kept = copies(folder, flow)
    if not kept:
        return []
    with alone_or_not(folder) as alone:
        abandoned = _abandoned(folder, flow) if alone else []  # else one of them may be growing
        removed = sorted({*kept} - _worth_keeping(kept, flow, days)) + abandoned
        for file in removed:
            file.unlink(missing_ok=True)
            forget(file)
    return removed


def _worth_keeping(kept: list[Path], flow: Flow, days: int) -> set[Path]:
    """The last copy of each recent day, the first day of each month, and the newest whatever happens."""
    last_of = {day: file for file in kept if (day := flow.day_of(file.name))}
    newest = max((day for day in last_of if day <= _tomorrow()), default=max(last_of))
    recent = {day for day in last_of if (newest - day).days < days}
    firsts = {next(month) for _, month in itertools.groupby(sorted(last_of), key=lambda day: (day.year, day.month))}
    return {last_of[day] for day in recent | firsts | {newest}}


def _tomorrow() -> date:
    return date.today() + timedelta(days=1)  # a producer's clock may be ahead of ours


def _abandoned(folder: Path, flow: Flow) -> list[Path]:
    """Partial files of days before the newest copy: nothing will ask for their rest."""
    newest = max(day for file in copies(folder, flow) if (day := flow.day_of(file.name)))
    titled = {file: flow.day_of(file.name.removesuffix(SUFFIX)) for file in folder.glob(f"*{SUFFIX}")}
    return sorted(file for file, day in titled.items() if day and day < newest)
