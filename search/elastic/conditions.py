"""The filters of a question as the server's queries: a function for each kind, the same rows as geo.filters.conditions in SQL."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from geo.filters import Bounds, Circle, Filters, Ring, bounds_of, bounds_of_circle, categories_of, statuts_of_each
from search.elastic.scripts import script
from search.identifiers import Borne

Query = dict[str, Any]

SLACK = 1e-6  # degrees: ten times what a geo_point is rounded to
EVERY: Query = {"match_all": {}}


def conditions(filters: Filters) -> dict[str, Query]:
    """A query for each filter that is in force, by its name in Filters."""
    found: dict[str, Query] = {"open_only": equal("open", True)} if filters.open_only else {}
    for name, condition in CONDITIONS.items():
        asked = getattr(filters, name)
        if asked is not None and asked != ():
            found[name] = condition(asked)
    return found


def all_of(queries: Iterable[Query]) -> Query:
    """What passes every one of these."""
    wanted = list(queries)
    return {"bool": {"filter": wanted}} if wanted else EVERY


def equal(field: str, value: Any) -> Query:
    return {"term": {field: value}}


def among(field: str) -> Callable[[Iterable[Any]], Query]:
    """Having one of some codes."""
    return lambda codes: {"terms": {field: list(codes)}}


def bears(borne: Borne) -> Query:
    """Having this number in one of its columns."""
    return {"bool": {"should": [equal(column, borne.number) for column in borne.columns], "minimum_should_match": 1}}


def in_circle(circle: Circle) -> Query:
    """Bounds included; only what its box holds is measured."""
    measured = script("within", lon=circle.lon, lat=circle.lat, radius=circle.radius_m)
    return all_of([in_sieve(bounds_of_circle(circle)), {"script": {"script": measured}}])


def in_box(bounds: Bounds) -> Query:
    west, south, east, north = bounds
    between = (
        {"range": {name: {"gte": low, "lte": high}}} for name, low, high in (("lon", west, east), ("lat", south, north))
    )
    return all_of([in_sieve(bounds), *between])


def in_polygon(rings: tuple[Ring, ...]) -> Query:
    bounds = bounds_of(Filters(polygon=rings))
    assert bounds is not None
    return all_of([in_sieve(bounds), {"script": {"script": script("inside", rings=rings)}}])


def in_sieve(bounds: Bounds) -> Query:
    """All that a box holds, and perhaps what stands centimetres away: what the server has an index for."""
    west, south, east, north = bounds
    corners = {
        "left": max(-180.0, west - SLACK),
        "bottom": max(-90.0, south - SLACK),
        "right": min(180.0, east + SLACK),
        "top": min(90.0, north + SLACK),
    }
    return {"geo_bounding_box": {"position": corners}}


def since(day: dt.date) -> Query:
    return {"range": {"updated_on": {"gte": day.isoformat()}}}


CONDITIONS: Mapping[str, Callable[[Any], Query]] = {
    "circle": in_circle,
    "bbox": in_box,
    "polygon": in_polygon,
    "communes": among("commune"),
    "epcis": among("epci"),
    "departements": among("departement"),
    "regions": among("region"),
    "categories": among("categorie_no"),
    "domaines": lambda domaines: among("categorie_no")(categories_of(domaines)),
    "activites": among("activites"),
    "publics": among("publics"),
    "naf": among("naf"),
    "statuts": among("statut"),
    "secteurs": lambda secteurs: among("statut")(statuts_of_each(secteurs)),
    "precisions": among("precision"),
    "telephone": lambda has_phone: equal("has_phone", has_phone),
    "maj_depuis": since,
}
