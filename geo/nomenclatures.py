"""Labels of the registers' codes, learnt from files: tariff modes, ESPIC statuses, categories, aggregates.

Départements are not here: the files truncate their names, the COG has them (geo.communes.area_names).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

import msgspec
from sqlalchemy import Column, Connection, Date, Table, Text, delete, insert, select, tuple_

from geo.database import metadata

KINDS = ("mft", "espic", "categorie", "agregat")

nomenclature_label = Table(
    "nomenclature_label",
    metadata,
    Column("kind", Text, primary_key=True),  # one of KINDS
    Column("code", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("source", Text, nullable=False),  # which publication taught it
    Column("as_of", Date, nullable=False),
)


class Label(msgspec.Struct, frozen=True):
    """What a code means, who says so, and when."""

    kind: str
    code: str
    label: str
    source: str
    as_of: date


def learn_labels(connection: Connection, learnt: Iterable[Label]) -> int:
    """Keep what is new, leave what a newer source said; how many rows were written."""
    known = {(row.kind, row.code): row for row in connection.execute(select(nomenclature_label))}
    news = [each for each in learnt if _is_news(each, known.get((each.kind, each.code)))]
    if news:
        c = nomenclature_label.c
        keys = [(each.kind, each.code) for each in news]
        connection.execute(delete(nomenclature_label).where(tuple_(c.kind, c.code).in_(keys)))
        connection.execute(insert(nomenclature_label), [msgspec.structs.asdict(each) for each in news])
    return len(news)


def labels(connection: Connection, kind: str) -> Mapping[str, str]:
    """Every label of one kind by code."""
    c = nomenclature_label.c
    rows = connection.execute(select(c.code, c.label).where(c.kind == kind).order_by(c.code))
    return MappingProxyType({row.code: row.label for row in rows})


class LabelReader:
    """Labels by kind, read once per publication: labels are learnt while one is made. An application holds one reader."""

    def __init__(self) -> None:
        self._read: tuple[int, dict[str, Mapping[str, str]]] = (0, {})

    def of(self, connection: Connection, kind: str, version: int) -> Mapping[str, str]:
        """Labels of this kind as the publication `version` shows them."""
        read_for, by_kind = self._read  # one assignment swaps both: threads share the reader
        if read_for != version:
            by_kind = {}
            self._read = (version, by_kind)
        if kind not in by_kind:
            by_kind[kind] = labels(connection, kind)
        return by_kind[kind]


def _is_news(learnt: Label, known: object) -> bool:
    if known is None:
        return True
    said = msgspec.convert(known, Label, from_attributes=True)
    return said != learnt and learnt.as_of >= said.as_of
