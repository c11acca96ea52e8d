"""What the items of a collection may be asked by: the names of the standard, and the filters of the search."""

import base64
import datetime as dt
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Meta

from api.areas import bounds_of_box
from api.parameters import (
    ActiviteCode,
    CategorieCode,
    CommuneCode,
    DepartementCode,
    DomaineCode,
    EpciCode,
    NafCode,
    Narrowing,
    Open,
    PrecisionName,
    PublicCode,
    RegionCode,
    SecteurCode,
    Since,
    StatutCode,
    WithPhone,
    asked_in_query_string,
)
from api.questions import filters_of
from geo.errors import InvalidCursor, InvalidPosition, InvalidQuestion
from geo.filters import Bounds, Filters

MAX_PAGE = 1_000
DEFAULT_PAGE = 100
MAX_FILTER = 16_000  # characters: a polygon of 400 vertices holds in them
MAX_CURSOR = 200
# RFC 3339 § 5.6; the second after 59 is now and then one
INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d(T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d))?",
    re.ASCII | re.IGNORECASE,
)

Box = Annotated[
    str | Annotated[list[float], Meta(min_length=4, max_length=6)],
    Meta(
        description="Rectangle en degrés (CRS84) : `minLon,minLat,maxLon,maxLat`, ou six nombres, hauteurs comprises, qui "
        "sont ignorées ; l’ouest après l’est traverse l’antiméridien."
    ),
]
When = Annotated[
    str,
    Meta(
        description="Instant ou intervalle RFC 3339 (`2026-01-01T00:00:00Z/..`), au jour près : celles dont le registre a "
        "touché la fiche (`updated_on`) alors."
    ),
]
WhenOfNothing = Annotated[
    str, Meta(description="Instant ou intervalle RFC 3339 ; sans effet : ces objets n’ont pas de date.")
]
PageSize = Annotated[
    int,
    Meta(
        description="Combien d’objets par page, de 1 à 1 000 ; 100 par défaut. Plus de 1 000 vaut 1 000.",
        ge=1,
        le=MAX_PAGE,
    ),
]
CursorText = Annotated[str, Meta(description="Celui du lien `next` de la page précédente.")]
Filter = Annotated[
    str,
    Meta(
        description="Condition CQL2 sur les propriétés de `queryables` ; 16 000 caractères, 20 parenthèses emboîtées et "
        "1 000 valeurs au plus.",
        max_length=MAX_FILTER,
    ),
]
FilterLang = Annotated[
    Literal["cql2-text", "cql2-json", "cql-text"],
    Meta(
        description="`cql2-text` (par défaut) ou `cql2-json` ; `cql-text`, l’ancien nom de `cql2-text`, est celui que "
        "GDAL écrit."
    ),
]
FilterCrs = Annotated[
    Literal["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
    Meta(description="Des géométries de `filter` : longitude et latitude WGS 84 (CRS84), rien d’autre."),
]
RENAMED = {"filter_lang": "filter-lang", "filter_crs": "filter-crs"}


class ItemsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=RENAMED):
    """What every collection takes."""

    bbox: Box | None = None
    limit: PageSize | None = None
    cursor: CursorText | None = None
    filter: Filter | None = None
    filter_lang: FilterLang | None = None
    filter_crs: FilterCrs | None = None


class StructuresAsked(ItemsAsked, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=RENAMED):
    """What structures take besides: the filters of `/api/v1/search`."""

    datetime: When | None = None
    commune: CommuneCode | None = None
    epci: EpciCode | None = None
    departement: DepartementCode | None = None
    region: RegionCode | None = None
    categorie: CategorieCode | None = None
    domaine: DomaineCode | None = None
    activite: ActiviteCode | None = None
    public: PublicCode | None = None
    naf: NafCode | None = None
    statut: StatutCode | None = None
    secteur: SecteurCode | None = None
    precision: PrecisionName | None = None
    telephone: WithPhone | None = None
    maj_depuis: Since | None = None
    open: Open | None = None


