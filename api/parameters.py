"""The parameters of the contract, named once: what may be asked, and how it becomes a question."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
import shapely
from litestar.params import QueryParameter

from api import cursors
from geo.activites import FILTER, NATURES, nature_of
from geo.categories import categories, family_members
from geo.communes import arrondissements_of, current_code
from geo.errors import InvalidPosition, InvalidQuestion, NotAvailableYet
from geo.filters import MAX_POLYGON_VERTICES, MAX_RADIUS_M, Bounds, Circle, Filters, Ring, check_bounds
from search.query import DEFAULT_LIMIT, MAX_LIMIT, MAX_WORDS_LENGTH, Facet, Origin, SearchQuery, Sort, default_sort

# Names that questions will have once their data exist: taken now, so that nobody reads an ignored filter as an answer.
RESERVED = frozenset(
    [
        "naf",
        "public",
        "secteur",
        "statut",
        "phone",
        "updated_since",
        "precision",
        "open_now",
        "certified",
        "claimed",
    ]
)
MAX_VALUES = 200  # of one repeatable parameter

Words = Annotated[str | None, QueryParameter(description="Mots, sigle, commune, numéro FINESS, SIRET ou téléphone.")]
Latitude = Annotated[float | None, QueryParameter(description="Degrés décimaux, WGS 84 ; avec `lon`.")]
Longitude = Annotated[float | None, QueryParameter(description="Degrés décimaux, WGS 84 ; avec `lat`.")]
Radius = Annotated[
    float | None, QueryParameter(description="Mètres autour du point, bornes comprises, 200 000 au plus.")
]
Box = Annotated[str | None, QueryParameter(description="`minLon,minLat,maxLon,maxLat`.")]
Polygon = Annotated[
    str | None, QueryParameter(description="Polygone GeoJSON, 200 sommets au plus, arêtes droites en lon/lat.")
]
CommuneCode = Annotated[list[str] | None, QueryParameter(name="commune", description="Code INSEE ; répétable.")]
EpciCode = Annotated[list[str] | None, QueryParameter(name="epci", description="SIREN de l’EPCI ; répétable.")]
DepartementCode = Annotated[
    list[str] | None, QueryParameter(name="departement", description="Code, `2A` ou `974` ; répétable.")
]
RegionCode = Annotated[
    list[str] | None, QueryParameter(name="region", description="Code INSEE de la région ; répétable.")
]
CategorieCode = Annotated[
    list[str] | None,
    QueryParameter(name="categorie", description="Code de catégorie FINESS ou de famille ; répétable."),
]
ActiviteCode = Annotated[
    list[str] | None,
    QueryParameter(
        name="activite",
        description="Activité autorisée en cours : nature (`AMM`), activité (`AMM:QA014`) ou modalité "
        "(`AMM:QA014:MO031`) ; répétable, l’une d’elles suffit.",
    ),
]
Naf = Annotated[list[str] | None, QueryParameter(name="naf", description="Réservé : pas encore disponible.")]
Open = Annotated[str | None, QueryParameter(name="open", description="`all` ajoute les structures fermées.")]
Order = Annotated[str | None, QueryParameter(description="`relevance`, `distance` ou `name`.")]
Limit = Annotated[int | None, QueryParameter(description="1 à 100 ; 20 par défaut.")]
CursorText = Annotated[str | None, QueryParameter(name="cursor", description="Le `next` de la page précédente.")]
Facets = Annotated[
    list[str] | None,
    QueryParameter(name="facets", description="`categorie`, `departement`, `commune`, `activite` ; répétable."),
]
Total = Annotated[bool | None, QueryParameter(description="`false` épargne le compte.")]
Explain = Annotated[bool | None, QueryParameter(description="`true` montre chaque part du score.")]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question as written, in a query string or in a JSON body."""

    q: str | None = None
    lat: float | None = None
    lon: float | None = None
    radius: float | None = None
    bbox: str | list[float] | None = None
    polygon: str | dict[str, Any] | None = None
    commune: str | list[str] | None = None
    epci: str | list[str] | None = None
    departement: str | list[str] | None = None
    region: str | list[str] | None = None
    categorie: str | list[str] | None = None
    activite: str | list[str] | None = None
    open: str | None = None
    sort: str | None = None
    limit: int | None = None
    cursor: str | None = None
    facets: str | list[str] | None = None
    total: bool | None = None
    explain: bool | None = None


REPEATABLE = frozenset({"commune", "epci", "departement", "region", "categorie", "activite", "facets"})
NAMES = frozenset(Asked.__struct_fields__)


