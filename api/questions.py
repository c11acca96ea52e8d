"""What is asked becomes a valid question: codes are known, a point has its two coordinates, the order is possible."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from api import cursors
from api.areas import bounds_of_box, rings_of_polygon
from api.parameters import VALUE_SHOWN, Asked, Narrowing, Typed, expected
from geo.activites import FILTER, NATURES, nature_of
from geo.categories import categories, family_members
from geo.communes import area_names, arrondissements_of, current_code
from geo.errors import InvalidQuestion
from geo.filters import Circle, Filters
from geo.naf import FILTERED
from search.query import DEFAULT_LIMIT, Origin, SearchQuery, Sort, default_sort


def question_of(asked: Asked) -> SearchQuery:
    """The valid question, or InvalidQuestion saying which parameter is wrong and what is expected."""
    words, origin = words_of(asked), origin_of(asked)
    sort = asked.sort or default_sort(words, origin)
    if sort is Sort.DISTANCE and origin is None:
        raise InvalidQuestion("Le tri par distance demande un point : « lat » et « lon ».", parameter="sort")
    question = SearchQuery(
        words=words,
        origin=origin,
        filters=filters_of(asked),
        sort=sort,
        limit=asked.limit or DEFAULT_LIMIT,
        facets=tuple(dict.fromkeys(_listed(asked.facets))),
        total=asked.total is not False,
        explain=asked.explain is True,
    )
    if asked.cursor is None:
        return question
    return msgspec.structs.replace(question, cursor=cursors.decode(asked.cursor, question))


def filters_of(asked: Narrowing) -> Filters:
    """The part of a question that tiles share with lists: everything but words, order and paging."""
    origin = origin_of(asked)
    return Filters(
        circle=Circle(origin.lon, origin.lat, asked.radius) if origin and asked.radius is not None else None,
        bbox=bounds_of_box(asked.bbox),
        polygon=rings_of_polygon(asked.polygon),
        communes=_each(asked.commune, "commune", _commune),
        epcis=_each(asked.epci, "epci", _area),
        departements=_each(asked.departement, "departement", _area),
        regions=_each(asked.region, "region", _area),
        categories=_each(asked.categorie, "categorie", _categorie),
        activites=_each(asked.activite, "activite", _activite),
        naf=_each(asked.naf, "naf", _naf),
        open_only=asked.open is None,
    )


def words_of(asked: Narrowing | Typed) -> str:
    """The words, single spaces between them."""
    return " ".join((asked.q or "").split())


def origin_of(asked: Narrowing | Typed) -> Origin | None:
    """The point that distances are measured from."""
    if asked.lat is not None and asked.lon is not None:
        return Origin(lon=asked.lon, lat=asked.lat)
    if asked.lat is not None or asked.lon is not None:
        given, missing = ("lat", "lon") if asked.lon is None else ("lon", "lat")
        raise InvalidQuestion(f"« {given} » est donné sans « {missing} » : les deux font un point.", parameter=missing)
    if isinstance(asked, Narrowing) and asked.radius is not None:
        raise InvalidQuestion("« radius » demande un point : « lat » et « lon ».", parameter="radius")
    return None


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [] if values is None else [values]


def _each(values: str | list[str] | None, name: str, meaning: Callable[[str, str], Iterable[Any]]) -> tuple[Any, ...]:
    codes = (value.strip().upper() for value in _listed(values) if value.strip())
    return tuple(dict.fromkeys(each for code in codes for each in meaning(name, code)))


def _commune(name: str, code: str) -> tuple[str, ...]:
    current = current_code(code)
    if current is None:
        raise _unknown(name, code)
    return (current, *arrondissements_of(current))


def _area(name: str, code: str) -> tuple[str, ...]:
    """A `departement`, `region` or `epci`: a code that does not exist is a mistake, not an empty answer."""
    if code not in area_names(name):
        raise _unknown(name, code)
    return (code,)


def _categorie(name: str, code: str) -> tuple[int, ...]:
    if re.fullmatch("[0-9]{3}", code):  # known or not: a register may be ahead of the nomenclature
        return (int(code),)
    code = code.lower()  # those of ours are words
    members = (code,) if code in categories() else family_members(code)
    if not members:
        raise _unknown(name, code)
    return tuple(categories()[member].no for member in members)


def _activite(name: str, code: str) -> tuple[str, ...]:
    nature, colon, rest = code.partition(":")
    current = f"{nature_of(nature)}{colon}{rest}"
    if not FILTER.fullmatch(current):
        natures = ", ".join(NATURES)
        raise InvalidQuestion(f"{_unknown(name, code)} Natures : {natures}.", parameter=name)
    return (current,)


def _naf(name: str, code: str) -> tuple[str, ...]:
    if not FILTERED.fullmatch(code):
        raise _unknown(name, code)
    return (code,)


def _unknown(name: str, code: str) -> InvalidQuestion:
    shown = code[:VALUE_SHOWN]
    return InvalidQuestion(f"« {name} » ne connaît pas « {shown} ». {expected(Asked, name)}", parameter=name)
