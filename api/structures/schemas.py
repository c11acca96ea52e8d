"""What the page of one structure adds to a list's row."""

import datetime as dt

import msgspec

from api.structures.activities import Activity
from api.structures.place import Place
from api.structures.published import (
    Coded,
    Contact,
    Engagement,
    Entity,
    Event,
    Group,
    Link,
    ObservedChange,
    PublishedAddress,
)
from api.structures.registers import Matched
from api.structures.zones import Zone
from search.results import Structure


class Provenance(msgspec.Struct, frozen=True):
    """Which register says which fields, under which licence, as of when."""

    fields: list[str]
    source: str
    licence: str
    as_of: dt.date | None


class PublishedStructure(Structure, frozen=True, kw_only=True):
    """A structure with all that FINESS publishes of it: null or empty where the history of the register has no record."""

    short_name: str | None = None
    name_complement: str | None = None
    opened_on: dt.date | None = None
    authorised_on: dt.date | None = None
    legal_status: Coded | None = None
    mft: Coded | None = None
    espic: list[Coded] = msgspec.field(default_factory=list)
    budgets: list[Coded] = msgspec.field(default_factory=list)
    uai: str | None = None
    external_reference: str | None = None
    addresses: list[PublishedAddress] = msgspec.field(default_factory=list)
    contacts: list[Contact] = msgspec.field(default_factory=list)
    engagements: list[Engagement] = msgspec.field(default_factory=list)
    entity: Entity | None = None
    groups: list[Group] = msgspec.field(default_factory=list)
    links: list[Link] = msgspec.field(default_factory=list)
    events: list[Event] = msgspec.field(default_factory=list)
    history: list[ObservedChange] = msgspec.field(default_factory=list)


class StructurePage(PublishedStructure, frozen=True, kw_only=True):
    """A structure with its provenance. Services and activities are null until a register that has them is loaded."""

    services: list[str] | None = None
    activities: list[Activity] | None = None
    aliases: list[str] = msgspec.field(default_factory=list)  # other names that registers give it
    registers: list[Matched] = msgspec.field(default_factory=list)
    zones: list[Zone] = msgspec.field(default_factory=list)  # where it comes to people, the widest parts first
    place: Place | None = None  # of one that is asked alone
    provenance: list[Provenance]

    def source_of(self, field: str) -> Provenance | None:
        """The line that says this field, wherever it is among the others."""
        return next((each for each in self.provenance if field in each.fields), None)


class StructureList(msgspec.Struct, frozen=True):
    """Several structures under one number."""

    results: list[StructurePage]
