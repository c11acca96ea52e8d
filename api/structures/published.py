"""What FINESS publishes of a structure beyond a list's row: codes with their labels, addresses, contacts, ties, history."""

import datetime as dt

import msgspec

from search.results import Commune


class Coded(msgspec.Struct, frozen=True):
    """A register's code and what it means, null while nobody told us."""

    code: str
    label: str | None


class PublishedAddress(msgspec.Struct, frozen=True):
    """One address and what it is for: the place itself, its reception, its seat."""

    usage: Coded
    lines: list[str]
    postcode: str | None
    commune: Commune


class Contact(msgspec.Struct, frozen=True):
    """Whom to call or write to; public ones only."""

    role: Coded | None
    phones: list[str]
    faxes: list[str]
    email: str | None


class Engagement(msgspec.Struct, frozen=True):
    """An agreement with an authority, in the register's codes."""

    type: str | None
    subtype: str | None
    name: str | None
    signed_on: dt.date | None
    effective_on: dt.date | None
    ends_on: dt.date | None


class Event(msgspec.Struct, frozen=True):
    """A fact of the official history."""

    code: str
    label: str | None
    date: dt.date | None


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """The legal entity that runs a structure, as the register describes it; a natural person by name and SIREN only."""

    finess: str
    name: str | None
    siren: str | None
    legal_status: Coded | None
    short_name: str | None = None
    ape: str | None = None
    fonction_publique: Coded | None = None
    created_on: dt.date | None = None
    closed_on: dt.date | None = None
    addresses: list[PublishedAddress] = msgspec.field(default_factory=list)
    contacts: list[Contact] = msgspec.field(default_factory=list)
    engagements: list[Engagement] = msgspec.field(default_factory=list)
    events: list[Event] = msgspec.field(default_factory=list)


class Group(msgspec.Struct, frozen=True):
    """A group that the structure or its legal entity belongs to (`gcc`, by agreement) or is (`gco`, a legal person)."""

    kind: str
    name: str | None
    type: Coded | None
    role: Coded | None


class Link(msgspec.Struct, frozen=True):
    """Another site of the same legal entity, and what it is to this one: its `principal`, or a `secondaire`."""

    role: str
    finess: str
    id: str
    name: str


class ObservedChange(msgspec.Struct, frozen=True):
    """A change seen between two files of the register; a withdrawn phone number is not told: `before` is then null."""

    kind: str
    seen_on: dt.date
    effective_on: dt.date | None
    before: str | None
    after: str | None
