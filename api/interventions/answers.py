"""Structures that come to a point, in the shape of the contract, each with the part of its zone that holds it."""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from api import cursors
from api.dependencies import Reading
from api.parameters import ComesTo
from api.structures.zones import Zone, zone_of
from geo.errors import NotAvailableYet
from geo.filters import Filters
from geo.zones import PIPELINE, Whereabouts
from search.interventions import Coming, coming_to
from search.query import SearchQuery
from search.results import Commune, Data, Structure
from search.rows import read_structures

PAGING = frozenset({"limit", "cursor", "total"})


class Comer(Structure, frozen=True, kw_only=True):
    """A structure that comes to the point; `distance_m` is how far it stands, `zone` the narrowest part that holds the point."""

    zone: Zone


class Comers(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/api/v1/interventions`."""

    total: int | None
    results: list[Comer]
    commune: Commune | None  # that the point is in
    next: str | None
    data: Data


def answer(reading: Reading, question: SearchQuery) -> Comers:
    """Who comes to the question's point; NotAvailableYet while no zone was ever loaded."""
    publication = reading.publication
    if PIPELINE not in publication.days:
        raise NotAvailableYet("Les zones d’intervention : not available yet (pas encore disponibles).")
    coming = coming_to(reading.connection, question)
    return Comers(
        total=coming.total,
        results=_comers(reading, coming),
        commune=_commune(coming.at),
        next=cursors.following(question, publication.version, coming.hits, more=coming.more),
        data=Data(publication.fictitious, publication.version, publication.sources),
    )


class HomeVisits(msgspec.Struct, frozen=True):
    """How many come to the point of a search, and the question that lists them."""

    total: int
    commune: Commune | None
    requete: str


def home_visits(reading: Reading, question: SearchQuery, asked: Sequence[tuple[str, str]]) -> HomeVisits | None:
    """Of the kinds that a search at a point asks for, who comes there; None when nobody does, or it has no point.

    `asked`: the parameters of the search.
    """
    origin = question.origin
    if origin is None or PIPELINE not in reading.publication.days:
        return None
    kinds = ("categories", "activites", "naf", "open_only")
    filters = Filters(**{name: getattr(question.filters, name) for name in kinds})
    found = coming_to(reading.connection, SearchQuery(origin=origin, filters=filters, limit=1))
    if not found.total:
        return None
    shared = [(name, value) for name, value in asked if name in ComesTo.__struct_fields__ and name not in PAGING]
    return HomeVisits(found.total, _commune(found.at), urlencode(shared))


def _comers(reading: Reading, coming: Coming) -> list[Comer]:
    return [
        Comer(**{name: getattr(found, name) for name in found.__struct_fields__}, zone=zone_of(*coming.kinds[found.id]))
        for found in read_structures(reading.connection, coming.hits)
    ]


def _commune(here: Whereabouts) -> Commune | None:
    return Commune(here.commune.code, here.commune.name) if here.commune else None
