"""Charts as inline SVG: colours by class (the page's policy allows no style of its own), numbers always in a table beside."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from api.web.typography import spaced

# Five steps of one colour, `niveau-0` to `niveau-4` in the style sheet: what a share is at least.
LEVELS = (0.0, 0.5, 0.7, 0.85, 0.95)
LEVEL_NAMES = tuple(map(spaced, ("moins de 50 %", "50 à 70 %", "70 à 85 %", "85 à 95 %", "95 % et plus")))
GAP = 0.6  # between the parts of a stacked bar, on a length of 100


class Part(NamedTuple):
    """A part of a stacked bar."""

    key: str
    label: str
    value: float


def level(share: float) -> int:
    """The step that a share is on.

    >>> [level(share) for share in (0.0, 0.5, 0.9499, 1.0)]
    [0, 1, 3, 4]
    """
    return sum(share >= bound for bound in LEVELS) - 1


def bar(share: float) -> Markup:
    """One bar of a chart that is a table: the number stands in the cell beside it."""
    length = max(share * 100, 0.8 if share > 0 else 0.0)  # one among thousands is still seen
    return Markup(
        '<svg class="barre" aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none">'
        '<rect class="fond" width="100" height="10"/><rect class="plein" width="{:.2f}" height="10"/></svg>'
    ).format(length)


def stacked(name: str, title: str, parts: Sequence[Part]) -> Markup:
    """Parts of a whole on one bar, each with its label where the pointer rests."""
    whole = sum(part.value for part in parts) or 1
    return figure(
        name, title, "; ".join(_told(part, whole) for part in parts), "empile", "0 0 100 8", _rows(parts, whole)
    )


def swatch(kind: str) -> Markup:
    """The colour of a legend's line."""
    return Markup(
        '<svg class="nuance" aria-hidden="true" viewBox="0 0 10 10"><rect class="{}" width="10" height="10"/></svg>'
    ).format(kind)


def _rows(parts: Iterable[Part], whole: float) -> Markup:
    drawn, at = Markup(), 0.0
    for part in parts:
        length = 100 * part.value / whole
        if length:
            rect = '<rect class="part-{}" x="{:.2f}" width="{:.2f}" height="8"><title>{}</title></rect>'
            drawn += Markup(rect).format(part.key, at, max(length - GAP, 0.3), _told(part, whole))
        at += length
    return drawn


def _told(part: Part, whole: float) -> str:
    return spaced(f"{part.label} : {100 * part.value / whole:.1f} %".replace(".", ","))


def figure(name: str, title: str, description: str, kind: str, box: str, drawn: Markup) -> Markup:
    """An image for assistive technology: its title, then what it shows in a sentence."""
    return Markup(
        '<svg class="{kind}" role="img" aria-labelledby="{name}-titre {name}-desc" viewBox="{box}"{ratio}>'
        '<title id="{name}-titre">{title}</title><desc id="{name}-desc">{description}</desc>{drawn}</svg>'
    ).format(
        kind=kind,
        name=name,
        box=box,
        ratio=Markup(' preserveAspectRatio="none"') if kind == "empile" else "",
        title=title,
        description=description,
        drawn=drawn,
    )
