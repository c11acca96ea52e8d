"""One question in, one answer out: which engine speaks, and how it is reached."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import numpy as np
from sqlalchemy import ColumnElement, Connection, select

from geo import sirene
from geo.errors import NotReady
from geo.filters import Filters, conditions
from geo.publication import Publication
from geo.recent import Recent, digest_of
from geo.settings import Settings
from geo.structures import structure
from search import suggestions
from search.embedded import ordered, postgis, standing, words
from search.embedded.arrays import Array
from search.embedded.index import OpenIndexes, WordIndex
from search.embedded.typed import Lines
from search.identifiers import typed_number
from search.query import Origin, SearchQuery
from search.results import Clusters, Found, Placed, Structure, Suggestion

NAME = "embedded"
# Of what the last questions find, where they stand: a map asks some twenty tiles of one question in a second.
STANDING_BYTES, ENTRY_BYTES = 64 << 20, 1_000

Tile = tuple[int, int, int]  # zoom, column, row
Recalled = tuple[Found, list[Structure]]  # an answer, and the structures of its page


class Speaks(msgspec.Struct, frozen=True):
    """Which engine answers."""

    engine: str
    words: bool = True  # questions with words too
    stands_in: bool = False  # for the one that settings choose


class Engine(Protocol):
    """What every engine answers; the same rows in the same order from each."""

    @property
    def is_replaced(self) -> bool: ...

    def search(self, connection: Connection, query: SearchQuery, publication: Publication) -> Found: ...

    def recalled(self, query: SearchQuery, publication: Publication) -> Recalled | None: ...

    def kept(self, publication: Publication) -> WordIndex | None: ...

    def suggest(
        self, connection: Connection, words: str, origin: Origin | None, limit: int, publication: Publication
    ) -> list[Suggestion]: ...

    def suggested(
        self, words: str, origin: Origin | None, limit: int, publication: Publication
    ) -> list[Suggestion] | None: ...

    def placed(self, connection: Connection, words: str, filters: Filters, publication: Publication) -> Placed: ...

    def standing(
        self, connection: Connection, words: str, filters: Filters, tile: Tile, publication: Publication
    ) -> list[str] | None: ...

    def clusters(
        self, connection: Connection, words: str, filters: Filters, tile: Tile, publication: Publication
    ) -> Clusters | None: ...

    def check(self, publication: Publication) -> Speaks: ...


def engine_of(settings: Settings) -> Engine:
    """The engine that the settings choose."""
    server = settings.search_server
    if server is None:
        return SearchEngine(settings.search_root)
    from search.elastic.engine import ElasticEngine  # its client takes 30 MB and half a second that few ask for
    from search.guarded import GuardedEngine

    here = SearchEngine(settings.search_root if server.fallback else None)
    return GuardedEngine(ElasticEngine(server, kept=here.kept), here)


class Here(NamedTuple):
    """What stands in a tile, of arrays in the order of places."""

    arrays: Mapping[str, Array]
    places: Array

    def ids(self) -> Array:
        return self.arrays["ids"].take(self.arrays["place_ranks"].take(self.places))


class NoIndexes:
    """Where words are the search server's alone (LUM1_SEARCH_FALLBACK=none)."""

    def of(self, version: int) -> WordIndex:
        """NotReady, always."""
        raise NotReady("Le moteur de recherche ne répond pas ; sans mots, la carte et la liste répondent toujours.")


