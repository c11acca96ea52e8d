"""What the page of one structure adds to a list's row."""

import datetime as dt

import msgspec

from api.structures.activities import Activity
from search.results import Structure


class Provenance(msgspec.Struct, frozen=True):
    """Which register says which fields, under which licence, as of when."""

    fields: list[str]
    source: str
    licence: str
    as_of: dt.date | None


class StructurePage(Structure, frozen=True, kw_only=True):
    """A structure with its provenance. Services and activities are null until a register that has them is loaded."""

    services: list[str] | None = None
    activities: list[Activity] | None = None
    provenance: list[Provenance]


class StructureList(msgspec.Struct, frozen=True):
    """Several structures under one number."""

    results: list[StructurePage]
