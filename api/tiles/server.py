"""What tile requests share in one process: the publication served, the tiles drawn of it, answers ready to go out."""

import threading
import time
from collections.abc import Hashable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import anyio.to_thread
import psycopg
from litestar.datastructures import State

from api.conditional import names
from api.dependencies import Reading, engine_of, reading, search_of
from api.negotiation import preferred_encoding
from api.search.answers import check_available
from api.security.headers import HEADERS, TO_ANY_ORIGIN
from api.tiles.areas import AreaCounts
from geo.etag import etag_of
from geo.publication import Publication
from geo.recent import Recent
from search.query import SearchQuery
from tiles import areas, basemap, counts, render
from tiles.areas import Counts, Level
from tiles.cache import BROTLI, GZIP, IDENTITY, Question, StoredTile, TileCache
from tiles.grid import TileAddress

MVT = "application/vnd.mapbox-vector-tile"
# A new publication is drawn within as long, and somebody withdrawn is gone: who serves is not asked again meanwhile.
VERSION_LIFE_S = 1.0
CACHE_CONTROL = "public, max-age=60"
# Answers as they go out, with their bodies: the cache may have let those go, and has none that is not compressed.
READY_BYTES, READY_ENTRY_BYTES = 16 << 20, 2_000
ALWAYS = [
    (name.encode(), value.encode())
    for name, value in {"cache-control": CACHE_CONTROL, "vary": "Accept-Encoding", **HEADERS, **TO_ANY_ORIGIN}.items()
]
EMPTY = StoredTile(b"")


NOT_MODIFIED = 304


