"""What is known of an invented entity and its establishments, and what FINESS will publish of it."""

from typing import NamedTuple

import msgspec

from etl.demo.mix import Sort
from etl.demo.names import Street
from geo.communes import Commune


class Point(NamedTuple):
    """A place and its projected coordinates, in metres."""

    lon: float
    lat: float
    east: float
    north: float
    epsg: int


class Past(msgspec.Struct, frozen=True):
    """A number that an establishment had before: of an owner who sold it, or of a place that was left."""

    siret: str
    owner: str  # name of the legal unit
    began: int
    ended: int
    commune: Commune
    place: int
    street: Street
    at: Point


class Establishment(msgspec.Struct):
    """An establishment, and what FINESS will publish of its SIRET and its place."""

    number: int
    finess: str
    siret: str | None
    declared_siret: str | None
    sort: Sort
    name: str
    commune: Commune
    place: int  # its index in Places
    street: Street
    at: Point
    published_at: Point
    precision: str  # of the published point: a key of PRECISIONS, or none
    damage: str | None  # zero, comma, elsewhere
    opened: int  # days are ordinals
    closed: int | None
    active: bool
    pasts: tuple[Past, ...] = ()  # oldest first
    event: str | None = None  # of etl.demo.events: what the API's pages will say of its SIRET

    def is_open(self, today: int) -> bool:
        """Active, and not closed yet: a closing may be announced."""
        return self.active and (self.closed is None or self.closed > today)


class Entity(msgspec.Struct):
    """A legal entity and its establishments."""

    number: int
    finess: str
    siren: str
    declared_siren: str  # FINESS follows a sale late
    name: str
    statut: str
    sort: Sort
    commune: Commune
    place: int
    street: Street
    at: Point
    precision: str
    opened: int
    closed: int | None
    siret: str  # of the head office
    own_office: bool
    hidden: bool
    establishments: list[Establishment]
    duplicate: str | None = None  # a second SIREN that SIRENE gave it by mistake
