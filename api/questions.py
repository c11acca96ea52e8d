"""What is asked becomes a valid question: codes are known, a point has its two coordinates, the order is possible."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec

from api import cursors
from api.areas import bounds_of_box, rings_of_polygon
from api.parameters import VALUE_SHOWN, Asked, Narrowing, Typed, asked_in_query_string, expected
from geo.activites import FILTER, NATURES, is_public, nature_of
from geo.categories import DOMAINES, categories, family_members, legal_statuses
from geo.communes import area_names, arrondissements_of, current_code
from geo.errors import InvalidQuestion
from geo.filters import Circle, Filters
from geo.naf import BEGUN, FILTERED
from geo.position import PRECISIONS
from geo.reference.naf import codes_in_scope
from geo.statuts import SECTEURS
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


def question_from(query_string: str) -> SearchQuery:
    """The question that `api.addressing` wrote, or any other query string asks."""
    return question_of(asked_in_query_string(query_string.encode(), Asked))


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
        domaines=_each(asked.domaine, "domaine", _domaine),
        activites=_each(asked.activite, "activite", _activite),
        publics=_each(asked.public, "public", _public),
        naf=_each(asked.naf, "naf", _naf),
        statuts=_each(asked.statut, "statut", _statut),
        secteurs=_each(asked.secteur, "secteur", _secteur),
        precisions=_each(asked.precision, "precision", _precision),
        telephone=asked.telephone,
        maj_depuis=asked.maj_depuis,
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
    return tuple(sorted({each for code in codes for each in meaning(name, code)}))  # one order, so one question


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


def _public(name: str, code: str) -> tuple[str, ...]:
    if not is_public(code):
        raise _unknown(name, code)
    return (code,)  # known or not: the flow is ahead of the few labels that are published


def _naf(name: str, code: str) -> tuple[str, ...]:
    if FILTERED.fullmatch(code):
        return (code,)
    members = tuple(each for each in codes_in_scope() if each.startswith(code)) if BEGUN.fullmatch(code) else ()
    if not members:
        raise _unknown(name, code)
    return members


def _domaine(name: str, code: str) -> tuple[str, ...]:
    return _one_of(DOMAINES, name, code)


def _statut(name: str, code: str) -> tuple[str, ...]:
    return _one_of(legal_statuses(), name, code)


def _secteur(name: str, code: str) -> tuple[str, ...]:
    return _one_of(SECTEURS, name, code.lower())


def _precision(name: str, code: str) -> tuple[str, ...]:
    return _one_of(PRECISIONS, name, code.lower())


def _one_of(known: Collection[str], name: str, code: str) -> tuple[str, ...]:
    if code not in known:
        raise _unknown(name, code)
    return (code,)


def _unknown(name: str, code: str) -> InvalidQuestion:
    shown = code[:VALUE_SHOWN]
    return InvalidQuestion(f"« {name} » ne connaît pas « {shown} ». {expected(Asked, name)}", parameter=name)
