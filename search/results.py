"""What comes back: structures in the order asked for, an exact total, facets, a cursor."""

import datetime as dt

import msgspec

from geo.publication import DataSource
from search.query import Cursor

UNPLACED = -1.0  # the distance key of a structure without a position: no real distance is negative


class Hit(msgspec.Struct, frozen=True):
    """A structure's id with what the engine knows of its place in the answer."""

    id: str
    key: float | str  # the sort key: score, metres or name key
    distance_m: float | None = None
    score: float | None = None
    explanation: dict[str, float] | None = None  # parts of the score by name, when asked


class FacetValue(msgspec.Struct, frozen=True, gc=False):  # tens of thousands, in no cycle: nothing to collect
    """One value of a facet and how many structures have it."""

    value: str
    label: str
    count: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An engine's answer, before rows are read. `total` is exact, or None when it was not asked for."""

    hits: list[Hit]
    total: int | None
    more: bool  # whether another page follows
    facets: dict[str, list[FacetValue]]
    engine: str
    left_out: tuple[str, ...] = ()  # words that nothing answers together with the others, as typed
    corrected: tuple["Corrected", ...] = ()
    around: "Surroundings | None" = None


class Corrected(msgspec.Struct, frozen=True):
    """A word that was taken for another; `instead`: nothing that is found holds it as typed."""

    typed: str
    meant: str
    instead: bool


class Placed(msgspec.Struct, frozen=True):
    """Every structure with a position that a question finds, by id, aligned."""

    ids: list[str]
    lon: list[float]
    lat: list[float]


class Clusters(msgspec.Struct, frozen=True):
    """What stands in a tile, by cell (geo.cells), aligned: centres in the tile's units, how many, the id of one alone."""

    x: list[int]
    y: list[int]
    n: list[int]
    ids: list[str | None]


class Categorie(msgspec.Struct, frozen=True):
    """A category as shown: FINESS code, or a code of ours."""

    code: str
    label: str


class Naf(msgspec.Struct, frozen=True):
    """An activity code with the nomenclature it belongs to: the two share shapes, not meanings."""

    nomenclature: str
    code: str


class EntiteJuridique(msgspec.Struct, frozen=True):
    """The legal entity that runs a structure."""

    finess: str | None
    name: str | None
    siren: str | None


class Commune(msgspec.Struct, frozen=True):
    """A commune's INSEE code and name."""

    code: str | None
    name: str | None


class Surroundings(msgspec.Struct, frozen=True):
    """A town that has nothing of what is asked for, what was looked at instead: its département, or `radius_m` metres around it.

    `lon`, `lat`: from where distances are measured when the question has no point. `words`: that named the town, as typed.
    """

    commune: Commune
    lon: float
    lat: float
    departement: str | None
    radius_m: float | None
    words: tuple[str, ...]


class Address(msgspec.Struct, frozen=True):
    """Postal lines as published, postcode and commune apart."""

    lines: list[str]
    postcode: str | None
    commune: Commune


class Position(msgspec.Struct, frozen=True):
    """WGS 84 degrees, how precise and by whom."""

    lon: float
    lat: float
    precision: str
    source: str


class Structure(msgspec.Struct, frozen=True, kw_only=True):
    """One structure as every answer gives it (DESIGN.md § 7)."""

    id: str
    name: str
    categorie: Categorie
    naf: list[Naf]
    finess: list[str]
    siret: list[str]
    siren: str | None
    entite_juridique: EntiteJuridique | None
    address: Address
    position: Position | None
    distance_m: float | None
    phones: list[str]
    open: bool
    closed_on: dt.date | None
    updated_on: dt.date | None
    score: float | None
    explanation: dict[str, float] | msgspec.UnsetType = msgspec.UNSET


class Data(msgspec.Struct, frozen=True):
    """Which data answered: invented or real, which publication, credited to whom."""

    fictitious: bool
    version: int
    sources: tuple[DataSource, ...]


class SearchResults(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/api/v1/search`."""

    total: int | None
    results: list[Structure]
    facets: dict[str, list[FacetValue]]
    next: str | None
    engine: str
    data: Data
    left_out: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET  # words given up, where every one finds nothing
    corrected: tuple[Corrected, ...] | msgspec.UnsetType = msgspec.UNSET
    around: Surroundings | msgspec.UnsetType = msgspec.UNSET
    data_changed: bool | msgspec.UnsetType = msgspec.UNSET


class Suggestion(msgspec.Struct, frozen=True):
    """One line under the search box."""

    kind: str  # structure, categorie, commune, address, identifier
    label: str
    id: str
    lon: float | None
    lat: float | None


def next_cursor(query_digest: str, version: int, hits: list[Hit], seen: int) -> Cursor:
    """The cursor after the last of these hits."""
    last = hits[-1]
    return Cursor(version=version, key=last.key, id=last.id, seen=seen + len(hits), question=query_digest)
