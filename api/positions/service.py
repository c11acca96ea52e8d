"""What the page of positions shows of its figures: bars with their sentences, rows of tables."""

from collections.abc import Mapping

import msgspec

from api.positions.schemas import OfDepartement
from api.positions.words import sentence
from api.web.columns import in_order
from etl.coverage import UNKNOWN
from etl.labels import label
from etl.lines import most_first
from geo.communes import area_names
from geo.position import Precision

# Columns of the table of départements: order asked, heading; those of precisions by the order that each is asked by.
PRECISIONS = {
    "main": Precision.PIN,
    "numero": Precision.HOUSENUMBER,
    "rue": Precision.STREET,
    "lieu-dit": Precision.LOCALITY,
    "commune": Precision.COMMUNE,
    "sans": Precision.NONE,
}


class Bar(msgspec.Struct, frozen=True):
    """A term, what it means, its number and its share: of the whole when one is given, else of the longest bar."""

    key: str
    label: str
    sentence: str
    value: int
    share: float


def bars(kind: str, counted: Mapping[str, int], whole: int | None = None, *, sort: bool = False) -> list[Bar]:
    """A line for each term, in the order of its table or the largest first."""
    of = whole or max(counted.values(), default=0) or 1
    lines = most_first(counted) if sort else counted.items()
    return [Bar(name, label(kind, name), sentence(kind, name), n, n / of) for name, n in lines]


def departements_by(rows: list[OfDepartement], order: str) -> list[OfDepartement]:
    """Rows in the order that a heading asks for."""
    if order.removeprefix("-") == "departement":
        return rows[::-1] if order.startswith("-") else rows
    return in_order(rows, order, _number)


def least_precise(rows: list[OfDepartement], shown: int) -> list[OfDepartement]:
    """The known départements whose structures are the least precisely placed, worst first."""
    return departements_by([row for row in rows if row.code != UNKNOWN and row.precise < row.open], "precises")[:shown]


def share_of(row: OfDepartement) -> float | None:
    """How many of its structures are precisely placed, among all."""
    return row.precise / row.open if row.open else None


def name_of(code: str) -> str:
    """A département's name."""
    return area_names("departement").get(code, "Département inconnu" if code == UNKNOWN else code)


def _number(row: OfDepartement, order: str) -> float | None:
    if order in PRECISIONS:
        return row.precisions.get(PRECISIONS[order], 0)
    return {"ouvertes": row.open, "precises": share_of(row), "geocodeur": row.geocoder}[order]
