"""The collection `communes`: contours of today, and how many open structures each holds."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from api.ogc.cql import Filtered
from api.ogc.parameters import CommunesAsked, boxes_of, days_of, key_of, narrowed
from api.ogc.queryables import Json, Number, Queryables, Shape, Text, meets
from geo.communes import commune, communes
from geo.filters import Bounds
from geo.structures import structure

ID = "communes"
TITLE = "Communes"
DESCRIPTION = "Contours simplifiés des communes, avec le nombre des structures ouvertes de chacune."
DIGITS = 5  # of a degree: a metre

c = commune.c


def _meets(wkt: str | None, bounds: Bounds | None, predicate: str | None) -> ColumnElement[bool]:
    """commune_contour_idx answers: PostGIS's predicates ask it first."""
    return meets(c.contour, wkt, predicate)


def _text(column: Any, title: str) -> Text:
    return Text(column, title, {"type": "string"})


QUERYABLES: Queryables = {
    "id": _text(c.code, "Code INSEE"),
    "code": _text(c.code, "Code INSEE"),
    "name": _text(c.name, "Nom"),
    "departement": _text(c.departement, "Code du département"),
    "region": _text(c.region, "Code de la région"),
    "epci": _text(c.epci, "SIREN de l’intercommunalité"),
    "population": Number(c.population, "Population", {"type": "integer"}),
    "geometry": Shape(_meets, "Contour", {"format": "geometry-multipolygon"}),
}

_TOLD = select(
    c.code,
    c.name,
    c.departement,
    c.region,
    c.epci,
    c.population,
    func.ST_AsGeoJSON(c.contour, DIGITS, 0).label("contour"),
)
_WHOLE = c.parent.is_(None)  # Paris is one commune: its arrondissements would be drawn twice


def wanted(asked: CommunesAsked, filtered: Filtered | None) -> list[ColumnElement[bool]]:
    """Everything that is asked, page aside; a contour has no date."""
    days_of(asked.datetime)
    filters = narrowed(asked)
    found: list[ColumnElement[bool]] = [_WHOLE]
    for column, codes in ((c.departement, filters.departements), (c.region, filters.regions), (c.epci, filters.epcis)):
        if codes:
            found.append(column.in_(codes))
    if boxes := boxes_of(asked.bbox):
        found.append(or_(*(_in_box(box) for box in boxes)))
    return found + ([filtered.condition] if filtered else [])


def _in_box(box: Bounds) -> ColumnElement[bool]:
    envelope = func.ST_MakeEnvelope(*box, 4326)
    return and_(c.contour.op("&&")(envelope), func.ST_Intersects(c.contour, envelope))


def page_query(asked: CommunesAsked, wanted: list[ColumnElement[bool]], limit: int) -> Select[Any]:
    """A page by key, and a row more where another follows; commune_pkey answers."""
    after = key_of(asked.cursor)
    return _TOLD.where(*wanted, *([c.code > after] if after else [])).order_by(c.code).limit(limit + 1)


def count_query(wanted: list[ColumnElement[bool]]) -> Select[Any]:
    return select(func.count()).select_from(commune).where(*wanted)


def row_of(connection: Connection, identifier: str) -> Any:
    return connection.execute(_TOLD.where(_WHOLE, c.code == identifier)).one_or_none()


def open_structures(connection: Connection, codes: list[str]) -> Counter[str]:
    """How many are open in each, its arrondissements included: structure_commune_idx, in one statement."""
    commune_of = {code: code for code in codes} | {part: whole for part, whole in _parts().items() if whole in codes}
    s = structure.c
    counted = select(s.commune, func.count()).where(s.open, s.commune.in_(commune_of)).group_by(s.commune)
    found: Counter[str] = Counter()
    for code, count in connection.execute(counted):
        found[commune_of[code]] += count
    return found


@cache
def _parts() -> Mapping[str, str]:
    """The commune that each arrondissement is of."""
    return {each.code: each.parent for each in communes().values() if each.parent}


def feature_of(row: Row[Any], opened: int) -> Json:
    properties = {
        "code": row.code,
        "name": row.name,
        "departement": row.departement,
        "region": row.region,
        "epci": row.epci,
        "population": row.population,
        "structures": opened,
    }
    geometry = msgspec.Raw(row.contour.encode()) if row.contour else None
    return {"type": "Feature", "id": row.code, "geometry": geometry, "properties": properties}
