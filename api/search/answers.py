"""A question answered: hits and rows from the engine, rows from PostgreSQL where it has none, the shape of the contract."""

from typing import Literal

import msgspec

from api import cursors
from api.dependencies import Reading
from geo import activites, sirene
from geo.errors import NotAvailableYet
from geo.publication import Publication
from search.engine import Engine
from search.query import Facet, SearchQuery
from search.results import Corrected, Data, FacetValue, Found, SearchResults, Structure, Surroundings
from search.rows import read_structures


class Point(msgspec.Struct, frozen=True):
    """RFC 7946 § 3.1.2: longitude, latitude."""

    coordinates: tuple[float, float]
    type: Literal["Point"] = "Point"


class Feature(msgspec.Struct, frozen=True):
    """A structure on the map."""

    id: str
    geometry: Point | None
    properties: Structure
    type: Literal["Feature"] = "Feature"


class FeatureCollection(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/api/v1/search` for maps."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    total: int | None
    features: list[Feature]
    facets: dict[str, list[FacetValue]]
    next: str | None
    engine: str
    data: Data
    left_out: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    corrected: tuple[Corrected, ...] | msgspec.UnsetType = msgspec.UNSET
    around: Surroundings | msgspec.UnsetType = msgspec.UNSET
    data_changed: bool | msgspec.UnsetType = msgspec.UNSET


def answer(engine: Engine, reading: Reading, question: SearchQuery) -> SearchResults:
    """Everything `/api/v1/search` says."""
    recalled = answer_recalled(engine, reading.publication, question)
    if recalled is not None:
        return recalled
    found = engine.search(reading.connection, question, reading.publication)
    structures = read_structures(reading.connection, found.hits, explain=question.explain)
    return _results(question, reading.publication, found, structures)


def answer_recalled(engine: Engine, publication: Publication, question: SearchQuery) -> SearchResults | None:
    """The same of what the engine holds, without PostgreSQL; None where it must be asked."""
    check_available(question, publication)
    recalled = engine.recalled(question, publication)
    return recalled and _results(question, publication, *recalled)


def _results(
    question: SearchQuery, publication: Publication, found: Found, structures: list[Structure]
) -> SearchResults:
    return SearchResults(
        total=found.total,
        results=structures,
        facets=found.facets,
        next=cursors.following(question, publication.version, found.hits, more=found.more),
        engine=found.engine,
        data=Data(publication.fictitious, publication.version, publication.sources),
        left_out=found.left_out or msgspec.UNSET,
        corrected=found.corrected or msgspec.UNSET,
        around=found.around or msgspec.UNSET,
        data_changed=_changed(question, publication.version),
    )


def check_available(question: SearchQuery, publication: Publication) -> None:
    """NotAvailableYet rather than « none » when the data that a question filters by or counts were never loaded."""
    asked = {
        "activite": (activites.PIPELINE, bool(question.filters.activites) or Facet.ACTIVITE in question.facets),
        "public": (activites.PIPELINE, bool(question.filters.publics) or Facet.PUBLIC in question.facets),
        "naf": (sirene.PIPELINE, bool(question.filters.naf)),
    }
    for parameter, (pipeline, asks) in asked.items():
        if asks and pipeline not in publication.days:
            raise NotAvailableYet(f"« {parameter} » : not available yet (pas encore disponible).", parameter=parameter)


def as_geojson(results: SearchResults) -> FeatureCollection:
    """The same members beside `features`; a structure without position has a null geometry (RFC 7946 § 3.2)."""
    return FeatureCollection(
        features=[_feature(structure) for structure in results.results],
        **{name: getattr(results, name) for name in results.__struct_fields__ if name != "results"},
    )


def _feature(structure: Structure) -> Feature:
    point = structure.position
    return Feature(structure.id, Point((point.lon, point.lat)) if point else None, structure)


def _changed(question: SearchQuery, version: int) -> bool | msgspec.UnsetType:
    if question.cursor is None:
        return msgspec.UNSET
    return True if question.cursor.version != version else msgspec.UNSET
