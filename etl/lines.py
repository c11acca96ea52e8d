"""Lines for a terminal of 80 columns: a label and its number, sentences folded, nothing that drives the terminal."""

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping

from geo.figures import number

WIDTH = 80
LABEL_WIDTH = 44
NUMBER_WIDTH = 12
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # a published name may hold some


def paragraphs(parts: Iterable[Iterable[str]]) -> str:
    """The parts that have lines, a blank line between them."""
    written = ("\n".join(_CONTROLS.sub("�", each).rstrip() for each in part) for part in parts)
    return "\n\n".join(each for each in written if each)


def line(name: str, value: str, beside: str = "") -> str:
    """A label and its number; of a label too long the end is kept, which is where paths differ."""
    room = WIDTH - 2 - NUMBER_WIDTH - (2 + len(beside) if beside else 0)
    shown = name if len(name) <= room else "…" + name[1 - room :]
    return f"  {shown.ljust(LABEL_WIDTH)}{value.rjust(NUMBER_WIDTH)}  {beside}"


def table(title: str, values: Mapping[str, float], written: Callable[[float], str] = number) -> Iterator[str]:
    """A title and a line for each value; nothing without values."""
    if values:
        yield title
    for name, value in values.items():
        yield line(name, written(value))


def folded(sentence: str, first: str) -> list[str]:
    """A sentence on as many lines as it needs, under its first mark."""
    margin = " " * len(first)
    return textwrap.wrap(sentence, WIDTH, initial_indent=first, subsequent_indent=margin, break_on_hyphens=False)


def most_first(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    """By falling number, then by name."""
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))
