"""What a load counted, read back from the ledger: any member may be missing (older loads, refused before reading)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from etl.labels import in_order

MAX_SAMPLES = 5  # register numbers kept for each reason of rejection


ORDERED = {  # members whose names etl/labels.py puts in order
    "noticed": "noticed",
    "records": "record",
    "structures": "structures",
    "establishments": "establishments",
    "changes": "change",
    "precision": "precision",
    "seconds": "step",
}


class Versions(msgspec.Struct, frozen=True):
    """Of one kind of record of the history."""

    new: int = 0
    changed: int = 0
    vanished: int = 0
    unchanged: int = 0


class Covered(msgspec.Struct, frozen=True):
    """Open structures of a département: how many, with a position, with one better than their commune's centre, with a phone."""

    open: int = 0
    placed: int = 0
    precise: int = 0
    phone: int = 0


class Distances(msgspec.Struct, frozen=True):
    """Between the points of two sources that place the same open structures better than at their communes' centres."""

    source: str  # the one that geo.precedence trusts more
    other: str
    n: int  # structures
    median_m: float
    p95_m: float  # ninety-five in a hundred are nearer
    far: int  # more than geo.position_tables.CONFLICT_M apart


class Positions(msgspec.Struct, frozen=True):
    """Of the points that sources say."""

    refused: dict[str, int] = {}  # by rule of geo.plausibility
    conflicts: int = 0  # pairs of sources too far apart
    distances: list[Distances] = []  # by pair of sources, the most trusted first


class Geocoding(msgspec.Struct, frozen=True):
    """Of one run of a geocoder: etl.positions.asking.Said, and `failures`, questions by why they got no answer."""

    structures: int | None = None
    without_question: int = 0
    questions: int = 0
    asked: int = 0
    unanswered: int = 0
    precisions: dict[str, int] = {}
    reasons: dict[str, int] = {}
    failures: dict[str, int] = {}


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """`load.counts`, typed."""

    read: int | None = None
    kept: int | None = None
    rejected: dict[str, int] = {}  # by reason
    samples: dict[str, list[str]] = {}  # register numbers, by reason
    noticed: dict[str, int] = {}
    unknown_fields: dict[str, int] = {}  # by path in the published file
    records: dict[str, Versions] = {}  # by kind of source_record
    structures: dict[str, int] = {}  # rows inserted, updated, removed…
    establishments: dict[str, int] = {}  # of SIRENE: inserted, updated, ceased
    links: dict[str, int] = {}  # between registers: standing ones by status, and how many moved
    alone: dict[str, int] = {}  # structures that SIRENE alone founds: rows inserted, updated, absorbed
    given: int | None = None  # FINESS structures that took or gave back what SIRENE says
    positions: Positions = Positions()  # what sources say that cannot be true, or not together
    geocoding: Geocoding = Geocoding()  # what a geocoder was asked
    purged: dict[str, int] = {}  # of those who must not be told any more: structures, records
    changes: dict[str, int] = {}  # by geo.history.CHANGE_KINDS
    coverage: dict[str, Covered] = {}  # by département
    precision: dict[str, int] = {}  # open structures by geo.position.Precision
    seconds: dict[str, float] = {}  # by step, in order
    peak_mib: float | None = None
    went_back_to: int | None = None  # the load that a rollback serves again
    said_by: str | None = None  # of SIRENE: stock, api
    api_day: str | None = None  # the day of the API that this load applied
    statuses: dict[str, Any] = {}  # how far statuses of diffusion were asked for (etl.sirene.known.Turn)


def counts_of(kept: Mapping[str, Any]) -> Counts:
    """The counts as the ledger keeps them; a member that cannot be read is one that is missing."""
    readable = {name: value for name, value in kept.items() if name in _TYPES}
    if isinstance(readable.get("changes"), dict) and "inserted" in readable["changes"]:
        readable["structures"] = readable.pop("changes")  # of the legacy file, and of loads before there was a history
    return Counts(**{name: each for name, value in readable.items() if (each := _read(name, value)) is not None})


_TYPES = {field.name: field.type for field in msgspec.structs.fields(Counts)}


def _read(name: str, value: Any) -> Any:
    try:
        typed = msgspec.convert(value, _TYPES[name])
    except msgspec.ValidationError:
        return None
    return in_order(ORDERED[name], typed) if name in ORDERED else typed


def together(counts: Counts) -> dict[str, int]:
    """What bringing the registers together made, in the order of its words."""
    found = {f"links_{name}": n for name, n in counts.links.items()}
    found |= {f"alone_{name}": n for name, n in counts.alone.items()}
    found |= {} if counts.given is None else {"given": counts.given}
    found |= {f"purged_{name}": n for name, n in counts.purged.items()}
    return in_order("together", found)


def total(covered: Mapping[str, Covered]) -> Covered:
    """The country's coverage."""
    members = Covered.__struct_fields__
    return Covered(**{name: sum(getattr(each, name) for each in covered.values()) for name in members})
