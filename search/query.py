"""One question: words, place, filters, order. Validated once, shared by API, page, tiles and exports."""

from enum import StrEnum

import msgspec

from geo.filters import Filters

MAX_WORDS_LENGTH = 200
DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Sort(StrEnum):
    """The order of the answer; ties always break on the structure's id."""

    RELEVANCE = "relevance"
    DISTANCE = "distance"
    NAME = "name"


class Facet(StrEnum):
    """What can be counted beside the answer."""

    CATEGORIE = "categorie"
    FAMILLE = "famille"
    DOMAINE = "domaine"
    DEPARTEMENT = "departement"
    COMMUNE = "commune"
    ACTIVITE = "activite"
    PUBLIC = "public"
    SECTEUR = "secteur"
    STATUT = "statut"
    TELEPHONE = "telephone"
    PRECISION = "precision"


class Origin(msgspec.Struct, frozen=True):
    """The point distances are measured from, WGS 84 degrees."""

    lon: float
    lat: float


class Cursor(msgspec.Struct, frozen=True):
    """Where the previous page ended: its last row's sort key and id, and the publication it saw."""

    version: int
    key: float | str
    id: str
    seen: int  # rows before this point: how many nearest neighbours to skip
    question: str  # digest of the question, so that a cursor is not used with another one


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A valid question. `filters.circle` is set too when the origin comes with a radius."""

    words: str = ""
    origin: Origin | None = None
    filters: Filters = Filters()
    sort: Sort = Sort.NAME
    limit: int = DEFAULT_LIMIT
    cursor: Cursor | None = None
    facets: tuple[Facet, ...] = ()
    total: bool = True
    explain: bool = False


def default_sort(words: str, origin: Origin | None) -> Sort:
    """Relevance when there are words, else nearest first, else by name."""
    if words:
        return Sort.RELEVANCE
    return Sort.DISTANCE if origin else Sort.NAME
