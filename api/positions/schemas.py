"""The figures of `/donnees/positions`: sums only, of open structures of what is served."""

from datetime import date

import msgspec

from etl.counts import Distances


class OfSource(msgspec.Struct, frozen=True):
    """The structures that one source places."""

    source: str | None  # geo.position.PositionSource; None where nobody does
    open: int
    precisions: dict[str, int]


class OfDepartement(msgspec.Struct, frozen=True):
    """The structures of one département."""

    code: str  # etl.coverage.UNKNOWN where the commune is not known
    open: int
    precise: int  # better than at the centre of their commune
    precisions: dict[str, int]
    geocoder: int  # placed by it


class Geocoding(msgspec.Struct, frozen=True):
    """What a geocoder made of the addresses that structures have today."""

    asked: int  # structures
    whole: int  # of them, those whose address was found as it is written
    less: dict[str, int]  # those that it places less precisely than their address says, by reason
    not_found: dict[str, int]  # those that it does not place, by reason


class Measured(msgspec.Struct, frozen=True):
    """The load that measured how far apart sources are."""

    load: int
    pipeline: str
    day: date  # in Paris
    pairs: list[Distances]


class Disagreement(msgspec.Struct, frozen=True):
    """Two sources, the more trusted one first, and the structures that they place too far apart."""

    source: str
    other: str
    n: int


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page says; every mapping is in the order of its words."""

    version: int  # of the publication
    open: int
    precise: int
    precisions: dict[str, int]
    sources: list[OfSource]
    departements: list[OfDepartement]  # in the order of codes, the unknown one last
    geocoding: Geocoding
    distances: Measured | None
    refused: dict[str, int]  # points, by rule of geo.plausibility
    disagreements: list[Disagreement]
    in_disagreement: int  # structures: each once, however many of its sources disagree
