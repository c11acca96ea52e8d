"""What is counted in each area: the engine's own facets of the question asked, so that the map says what the list says."""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager

from api.dependencies import Reading
from geo.publication import Publication
from geo.recent import Recent, digest_of
from search.engine import Engine
from search.facets import DIMENSIONS
from search.query import Facet, SearchQuery, default_sort
from tiles.areas import COMMUNES, DEPARTEMENTS, REGIONS, Counts, Level, of_regions

MAX_BYTES, COUNT_BYTES, ENTRY_BYTES = 32 << 20, 150, 1_000
TURNS = 16
# What the engine counts: a région has what its départements have.
FACETS: Mapping[Level, Facet] = {
    REGIONS: Facet.DEPARTEMENT,
    DEPARTEMENTS: Facet.DEPARTEMENT,
    COMMUNES: Facet.COMMUNE,
}


class AreaCounts:
    """By question and facet; safe between threads."""

    def __init__(self) -> None:
        self._counts: Recent[Counts] = Recent(MAX_BYTES)
        self._turns = tuple(threading.Lock() for _ in range(TURNS))

    def get(self, publication: Publication, question: SearchQuery, level: Level) -> Counts | None:
        """Those of a level, where they were counted."""
        found = self._counts.get(_key(publication, question, level))
        return None if found is None else _of_level(level, found)

    def count(self, engine: Engine, view: Reading, question: SearchQuery, level: Level) -> Counts:
        """Ask the engine."""
        found = counted(engine, view, question, FACETS[level])
        self._counts.put(_key(view.publication, question, level), found, ENTRY_BYTES + COUNT_BYTES * len(found))
        return _of_level(level, found)

    def turn(self, question: SearchQuery) -> AbstractContextManager[object]:
        """A map asks for a dozen tiles of a question at once: one of them counts, the others wait."""
        return self._turns[hash((question.words, question.filters)) % TURNS]

    def clear(self) -> None:
        self._counts.clear()


def counted(engine: Engine, view: Reading, question: SearchQuery, facet: Facet) -> Counts:
    """A facet leaves its own filter out: only what the filter leaves is kept."""
    sort = default_sort(question.words, None)
    asked = SearchQuery(
        words=question.words, filters=question.filters, sort=sort, limit=1, facets=(facet,), total=False
    )
    values = engine.search(view.connection, asked, view.publication).facets[facet.value]
    kept = getattr(question.filters, DIMENSIONS[facet].filter)
    return {each.value: each.count for each in values if not kept or each.value in kept}


def _key(publication: Publication, question: SearchQuery, level: Level) -> str:
    return digest_of(publication.stamp, question.words, question.filters, FACETS[level])


def _of_level(level: Level, found: Counts) -> Counts:
    return of_regions(found) if level is REGIONS else found
