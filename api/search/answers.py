"""A question answered: hits from the engine, rows from PostgreSQL, the shape of the contract."""

from typing import Any

import msgspec

from api import cursors
from api.dependencies import Reading
from geo.activites import PIPELINE
from geo.errors import NotAvailableYet
from geo.publication import Publication
from search.engine import SearchEngine
from search.query import Facet, SearchQuery
from search.results import Data, SearchResults, Structure, next_cursor
from search.rows import read_structures

GEOJSON = "application/geo+json"


def answer(engine: SearchEngine, reading: Reading, question: SearchQuery) -> SearchResults:
    """Everything `/api/v1/search` says."""
    publication = reading.publication
    check_available(question, publication)
    found = engine.search(reading.connection, question, publication)
    structures = read_structures(reading.connection, found.hits, explain=question.explain)
    return SearchResults(
        total=found.total,
        results=structures,
        facets=found.facets,
        next=_next(question, publication.version, found.hits) if found.more and found.hits else None,
        engine=found.engine,
        data=Data(publication.fictitious, publication.version, publication.sources),
        data_changed=_changed(question, publication.version),
    )


def check_available(question: SearchQuery, publication: Publication) -> None:
    """NotAvailableYet rather than « none » when the data that a question filters by or counts were never loaded."""
    asks = bool(question.filters.activites) or Facet.ACTIVITE in question.facets
    if asks and PIPELINE not in publication.days:
        raise NotAvailableYet("« activite » : not available yet (pas encore disponible).", parameter="activite")


def as_geojson(results: SearchResults) -> dict[str, Any]:
    """The same members beside `features`; a structure without position has a null geometry (RFC 7946 § 3.2)."""
    members = msgspec.to_builtins(results)
    features = [_feature(structure) for structure in results.results]
    del members["results"]
    return {"type": "FeatureCollection", **members, "features": features}


def _feature(structure: Structure) -> dict[str, Any]:
    point = structure.position
    geometry = {"type": "Point", "coordinates": [point.lon, point.lat]} if point else None
    return {"type": "Feature", "id": structure.id, "geometry": geometry, "properties": msgspec.to_builtins(structure)}


def _next(question: SearchQuery, version: int, hits: list[Any]) -> str:
    seen = question.cursor.seen if question.cursor else 0
    return cursors.encode(next_cursor(cursors.digest(question), version, hits, seen))


def _changed(question: SearchQuery, version: int) -> bool | msgspec.UnsetType:
    if question.cursor is None:
        return msgspec.UNSET
    return True if question.cursor.version != version else msgspec.UNSET
