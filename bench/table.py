"""The last words of a run: every measure beside its floor, aligned for a terminal, or as JSON."""

from collections.abc import Mapping, Sequence

from bench.machine import Machine
from bench.measure import Measure

HEADINGS = ("mesure", "valeur", "plancher", "rapport", "cible")
BUSY = 0.5  # of the cores taken by others when the run began: its numbers are not to be quoted
NARROW = "\u202f"


def as_text(machine: Machine, measured: Mapping[str, Sequence[Measure]], ended: Mapping[str, str]) -> str:
    """The machine, then a table; `ended`: cases without numbers, and why."""
    rows = [_row(measure) for measures in measured.values() for measure in measures]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    lines = [*_about(machine), "", _line(HEADINGS, widths), "  ".join("─" * width for width in widths)]
    for case, measures in measured.items():
        lines += [case, *(_line(_row(measure), widths) for measure in measures)]
    return "\n".join([*lines, *(f"{case} : {why}" for case, why in ended.items())])


def _about(machine: Machine) -> list[str]:
    load = " ".join(number(each) for each in machine.load_average)
    lines = [
        f"{machine.cores} cœurs ({machine.processor}), {number(machine.memory_mib)}{NARROW}Mio, "
        f"PostgreSQL {machine.postgresql}, PostGIS {machine.postgis}, Python {machine.python}",
        f"charge au début : {load}, le {machine.began_at:%Y-%m-%d à %H:%M} UTC",
    ]
    if machine.load_average[0] > machine.cores * BUSY:
        lines.append("ATTENTION : la machine travaillait déjà, ces durées ne valent que pour leur ordre de grandeur.")
    return lines


def _row(measure: Measure) -> tuple[str, ...]:
    return (
        f"  {measure.label}",
        _with_unit(measure.value, measure.unit),
        f"{_with_unit(measure.floor, measure.unit)} ({measure.floor_label})" if measure.floor is not None else "",
        f"× {number(measure.ratio)}" if measure.ratio is not None else "",
        _promise(measure),
    )


def _promise(measure: Measure) -> str:
    if measure.target is None:
        return ""
    return f"< {_with_unit(measure.target, measure.unit)} {'tenue' if measure.held else 'DÉPASSÉE'}"


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value)}{NARROW}{unit}" if unit else number(value)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    label, value, *others = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([label, value.strip().rjust(widths[1]), *others]).rstrip()


def number(value: float) -> str:
    """Three figures at least, as French writes them."""
    decimals = (
        0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 4
    )
    return f"{value:,.{decimals}f}".replace(",", NARROW).replace(".", ",")