def asked_in(pairs: Iterable[tuple[str, str]]) -> Asked:
    """What a query string asks. Unknown, reserved, repeated or unreadable parameters raise InvalidQuestion."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        _check_name(name)
        if name in REPEATABLE:
            members.setdefault(name, []).append(value)
        elif name in members:
            raise InvalidQuestion(f"« {name} » est donné deux fois.", parameter=name)
        elif value != "":
            members[name] = value
    return converted(members, strict=False)


def asked_in_query_string(query_string: bytes) -> Asked:
    """What the raw query string of a request asks."""
    try:
        return asked_in(parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise InvalidQuestion("L’adresse n’est pas en UTF-8.") from None


def asked_in_body(members: object) -> Asked:
    """What a JSON body asks."""
    if not isinstance(members, Mapping):
        raise InvalidQuestion("Un objet JSON est attendu.")
    for name in members:
        _check_name(str(name))
    return converted({name: value for name, value in members.items() if value is not None}, strict=True)


def converted(members: Mapping[str, Any], *, strict: bool) -> Asked:
    """The members with their types, or InvalidQuestion naming the one that is wrong."""
    try:
        return msgspec.convert(members, Asked, strict=strict)
    except msgspec.ValidationError as error:
        name = re.search(r"\$\.(\w+)", str(error))
        parameter = name.group(1) if name else None
        raise InvalidQuestion(f"« {parameter or 'corps'} » n’est pas lisible : {error}.", parameter=parameter) from None


def question_of(asked: Asked) -> SearchQuery:
    """The valid question, or InvalidQuestion saying which parameter is wrong and what is expected."""
    words = _words(asked.q)
    origin = _origin(asked)
    sort = _one_of(Sort, "sort", asked.sort) if asked.sort else default_sort(words, origin)
    if sort is Sort.DISTANCE and origin is None:
        raise InvalidQuestion("Le tri par distance demande lat et lon.", parameter="sort")
    limit = DEFAULT_LIMIT if asked.limit is None else asked.limit
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidQuestion(f"limit va de 1 à {MAX_LIMIT}.", parameter="limit")
    question = SearchQuery(
        words=words,
        origin=origin,
        filters=filters_of(asked),
        sort=sort,
        limit=limit,
        facets=tuple(dict.fromkeys(_one_of(Facet, "facets", each) for each in _listed(asked.facets, "facets"))),
        total=asked.total is not False,
        explain=asked.explain is True,
    )
    if asked.cursor is None:
        return question
    return msgspec.structs.replace(question, cursor=cursors.decode(asked.cursor, question))


def filters_of(asked: Asked) -> Filters:
    """The part of a question that tiles share with lists: everything but words, order and paging."""
    origin = _origin(asked)
    if asked.open not in (None, "all"):
        raise InvalidQuestion("open ne connaît que « all ».", parameter="open")
    return Filters(
        circle=Circle(origin.lon, origin.lat, _radius(asked.radius)) if origin and asked.radius is not None else None,
        bbox=_bbox(asked.bbox),
        polygon=_polygon(asked.polygon),
        communes=_each(asked.commune, "commune", _commune),
        epcis=_each(asked.epci, "epci", _code(r"\d{9}", "epci", "neuf chiffres")),
        departements=_each(
            asked.departement, "departement", _code(r"\d{2,3}|2[AB]", "departement", "« 33 », « 2A », « 974 »")
        ),
        regions=_each(asked.region, "region", _code(r"\d{2,3}", "region", "« 75 », « 01 »")),
        categories=_each(asked.categorie, "categorie", _categorie),
        activites=_each(asked.activite, "activite", _activite),
        open_only=asked.open is None,
    )


def _check_name(name: str) -> None:
    if name in RESERVED:
        raise NotAvailableYet(f"« {name} » : not available yet (pas encore disponible).", parameter=name)
    if name not in NAMES:
        raise InvalidQuestion(f"Paramètre inconnu : « {name} ». Connus : {', '.join(sorted(NAMES))}.", parameter=name)


def _words(text: str | None) -> str:
    words = " ".join((text or "").replace("\x00", " ").split())
    if len(words) > MAX_WORDS_LENGTH:
        raise InvalidQuestion(f"q dépasse {MAX_WORDS_LENGTH} caractères.", parameter="q")
    return words


def _origin(asked: Asked) -> Origin | None:
    if asked.lat is None and asked.lon is None:
        if asked.radius is not None:
            raise InvalidQuestion("radius demande lat et lon.", parameter="radius")
        return None
    if asked.lat is None or asked.lon is None:
        raise InvalidQuestion("lat et lon vont ensemble.", parameter="lon" if asked.lon is None else "lat")
    if not -90 <= asked.lat <= 90:
        raise InvalidPosition("lat va de −90 à 90.", parameter="lat")
    if not -180 <= asked.lon <= 180:
        raise InvalidPosition("lon va de −180 à 180.", parameter="lon")
    return Origin(lon=asked.lon, lat=asked.lat)


def _radius(radius: float | None) -> float:
    if radius is None or not 0 <= radius <= MAX_RADIUS_M:
        raise InvalidQuestion(f"radius va de 0 à {MAX_RADIUS_M:.0f} mètres.", parameter="radius")
    return radius


def _bbox(bbox: str | list[float] | None) -> Bounds | None:
    if bbox is None:
        return None
    try:
        numbers = tuple(float(part) for part in (bbox.split(",") if isinstance(bbox, str) else bbox))
        west, south, east, north = numbers
    except ValueError:
        raise InvalidPosition("bbox : quatre nombres, minLon,minLat,maxLon,maxLat.", parameter="bbox") from None
    return check_bounds((west, south, east, north))


def _polygon(polygon: str | dict[str, Any] | None) -> tuple[Ring, ...] | None:
    if polygon is None:
        return None
    try:
        geometry = msgspec.json.decode(polygon) if isinstance(polygon, str) else polygon
        if geometry["type"] != "Polygon":
            raise ValueError("type")
        rings = tuple(tuple((float(p[0]), float(p[1])) for p in ring) for ring in geometry["coordinates"])
        area = shapely.Polygon(rings[0], rings[1:])
    except (ValueError, KeyError, TypeError, IndexError, shapely.errors.ShapelyError, msgspec.DecodeError):
        raise InvalidPosition("polygon : un Polygon GeoJSON est attendu.", parameter="polygon") from None
    _check_polygon(rings, area)
    return rings


def _check_polygon(rings: tuple[Ring, ...], area: shapely.Polygon) -> None:
    def refuse(reason: str) -> None:
        raise InvalidPosition(f"polygon : {reason}", parameter="polygon")

    if sum(map(len, rings)) > MAX_POLYGON_VERTICES:
        refuse(f"{MAX_POLYGON_VERTICES} sommets au plus.")
    if any(ring[0] != ring[-1] for ring in rings):
        refuse("chaque anneau se ferme sur son premier point.")
    if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for ring in rings for lon, lat in ring):
        refuse("des longitudes et latitudes WGS 84 sont attendues.")
    if not area.is_valid or area.area == 0:
        refuse("les anneaux se croisent ou n’ont pas d’étendue.")


def _listed(values: str | list[str] | None, name: str) -> list[str]:
    found = [values] if isinstance(values, str) else values or []
    if len(found) > MAX_VALUES:
        raise InvalidQuestion(f"{name} : {MAX_VALUES} valeurs au plus.", parameter=name)
    return [value.strip() for value in found if value.strip()]


def _each(values: str | list[str] | None, name: str, meaning: Callable[[str], Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(each for value in _listed(values, name) for each in meaning(value)))


def _commune(code: str) -> tuple[str, ...]:
    current = current_code(code.upper())
    if current is None:
        raise InvalidQuestion(f"Commune inconnue : « {code} » (code INSEE attendu).", parameter="commune")
    return (current, *arrondissements_of(current))


def _code(form: str, name: str, example: str) -> Callable[[str], tuple[str, ...]]:
    def meaning(code: str) -> tuple[str, ...]:
        if not re.fullmatch(form, code.upper()):
            raise InvalidQuestion(f"{name} « {code} » : {example} attendu.", parameter=name)
        return (code.upper(),)

    return meaning


def _categorie(code: str) -> tuple[int, ...]:
    known = categories()
    if re.fullmatch(r"\d{3}", code):  # known or not: a register may be ahead of the nomenclature
        return (int(code),)
    members = family_members(code)
    if not members:
        raise InvalidQuestion(f"Catégorie ou famille inconnue : « {code} ».", parameter="categorie")
    return tuple(known[member].no for member in members)


def _activite(code: str) -> tuple[str, ...]:
    nature, colon, rest = code.upper().partition(":")
    current = f"{nature_of(nature)}{colon}{rest}"
    if not FILTER.fullmatch(current):
        expected = f"une nature ({', '.join(NATURES)}), NATURE:CODE ou NATURE:CODE:MODALITE"
        raise InvalidQuestion(f"activite « {code} » : {expected} attendu.", parameter="activite")
    return (current,)


def _one_of(choices: type[Sort] | type[Facet], name: str, value: str) -> Any:
    try:
        return choices(value)
    except ValueError:
        known = ", ".join(choices)
        raise InvalidQuestion(f"{name} « {value} » : {known} attendu.", parameter=name) from None