class CommunesAsked(ItemsAsked, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=RENAMED):
    """What communes take besides."""

    datetime: WhenOfNothing | None = None
    epci: EpciCode | None = None
    departement: DepartementCode | None = None
    region: RegionCode | None = None


Shape = TypeVar("Shape", bound=ItemsAsked)
_SHARED = [name for name in Narrowing.__struct_fields__ if name != "bbox"]  # ours takes more shapes


def asked_in(query_string: bytes, shape: type[Shape]) -> Shape:
    """What is asked; a page larger than ours is ours (OGC 17-069r4 § 7.15.2: no error)."""
    large = re.compile(rb"(^|&)limit=0*[1-9][0-9]{3,}(?=&|$)")
    return asked_in_query_string(large.sub(rb"\g<1>limit=%d" % MAX_PAGE, query_string), shape)


def narrowed(asked: StructuresAsked | CommunesAsked) -> Filters:
    """The filters that the search has too."""
    return filters_of(Narrowing(**{name: getattr(asked, name) for name in _SHARED if hasattr(asked, name)}))


def boxes_of(box: str | list[float] | None) -> list[Bounds]:
    """None, one, or the two sides of the antimeridian."""
    if box is None:
        return []
    numbers = box.split(",") if isinstance(box, str) else [repr(each) for each in box]
    if len(numbers) not in (4, 6):
        raise InvalidPosition("« bbox » : quatre ou six nombres sont attendus.", parameter="bbox")
    west, south, east, north = (numbers[at] for at in ((0, 1, 2, 3) if len(numbers) == 4 else (0, 1, 3, 4)))
    if not _is_after(west, east):
        return [_bounds(west, south, east, north)]
    return [_bounds(west, south, "180", north), _bounds("-180", south, east, north)]


def _is_after(west: str, east: str) -> bool:
    try:
        return float(west) > float(east)
    except ValueError:
        return False  # bounds_of_box says what is wrong


def _bounds(*numbers: str) -> Bounds:
    found = bounds_of_box(",".join(numbers))
    assert found is not None
    return found


def days_of(when: str | None) -> tuple[dt.date | None, dt.date | None]:
    """First and last day, None where it is open."""
    if when is None:
        return (None, None)
    ends = when.split("/")
    if len(ends) > 2 or not any(ends):
        raise _not_a_time()
    first, last = (None if each in ("", "..") else day_of(each) for each in (ends[0], ends[-1]))
    if len(ends) == 1 and first is None:
        raise _not_a_time()
    if first and last and first > last:
        raise InvalidQuestion("« datetime » : le début doit précéder la fin.", parameter="datetime")
    return (first, last)


def day_of(written: str) -> dt.date:
    """The day of a date or of an instant, as written: registers know no hour."""
    if not INSTANT.fullmatch(written):
        raise _not_a_time()
    try:
        return dt.date.fromisoformat(written[:10])
    except ValueError:
        raise _not_a_time() from None


def cursor_of(key: str) -> str:
    """Opaque text: pages follow the key of the last row shown, which no publication moves."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(cursor: str | None) -> str | None:
    """The key after which a page begins; InvalidCursor for what `cursor_of` does not write."""
    if cursor is None:
        return None
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        key = ""
    if not key or len(cursor) > MAX_CURSOR or "\x00" in key or cursor_of(key) != cursor:
        raise InvalidCursor("Ce curseur est illisible : reprenez à la première page.", parameter="cursor")
    return key


def following(query_string: bytes, key: str) -> str:
    """The same question, after this key."""
    pairs: Iterable[tuple[str, Any]] = parse_qsl(query_string.decode("ascii"), keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != "cursor"] + [("cursor", cursor_of(key))])


def _not_a_time() -> InvalidQuestion:
    return InvalidQuestion(
        "« datetime » : une date et heure RFC 3339, ou deux séparées par « / » (« .. » : sans fin), sont attendues.",
        parameter="datetime",
    )