class Answer(NamedTuple):
    """As it goes out: 200, or 204 for a tile that holds nothing."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: str
    stamp: str  # of the publication

    def not_modified(self) -> "Answer":
        """To one who has it already (RFC 9110 § 15.4.5)."""
        kept = [each for each in self.headers if each[0] not in OF_A_BODY]
        return Answer(NOT_MODIFIED, kept, b"", self.etag, self.stamp)


OF_A_BODY = (b"content-type", b"content-encoding", b"content-length")


class Served(NamedTuple):
    """A publication, and where it has open structures."""

    publication: Publication
    covered: frozenset[int]


class TileServer:
    """Safe between threads; one for each application."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._cache = TileCache()
        self._counts = AreaCounts()
        self._ready: Recent[Answer] = Recent(READY_BYTES)
        self._served: Served | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    def ready(self, path: str, query: bytes, encoding: str) -> Answer | None:
        """What was answered there, of a publication that was served a second ago at most."""
        served = self._fresh()
        return None if served is None else self._ready.get((served.publication.stamp, path, query, encoding))

    def keep_ready(self, path: str, query: bytes, encoding: str, answer: Answer) -> None:
        """For the next who asks there, while the same publication is served; a 304 says nothing to others."""
        if answer.status == NOT_MODIFIED:
            return
        key = (answer.stamp, path, query, encoding)
        self._ready.put(key, answer, READY_ENTRY_BYTES + len(path) + len(query) + len(answer.body))

    async def structures(self, address: TileAddress, question: SearchQuery, encoding: str, held: str) -> Answer:
        """A tile of structures; 304 where its ETag is among those `held` (`If-None-Match`), then drawn for nobody."""
        served = await self._serving()
        asked = Question(served.publication.stamp, address, question.words, question.filters)
        if answer := self._known(served, asked, question, encoding, held):
            return answer
        if _is_out_of_sight(served, address, question):
            return _answer(EMPTY, asked.etag(encoding), encoding, asked.stamp)
        if stored := await self._plain(served, asked):
            return _answer(
                self._in_encoding(asked.digest, stored, encoding), asked.etag(encoding), encoding, asked.stamp
            )
        asked, drawn = await anyio.to_thread.run_sync(self._drawn, asked, question, encoding)
        return _answer(drawn, asked.etag(encoding), encoding, asked.stamp)

    async def areas(self, address: TileAddress, question: SearchQuery, encoding: str, held: str) -> Answer:
        """A tile of areas with what is counted in each; 304 as above."""
        level = areas.level_of(address)
        served = await self._serving()
        asked = Question(served.publication.stamp, address, question.words, question.filters, "areas")
        if answer := self._known(served, asked, question, encoding, held):
            return answer
        draw = partial(self._areas_drawn, served.publication, level, asked, question, encoding)
        asked, drawn = await anyio.to_thread.run_sync(draw)
        return _answer(drawn, asked.etag(encoding), encoding, asked.stamp)

    def counts(self, question: SearchQuery) -> tuple[Publication, dict[Level, Counts]]:
        """What is counted in the areas of each level, all of one publication."""
        known = (self._fresh() or self._refreshed()).publication
        check_available(question, known)
        while True:
            found = {level: self._counted(known, question, level) for level in areas.LEVELS}
            stamps = {publication.stamp for publication, _ in found.values()}
            known = found[areas.LEVELS[-1]][0]
            if len(stamps) == 1:
                return known, {level: counted for level, (_, counted) in found.items()}

    def _known(self, served: Served, asked: Question, question: SearchQuery, encoding: str, held: str) -> Answer | None:
        """To one who has it, or of what was drawn before; NotAvailableYet where it cannot be asked."""
        if names(held, etag := asked.etag(encoding)):
            return _answer(EMPTY, etag, encoding, asked.stamp).not_modified()
        check_available(question, served.publication)
        if tile := self._cache.get((asked.digest, encoding)):
            return _answer(tile, etag, encoding, asked.stamp)
        return None

    async def base(self, address: TileAddress, encoding: str) -> Answer:
        """A tile of the base map, which changes with the program and the reference data only."""
        tile, etag = await anyio.to_thread.run_sync(self._base, address, encoding)
        served = self._served
        return _answer(tile, etag, encoding, served.publication.stamp if served else "")

    async def _serving(self) -> Served:
        served = self._fresh()
        return served if served is not None else await anyio.to_thread.run_sync(self._refreshed)

    def _fresh(self) -> Served | None:
        return self._served if time.monotonic() - self._read_at <= VERSION_LIFE_S else None

    def _refreshed(self) -> Served:
        began = time.monotonic()
        with reading(self._state) as view:
            return self._seen(view, began)

    def _seen(self, view: Reading, began: float) -> Served:
        """What a transaction that began then sees: the last one to begin says what is served."""
        known = self._served
        if known is None or known.publication.stamp != view.publication.stamp:
            known = Served(view.publication, counts.covered(view.connection))
        with self._lock:
            if began > self._read_at:
                if self._served is not None and self._served.publication.stamp != known.publication.stamp:
                    self._ready.clear()
                    self._cache.clear()
                    self._counts.clear()
                self._served, self._read_at = known, began
        return known

    async def _plain(self, served: Served, asked: Question) -> StoredTile | None:
        """Drawn by one statement, of that publication; None where it takes more, or PostgreSQL does not answer."""
        if asked.words or not render.is_plain(asked.address, asked.filters):
            return None
        if stored := self._cache.get((asked.digest, GZIP)):
            return stored
        try:
            tile, version = await self._state.statements.row(*render.plain(asked.address, asked.filters))
        except psycopg.errors.QueryCanceled:
            raise  # another way would take as long
        except psycopg.Error:
            return None
        return StoredTile.of(bytes(tile or b"")) if version == served.publication.version else None

    def _drawn(self, asked: Question, question: SearchQuery, encoding: str) -> tuple[Question, StoredTile]:
        """And what it answers: a publication may have followed the one that was asked of."""
        if stored := self._cache.get((asked.digest, GZIP)):
            return asked, self._in_encoding(asked.digest, stored, encoding)
        began = time.monotonic()
        with reading(self._state) as view:
            asked = asked.of(self._seen(view, began).publication)
            stored = StoredTile.of(self._of_engine(view, asked.address, question))
        return asked, self._in_encoding(asked.digest, stored, encoding)

    def _areas_drawn(
        self, known: Publication, level: Level, asked: Question, question: SearchQuery, encoding: str
    ) -> tuple[Question, StoredTile]:
        if stored := self._cache.get((asked.digest, GZIP)):
            return asked, self._in_encoding(asked.digest, stored, encoding)
        publication, counted = self._counted(known, question, level)
        asked = asked.of(publication)
        with engine_of(self._state).connect() as connection:  # shapes are of no publication
            stored = StoredTile.of(areas.tile(connection, asked.address, counted))
        return asked, self._in_encoding(asked.digest, stored, encoding)

    def _counted(self, known: Publication, question: SearchQuery, level: Level) -> tuple[Publication, Counts]:
        """Of the publication known to be served, or of the one that followed."""
        with self._counts.turn(question):
            if (found := self._counts.get(known, question, level)) is not None:
                return known, found
            began = time.monotonic()
            with reading(self._state) as view:
                publication = self._seen(view, began).publication
                return publication, self._counts.count(search_of(self._state), view, question, level)

    def _of_engine(self, view: Reading, address: TileAddress, question: SearchQuery) -> bytes:
        filters, ids = question.filters, None
        if question.words or not render.is_plain(address, filters):
            engine, tile = search_of(self._state), (address.z, address.x, address.y)
            asked = (view.connection, question.words, filters, tile, view.publication)
            if address.clustered and (counted := engine.clusters(*asked)) is not None:
                return render.clusters(view.connection, counted)
            if question.words:
                ids = engine.standing(*asked)
        return render.tile(view.connection, address, filters, ids)

    def _in_encoding(self, key: Hashable, stored: StoredTile, encoding: str) -> StoredTile:
        self._cache.put((key, GZIP), stored)
        if encoding == BROTLI:
            compressed = stored.as_brotli()
            self._cache.put((key, BROTLI), compressed)
            return compressed
        return StoredTile(stored.plain()) if encoding == IDENTITY else stored

    def _base(self, address: TileAddress, encoding: str) -> tuple[StoredTile, str]:
        key = ("base", address)
        stored = self._cache.get((key, GZIP))
        if stored is None:
            with engine_of(self._state).connect() as connection:
                stored = StoredTile.of(basemap.tile(connection, address))
        etag = f'{etag_of(stored.body)[:-1]}-{encoding}"'
        if known := self._cache.get((key, encoding)):
            return known, etag
        return self._in_encoding(key, stored, encoding), etag


