"""The collection `structures`: what the search shows of each, flat, in the order of ids."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, or_, select

from api.ogc.cql import Filtered
from api.ogc.parameters import StructuresAsked, boxes_of, days_of, key_of, narrowed
from api.ogc.queryables import Coded, Day, Json, Queryables, Several, Shape, Text, Truth, meets
from geo.categories import categorie
from geo.filters import Bounds, Filters, conditions, in_box
from geo.structures import structure
from search.rows import TOLD, structure_of

ID = "structures"
TITLE = "Structures sanitaires et sociales"
DESCRIPTION = (
    "Les structures que la recherche montre, ouvertes sauf `open=all` (ou un `filter` qui nomme `open`). Plusieurs numéros d’une "
    "même structure sont séparés par une virgule."
)
SEPARATOR = ", "
SORTED = 50_000  # rows: some 50 ms; of more, one in forty at least is asked for, even at two millions
AREAS = (structure.c.departement, structure.c.region, structure.c.epci)

c = structure.c
POINT = func.ST_SetSRID(func.ST_MakePoint(c.lon, c.lat), 4326)


def _stands_in(wkt: str | None, bounds: Bounds | None, predicate: str | None) -> ColumnElement[bool]:
    """structure_geom_idx, or structure_open_geom_idx, answers; the shape itself is asked of what its box holds."""
    if wkt is None or bounds is None:
        return c.lon.is_not(None)
    return and_(in_box(structure, bounds), meets(POINT, wkt, predicate))


def _coded(text: Any, title: str) -> Coded:
    return Coded((c.categorie_no, categorie.c.no, text), title, {"type": "string"})


def _text(column: Any, title: str) -> Text:
    return Text(column, title, {"type": "string"})


def _several(column: Any, title: str) -> Several:
    return Several(column, f"{title} ; = et IN : l’un d’eux", {"type": "string"})


def _day(column: Any, title: str) -> Day:
    return Day(column, title, {"type": "string", "format": "date"})


# What a filter may name. By index: id (the primary key), finess, siret, phones, naf, siren, entite_finess, commune, departement,
# region, epci, statut, precision, updated_on, and categorie and geometry together; others are read beside those.
QUERYABLES: Queryables = {
    "id": _text(c.id, "Identifiant"),
    "name": _text(c.name, "Nom"),
    "categorie": _coded(categorie.c.code, "Code de la catégorie"),
    "categorie_label": _coded(categorie.c.label, "Catégorie"),
    "finess": _several(c.finess, "Numéros FINESS"),
    "siret": _several(c.siret, "SIRET"),
    "siren": _text(c.siren, "SIREN"),
    "entite": _text(c.ej_name, "Entité juridique"),
    "entite_finess": _text(c.ej_finess, "Numéro FINESS de l’entité juridique"),
    "entite_siren": _text(c.ej_siren, "SIREN de l’entité juridique"),
    "postcode": _text(c.postcode, "Code postal"),
    "commune": _text(c.commune, "Code INSEE de la commune"),
    "commune_name": _text(c.commune_name, "Commune"),
    "departement": _text(c.departement, "Code du département"),
    "region": _text(c.region, "Code de la région"),
    "epci": _text(c.epci, "SIREN de l’intercommunalité"),
    "phones": _several(c.phones, "Téléphones"),
    "naf": _several(c.naf, "Codes d’activité principale"),
    "statut": _text(c.statut, "Statut juridique de qui la gère"),
    "precision": _text(c.precision, "Précision du point"),
    "position_source": _text(c.position_source, "Source du point"),
    "open": Truth(c.open, "Ouverte", {"type": "boolean"}),
    "closed_on": _day(c.closed_on, "Fermée le"),
    "updated_on": _day(c.updated_on, "Fiche touchée par son registre le"),
    "geometry": Shape(_stands_in, "Position", {"format": "geometry-point"}),
}

_TOLD = select(*TOLD, *AREAS).join_from(structure, categorie, categorie.c.no == c.categorie_no)


def filters(asked: StructuresAsked, filtered: Filtered | None) -> Filters:
    """Those of the search; closed ones are left out unless somebody speaks of them."""
    found = narrowed(asked)
    if filtered and "open" in filtered.named:
        return Filters(
            **{name: getattr(found, name) for name in found.__struct_fields__ if name != "open_only"}, open_only=False
        )
    return found


def wanted(asked: StructuresAsked, filtered: Filtered | None) -> list[ColumnElement[bool]]:
    """Everything that is asked, page aside."""
    found = conditions(filters(asked, filtered), structure)
    boxes = boxes_of(asked.bbox)
    if boxes:
        found.append(or_(*(and_(*conditions(Filters(bbox=box, open_only=False), structure)) for box in boxes)))
    first, last = days_of(asked.datetime)
    if first:
        found.append(c.updated_on >= first)
    if last:
        found.append(c.updated_on <= last)
    return found + ([filtered.condition] if filtered else [])


def page_query(asked: StructuresAsked, wanted: list[ColumnElement[bool]], limit: int, matched: int) -> Select[Any]:
    """A page by key, and a row more where another follows.

    Ids of FINESS begin with their département, and the planner believes them spread evenly: it would walk structure_pkey through
    the départements before the one asked for. Few are sorted (an index of what is asked finds them), many are met along the key.
    """
    after = key_of(asked.cursor)
    key = c.id if matched > SORTED else c.id + literal("")
    return _TOLD.where(*wanted, *([c.id > after] if after else [])).order_by(key).limit(limit + 1)


def count_query(wanted: list[ColumnElement[bool]]) -> Select[Any]:
    return select(func.count()).select_from(structure).where(*wanted)


def row_of(connection: Connection, identifier: str) -> Any:
    return connection.execute(_TOLD.where(c.id == identifier)).one_or_none()


def extent_of_time(connection: Connection) -> tuple[str | None, str | None]:
    """The first and last day that a register touched one, from both ends of structure_updated_on_idx."""
    first, last = connection.execute(select(func.min(c.updated_on), func.max(c.updated_on))).one()
    return tuple(day and f"{day.isoformat()}T00:00:00Z" for day in (first, last))  # type: ignore[return-value]


def feature_of(row: Row[Any]) -> Json:
    """What `/api/v1/search` shows of it, flat: a column a property; what is not known is null."""
    told = structure_of(row)
    entity, position = told.entite_juridique, told.position
    properties = {
        "name": told.name,
        "categorie": told.categorie.code,
        "categorie_label": told.categorie.label,
        "finess": _joined(told.finess),
        "siret": _joined(told.siret),
        "siren": told.siren,
        "entite": entity and entity.name,
        "entite_finess": entity and entity.finess,
        "entite_siren": entity and entity.siren,
        "address": _joined(told.address.lines),
        "postcode": told.address.postcode,
        "commune": told.address.commune.code,
        "commune_name": told.address.commune.name,
        "departement": row.departement,
        "region": row.region,
        "epci": row.epci,
        "phones": _joined(told.phones),
        "naf": _joined(row.naf),
        "precision": row.precision,
        "position_source": position and position.source,
        "open": told.open,
        "closed_on": told.closed_on,
        "updated_on": told.updated_on,
    }
    geometry = {"type": "Point", "coordinates": (position.lon, position.lat)} if position else None
    return {"type": "Feature", "id": told.id, "geometry": geometry, "properties": properties}


def _joined(values: list[str]) -> str | None:
    return SEPARATOR.join(values) or None
