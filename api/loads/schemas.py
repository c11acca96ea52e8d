"""A load as its pages show it, and the lines of their tables."""

from datetime import datetime

import msgspec

from etl.counts import Counts
from etl.report import Report


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the ledger, without what only the operator may read; times are those of Paris, without offset."""

    report: Report
    counts: Counts
    fictitious: bool
    size: int | None
    sha1: str | None
    licence: str
    produced_at: datetime | None
    started_at: datetime
    ended_at: datetime | None
    publication: int | None  # the first version made of it
    served: bool

    @property
    def id(self) -> int:
        return self.report.load


class Page(msgspec.Struct, frozen=True):
    """Loads from the newest on, and the id that the next page goes on before."""

    loads: list[Load]
    next: int | None


class Verdict(msgspec.Struct, frozen=True):
    """What became of a load: for everyone, then for who runs the instance."""

    tone: str  # bon, mauvais, neutre
    title: str
    sentence: str
    reasons: list[str]
    advice: str
    command: str | None


class Figure(msgspec.Struct, frozen=True):
    """A number and how far it is from the previous load's."""

    label: str
    value: str
    change: str | None = None


class Gate(msgspec.Struct, frozen=True):
    """A gate: what was measured against what was asked."""

    name: str
    label: str
    measured: str
    threshold: str
    outcome: str
    tone: str


class Line(msgspec.Struct, frozen=True):
    """A label, its number, its share of the longest bar."""

    label: str
    value: float
    share: float
    change: str | None


class Rejection(msgspec.Struct, frozen=True):
    """A reason, how many records, some of their numbers: with an address when something is served under them."""

    label: str
    count: int
    samples: list[tuple[str, str | None]]


class Slice(msgspec.Struct, frozen=True):
    """A class of precision among open structures."""

    key: str
    label: str
    count: int
    share: str
    change: str | None


class Departement(msgspec.Struct, frozen=True):
    """Coverage of one département; shares are None where nothing is open."""

    code: str
    name: str
    open: int
    placed: float | None
    precise: float | None
    phone: float | None
    change: str | None
