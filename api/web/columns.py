"""Tables that sort without JavaScript: each heading is a link that asks for the same page in another order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Request

from geo.errors import InvalidQuestion

T = TypeVar("T")


class Column(msgspec.Struct, frozen=True):
    """A heading: how its column is sorted now, and the order that its link asks for."""

    label: str
    href: str
    sorted: str | None  # ascending, descending


def order_asked(request: Request[Any, Any, Any], orders: Sequence[str]) -> str:
    """The order in `tri`, the first of them when none is asked; - before its name to descend."""
    order = request.query_params.get("tri") or orders[0]
    if order.removeprefix("-") not in orders:
        raise InvalidQuestion(f"tri prend {', '.join(orders)}, précédé de - pour décroître.", parameter="tri")
    return order


def columns(headings: Mapping[str, str], order: str) -> list[Column]:
    """Headings by name of order. The first column is of words, which begin at A; of numbers the largest comes first."""
    words = next(iter(headings))
    return [_column(name, label, order, name == words) for name, label in headings.items()]


def in_order(rows: Sequence[T], order: str, number_of: Callable[[T, str], float | None]) -> list[T]:
    """Rows given in the order of their first column, by the number of another; those without one last, ties as they came."""
    name, sign = order.removeprefix("-"), -1 if order.startswith("-") else 1
    return sorted(rows, key=lambda row: _last_without(number_of(row, name), sign))


def _last_without(number: float | None, sign: int) -> tuple[bool, float]:
    return number is None, sign * (number or 0)


def _column(name: str, label: str, order: str, of_words: bool) -> Column:
    if order.removeprefix("-") != name:
        return Column(label, name if of_words else f"-{name}", None)
    descending = order.startswith("-")
    return Column(label, name if descending else f"-{name}", "descending" if descending else "ascending")