def server_of(state: State) -> TileServer:
    """The application's own."""
    if not hasattr(state, "tiles"):
        state.tiles = TileServer(state)
    server: TileServer = state.tiles
    return server


def _is_out_of_sight(served: Served, address: TileAddress, question: SearchQuery) -> bool:
    """Whether nothing stands there, whatever is asked of what is open."""
    return question.filters.open_only and not counts.may_hold(served.covered, address.z, address.x, address.y)


def _answer(tile: StoredTile, etag: str, encoding: str, stamp: str) -> Answer:
    told = [(b"etag", etag.encode()), *ALWAYS]
    if tile.body:
        told += [(b"content-type", MVT.encode()), (b"content-length", b"%d" % len(tile.body))]
        if encoding != IDENTITY:
            told.append((b"content-encoding", encoding.encode()))
    return Answer(200 if tile.body else 204, told, tile.body, etag, stamp)


def told_to(scope: Any) -> tuple[str, str]:
    """What a request holds already (`If-None-Match`), and the encoding it likes best."""
    held, accepted = [], []  # a list may come in several lines (RFC 9110 § 5.3)
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            held.append(value)
        elif name == b"accept-encoding":
            accepted.append(value)
    return b", ".join(held).decode("latin-1"), _encoding_for(b", ".join(accepted).decode("latin-1"))


_encoding_for = lru_cache(maxsize=256)(preferred_encoding)  # a few browsers' own headers
