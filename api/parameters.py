"""The parameters of the contract, named once: what may be asked, how it is read, how it is refused."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from api.areas import GeoJSONPolygon
from geo.errors import InvalidQuestion, NotAvailableYet
from geo.filters import MAX_RADIUS_M
from search.query import MAX_LIMIT, MAX_WORDS_LENGTH, Facet, Sort

# Names that questions will have once their data exist: taken now, so that nobody reads an ignored filter as an answer.
RESERVED = frozenset(
    [
        "open_now",
        "certified",
        "claimed",
    ]
)
MAX_SUGGESTIONS = 20
MAX_VALUES = 200  # of one repeatable parameter
VALUE_SHOWN = 40  # characters of a wrong value that its refusal repeats

# What each parameter takes: the same line checks a question, tells why it is refused, and stands in /openapi.json.
Words = Annotated[
    str,
    Meta(
        description="Mots, sigle, commune, numéro FINESS, SIRET ou téléphone ; 200 caractères au plus.",
        max_length=MAX_WORDS_LENGTH,
    ),
]
Latitude = Annotated[
    float, Meta(description="Latitude en degrés décimaux (WGS 84), de −90 à 90 ; avec `lon`.", ge=-90, le=90)
]
Longitude = Annotated[
    float, Meta(description="Longitude en degrés décimaux (WGS 84), de −180 à 180 ; avec `lat`.", ge=-180, le=180)
]
Radius = Annotated[
    float,
    Meta(description="Mètres autour du point (`lat`, `lon`), bornes comprises, de 0 à 200 000.", ge=0, le=MAX_RADIUS_M),
]
Box = Annotated[
    str | Annotated[list[float], Meta(min_length=4, max_length=4)],
    Meta(description="Rectangle en degrés décimaux (WGS 84) : `minLon,minLat,maxLon,maxLat`."),
]
Polygon = Annotated[
    str | GeoJSONPolygon,
    Meta(description="Polygone GeoJSON, 200 sommets au plus, arêtes droites en longitude et latitude."),
]
Codes = str | Annotated[list[str], Meta(max_length=MAX_VALUES)]
CommuneCode = Annotated[
    Codes, Meta(description="Code INSEE d’une commune, actuelle ou ancienne ; répétable (200 au plus).")
]
EpciCode = Annotated[Codes, Meta(description="SIREN d’une intercommunalité, neuf chiffres ; répétable (200 au plus).")]
DepartementCode = Annotated[
    Codes, Meta(description="Code d’un département, `33`, `2A` ou `974` ; répétable (200 au plus).")
]
RegionCode = Annotated[Codes, Meta(description="Code INSEE d’une région, `75` ou `01` ; répétable (200 au plus).")]
CategorieCode = Annotated[
    Codes,
    Meta(
        description="Code de catégorie FINESS (`355`), de profession ou d’activité connue par Sirene "
        "(`lib:medecin-generaliste`), ou de famille (`4400`, `lib`, `sirene`) ; répétable (200 au plus)."
    ),
]
ActiviteCode = Annotated[
    Codes,
    Meta(
        description="Activité autorisée et en cours : nature (`AMM`), activité (`AMM:QA014`) ou modalité "
        "(`AMM:QA014:MO031`) ; répétable (200 au plus), une suffit."
    ),
]
NafCode = Annotated[
    Codes,
    Meta(
        description="Code d’activité principale : `86.21Z` (NAF rév. 2) ou `2025:86.21Y` (NAF 2025), ou le début d’un code : "
        "`86`, `86.2`, `2025:86.9` (les activités du champ qui commencent ainsi) ; répétable (200 au plus)."
    ),
]
DomaineCode = Annotated[
    Codes,
    Meta(
        description="Domaine de la catégorie : `san` (sanitaire), `soc` (social et médico-social), `ens` (enseignement) ou "
        "`adm` (administration) ; répétable."
    ),
]
PublicCode = Annotated[
    Codes,
    Meta(
        description="Public accueilli : code « clientèle » d’une activité FINESS en cours (`700`) ; répétable (200 au plus)."
    ),
]
StatutCode = Annotated[
    Codes,
    Meta(
        description="Statut juridique de qui la gère, à deux chiffres (`60` : association loi 1901) ; répétable (200 au plus)."
    ),
]
SecteurCode = Annotated[
    Codes, Meta(description="Secteur de qui la gère : `public`, `associatif` ou `lucratif` ; répétable.")
]
PrecisionName = Annotated[
    Codes,
    Meta(
        description="Précision du point : `pin`, `housenumber`, `street`, `locality`, `commune` ou `none` ; répétable."
    ),
]
WithPhone = Annotated[
    bool, Meta(description="`true` : celles qui ont un téléphone ; `false` : celles qui n’en ont pas.")
]
Since = Annotated[
    dt.date, Meta(description="Jour `AAAA-MM-JJ` : celles dont le registre a touché la fiche ce jour-là ou depuis.")
]
Open = Annotated[Literal["all"], Meta(description="`all` ajoute les structures fermées.")]
Order = Annotated[Sort, Meta(description="`relevance`, `distance` (avec `lat` et `lon`) ou `name`.")]
Limit = Annotated[
    int, Meta(description="Combien de structures par page, de 1 à 100 ; 20 par défaut.", ge=1, le=MAX_LIMIT)
]
CursorText = Annotated[str, Meta(description="Le `next` de la page précédente de la même question.")]
Facets = Annotated[
    Facet | Annotated[list[Facet], Meta(max_length=MAX_VALUES)],
    Meta(
        description="`categorie`, `famille`, `domaine`, `departement`, `commune`, `activite`, `public`, `secteur`, `statut`, "
        "`telephone` ou `precision` : ce qui se compte ; répétable. Chaque compte ignore le filtre de son propre nom, et lui "
        "seul (`famille` celui de `categorie`)."
    ),
]
Total = Annotated[bool, Meta(description="`false` épargne le compte ; `true` par défaut.")]
Explain = Annotated[bool, Meta(description="`true` montre chaque part du score ; `false` par défaut.")]
Lines = Annotated[int, Meta(description="Combien de lignes, de 1 à 20 ; 8 par défaut.", ge=1, le=MAX_SUGGESTIONS)]

Theme = Annotated[Literal["clair", "sombre"], Meta(description="`clair` (par défaut) ou `sombre`.")]


class Narrowing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which structures are asked for: what lists and tiles share. A filter added here reaches both, and every link."""

    q: Words | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    radius: Radius | None = None
    bbox: Box | None = None
    polygon: Polygon | None = None
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