class SearchEngine:
    """The embedded engine: the words index and the columns beside it; PostGIS for numbers, and while there is no index."""

    is_replaced = False

    def __init__(self, root: Path | None) -> None:
        """`root`: of the indexes; None: PostGIS alone, and words wait for the search server."""
        self._indexes: OpenIndexes | NoIndexes = OpenIndexes(root) if root else NoIndexes()
        self._standing: Recent[Array] = Recent(STANDING_BYTES)
        suggestions.warm_up()

    def search(self, connection: Connection, query: SearchQuery, publication: Publication) -> Found:
        """The page of hits that a question gets."""
        number = typed_number(query.words)
        if number is not None:
            return postgis.search(connection, query, [number])
        try:
            return _found(self._indexes.of(publication.version), query)
        except NotReady:
            if query.words:
                raise
            return postgis.search(connection, query)

    def kept(self, publication: Publication) -> WordIndex | None:
        """The index of a publication, with what is said of each structure; None while there is none."""
        try:
            return self._indexes.of(publication.version)
        except NotReady:
            return None

    def recalled(self, query: SearchQuery, publication: Publication) -> Recalled | None:
        """The same with the structures of the page, without PostgreSQL; None where it must be asked."""
        if typed_number(query.words) is not None:
            return None
        try:
            index = self._indexes.of(publication.version)
            found = _found(index, query)
            return found, index.structures(found.hits, explain=query.explain)
        except NotReady:
            return None

    def suggest(
        self, connection: Connection, words: str, origin: Origin | None, limit: int, publication: Publication
    ) -> list[Suggestion]:
        """Lines for what is typed so far."""
        number = typed_number(words)
        if number is not None:
            return suggestions.bearing(connection, number, limit)
        return _suggested(self._indexes.of(publication.version), words, origin, limit, publication)

    def suggested(
        self, words: str, origin: Origin | None, limit: int, publication: Publication
    ) -> list[Suggestion] | None:
        """The same without PostgreSQL; None where it must be asked."""
        if typed_number(words) is not None:
            return None
        try:
            return _suggested(self._indexes.of(publication.version), words, origin, limit, publication)
        except NotReady:
            return None

    def placed(self, connection: Connection, typed: str, filters: Filters, publication: Publication) -> Placed:
        """Every structure with a position that the words and filters find, by id."""
        number = typed_number(typed)
        if number is not None:
            return _placed_by_sql(connection, [number, *conditions(filters, structure)])
        index = self._indexes.of(publication.version)
        ranks = words.placed(index, typed, filters)
        lon, lat = index.columns["lon"][ranks], index.columns["lat"][ranks]
        known = ~np.isnan(lon)
        ids = [each.decode() for each in index.columns["ids"][ranks[known]].tolist()]
        return Placed(ids, lon[known].tolist(), lat[known].tolist())

    def standing(
        self, connection: Connection, words: str, filters: Filters, tile: Tile, publication: Publication
    ) -> list[str] | None:
        """Ids of what the words and filters find in a tile; None where PostGIS is to be asked, without words."""
        here = self._in_tile(connection, words, filters, tile, publication)
        return None if here is None else [each.decode() for each in here.ids().tolist()]

    def clusters(
        self, connection: Connection, words: str, filters: Filters, tile: Tile, publication: Publication
    ) -> Clusters | None:
        """The same counted by cell."""
        here = self._in_tile(connection, words, filters, tile, publication)
        return None if here is None else standing.clusters_of(here.arrays, here.places, tile[0])

    def _in_tile(
        self, connection: Connection, typed: str, filters: Filters, tile: Tile, publication: Publication
    ) -> "Here | None":
        number = typed_number(typed)
        if number is not None:
            placed = _placed_by_sql(connection, [number, *conditions(filters, structure)])
            made = standing.standing_of(np.array(placed.lon), np.array(placed.lat))
            of_number = made | {"ids": np.array(placed.ids, dtype=np.bytes_)}
            return Here(of_number, standing.in_tile(of_number, np.arange(len(placed.ids)), tile))
        try:
            index = self._indexes.of(publication.version)
        except NotReady:
            if typed:
                raise
            return None
        key = digest_of(publication.version, typed, filters)
        arrays = index.columns.arrays
        if (found := self._standing.get(key)) is None:
            found = standing.in_order(arrays, _ranks(index, typed, filters))
            self._standing.put(key, found, found.nbytes + ENTRY_BYTES)
        return Here(arrays, standing.in_tile(arrays, found, tile))

    def ids(self, connection: Connection, typed: str, filters: Filters, publication: Publication) -> list[str]:
        """All that the words and filters find, with a position or without, in the order of ids."""
        number = typed_number(typed)
        if number is None:
            try:
                return _ids(self._indexes.of(publication.version), typed, filters)
            except NotReady:
                if typed:
                    raise
        asked = [*conditions(filters, structure), *([] if number is None else [number])]
        return list(connection.scalars(select(structure.c.id).where(*asked).order_by(structure.c.id)))

    def check(self, publication: Publication) -> Speaks:
        """Raise NotReady unless the index of this publication opens."""
        self._indexes.of(publication.version)
        return Speaks(NAME)


def _found(index: WordIndex, query: SearchQuery) -> Found:
    return words.search(index, query) if query.words else ordered.search(index.columns, query)


def _ids(index: WordIndex, typed: str, filters: Filters) -> list[str]:
    return [each.decode() for each in index.columns["ids"].take(_ranks(index, typed, filters)).tolist()]


def _ranks(index: WordIndex, typed: str, filters: Filters) -> Array:
    columns = index.columns
    return words.placed(index, typed, filters) if typed else columns.ranks_passing(filters, columns.candidates(filters))


def _suggested(
    index: WordIndex, words: str, origin: Origin | None, limit: int, publication: Publication
) -> list[Suggestion]:
    return suggestions.suggest(Lines(index), words, origin, limit, with_sirene=sirene.PIPELINE in publication.days)


def _placed_by_sql(connection: Connection, asked: list[ColumnElement[bool]]) -> Placed:
    query = select(structure.c.id, structure.c.lon, structure.c.lat).where(*asked, structure.c.geom.is_not(None))
    rows = connection.execute(query.order_by(structure.c.id)).all()
    return Placed([r.id for r in rows], [r.lon for r in rows], [r.lat for r in rows])