class Asked(Narrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question as written, in a query string or in a JSON body: which structures, in which order, by pages."""

    sort: Order | None = None
    limit: Limit | None = None
    cursor: CursorText | None = None
    facets: Facets | None = None
    total: Total | None = None
    explain: Explain | None = None


class Typed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is typed so far, and where: suggestions."""

    q: Words | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    limit: Lines | None = None


class ComesTo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address, as a point, and which of the structures that come there are asked for."""

    lat: Latitude | None = None
    lon: Longitude | None = None
    categorie: CategorieCode | None = None
    activite: ActiviteCode | None = None
    naf: NafCode | None = None
    open: Open | None = None
    limit: Limit | None = None
    cursor: CursorText | None = None
    total: Total | None = None


class Themed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a style is asked."""

    theme: Theme | None = None


class Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a path that has none."""


REPEATABLE = frozenset(
    [
        "commune",
        "epci",
        "departement",
        "region",
        "categorie",
        "domaine",
        "activite",
        "public",
        "naf",
        "statut",
        "secteur",
        "precision",
        "facets",
    ]
)
Shape = TypeVar("Shape", bound=msgspec.Struct)


def asked_in(pairs: Iterable[tuple[str, str]], shape: type[Shape]) -> Shape:
    """What a query string asks. Unknown, reserved, repeated or unreadable parameters raise InvalidQuestion."""
    members: dict[str, Any] = {}
    seen = set()
    for name, value in pairs:
        _check_name(name, shape)
        _check_text(name, value)
        if name in seen and name not in REPEATABLE:
            raise InvalidQuestion(f"« {name} » est donné deux fois.", parameter=name)
        seen.add(name)
        if value.strip():
            _add(members, name, value.strip())
    return _converted(members, shape, strict=False)


def asked_in_query_string(query_string: bytes, shape: type[Shape]) -> Shape:
    """What the raw query string of a request asks."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise InvalidQuestion("L’adresse n’est pas en UTF-8.") from None
    return asked_in(pairs, shape)


def asked_in_body(body: bytes) -> Asked:
    """What a JSON body asks."""
    try:
        members = msgspec.json.decode(body)
    except (ValueError, RecursionError):  # RecursionError: brackets nested by the thousand
        raise InvalidQuestion("Le corps n’est pas du JSON lisible.") from None
    if not isinstance(members, dict):
        raise InvalidQuestion("Le corps doit être un objet JSON.")
    for name, value in members.items():
        _check_name(name, Asked)
        for each in value if isinstance(value, list) else [value]:
            _check_text(name, each)
    return _converted({name: value for name, value in members.items() if value is not None}, Asked, strict=True)


def descriptions(shape: type[msgspec.Struct]) -> dict[str, str]:
    """What each parameter takes, in words."""
    annotated = {
        field.encode_name: next(each for each in get_args(field.type) if each is not NoneType)
        for field in msgspec.structs.fields(shape)
    }
    return {name: str(each.__metadata__[0].description) for name, each in annotated.items()}


def expected(shape: type[msgspec.Struct], name: str) -> str:
    """The same as a sentence for a person."""
    description = re.sub(r"`([^`]+)`", r"« \1 »", descriptions(shape)[name])
    begins_with_a_word = description[1].islower()
    return f"Attendu : {description[0].lower() + description[1:] if begins_with_a_word else description}"


def _check_name(name: str, shape: type[msgspec.Struct]) -> None:
    known = shape.__struct_encode_fields__
    if name in known:
        return
    if name in RESERVED:
        raise NotAvailableYet(f"« {name} » : not available yet (pas encore disponible).", parameter=name)
    listed = ", ".join(sorted(known)) or "aucun"
    raise InvalidQuestion(f"Paramètre inconnu ici : « {name[:VALUE_SHOWN]} ». Connus : {listed}.", parameter=name)


def _check_text(name: str, value: object) -> None:
    """PostgreSQL has no text with a NUL, and nobody types one."""
    if isinstance(value, str) and "\x00" in value:
        raise InvalidQuestion(f"« {name} » contient un caractère nul.", parameter=name)


def _add(members: dict[str, Any], name: str, value: str) -> None:
    if name in REPEATABLE:
        members.setdefault(name, []).append(value)
    else:
        members[name] = value


def _converted(members: Mapping[str, Any], shape: type[Shape], *, strict: bool) -> Shape:
    """The members with their types, or InvalidQuestion saying which one is wrong and what it takes."""
    try:
        found = msgspec.convert(members, shape, strict=strict)
    except msgspec.ValidationError as error:
        path = re.search(r"\$\.([\w-]+)", str(error))
        raise _refusal(path.group(1) if path else None, members, shape) from None
    for name, field in zip(shape.__struct_encode_fields__, shape.__struct_fields__, strict=True):
        if name in members and getattr(found, field) is None:  # the text « null », which msgspec takes for no number
            raise _refusal(name, members, shape)
    return found


def _refusal(name: str | None, members: Mapping[str, Any], shape: type[msgspec.Struct]) -> InvalidQuestion:
    if name is None:
        return InvalidQuestion("La question n’est pas lisible.")
    value = members.get(name)
    if name in REPEATABLE and isinstance(value, list) and len(value) > MAX_VALUES:
        return InvalidQuestion(f"« {name} » a {len(value)} valeurs ; {MAX_VALUES} au plus.", parameter=name)
    shown = f"« {value[:VALUE_SHOWN]} »" if isinstance(value, str) else "Cette valeur"
    return InvalidQuestion(f"{shown} ne convient pas pour « {name} ». {expected(shape, name)}", parameter=name)
