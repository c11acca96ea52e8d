"""`/tiles/…`: structures as clusters and points, the base map, their TileJSON."""

import time
from typing import Annotated, Any

import anyio.to_thread
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter

from api import parameters as p
from api.dependencies import engine_of, reading, search_of
from api.errors import Problem
from api.search.answers import check_available
from geo.errors import InvalidQuestion, NotFound
from geo.filters import Filters
from search.query import SearchQuery
from tiles import basemap, render, tilejson
from tiles.cache import StoredTile, TileCache
from tiles.grid import TileAddress

MVT = "application/vnd.mapbox-vector-tile"
VERSION_LIFE_S = 1.0  # a new publication is drawn within a second without a question to the database per tile
FOUND_LIFE = 16  # questions whose matches are kept: a map asks some twenty tiles of one question in a second
PROBLEMS = {400: ResponseSpec(Problem, description="Tuile impossible", media_type="application/problem+json")}

Zoom = Annotated[int, PathParameter(description="0 à 22 ; grappes jusqu’à 13, points ensuite.")]
Column = Annotated[int, PathParameter(description="Vers l’est.")]
Row = Annotated[str, PathParameter(description="Vers le sud, suivi de `.mvt`.")]


class TileServer:
    """What tile requests share in one process: the cache, the version served, the last questions' matches."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._cache = TileCache()
        self._version = 0
        self._version_read_at = 0.0
        self._found: dict[tuple[int, str, Filters], render.Points] = {}

    def cached(self, address: TileAddress, question: SearchQuery) -> StoredTile | None:
        """The tile, when it is known and the served version was checked less than a second ago."""
        if time.monotonic() - self._version_read_at > VERSION_LIFE_S:
            return None
        return self._cache.get((self._version, address, question.words, question.filters))

    def rendered(self, address: TileAddress, question: SearchQuery) -> StoredTile:
        """The tile of the publication served now."""
        with reading(self._state) as view:
            version = view.publication.version
            self._version, self._version_read_at = version, time.monotonic()
            key = (version, address, question.words, question.filters)
            if known := self._cache.get(key):
                return known
            check_available(question, view.publication)
            found = self._points(view, question) if question.words else None
            tile = StoredTile.of(render.tile(view.connection, address, question.filters, found))
        self._cache.put(key, tile)
        return tile

    def base(self, address: TileAddress) -> StoredTile:
        """A tile of the base map, which changes with the program only."""
        key = ("base", address)
        if known := self._cache.get(key):
            return known
        with engine_of(self._state).connect() as connection:
            tile = StoredTile.of(basemap.tile(connection, address))
        self._cache.put(key, tile)
        return tile

    def _points(self, view: Any, question: SearchQuery) -> render.Points:
        key = (view.publication.version, question.words, question.filters)
        if key not in self._found:
            placed = search_of(self._state).placed(view.connection, question.words, question.filters, view.publication)
            while len(self._found) >= FOUND_LIFE:
                self._found.pop(next(iter(self._found)), None)
            self._found[key] = render.Points(placed.ids, placed.lon, placed.lat)
        return self._found[key]


@get("/tiles/structures/{z:int}/{x:int}/{y:str}", summary="Tuile de structures", tags=["tuiles"], responses=PROBLEMS)
async def structures(
    request: Request[Any, Any, Any],
    state: State,
    z: Zoom,
    x: Column,
    y: Row,
    q: p.Words = None,
    communes: p.CommuneCode = None,
    departements: p.DepartementCode = None,
    regions: p.RegionCode = None,
    categories: p.CategorieCode = None,
    activites: p.ActiviteCode = None,
) -> Response[bytes]:
    """MVT, mêmes filtres que la recherche ; couche `clusters` (`n`) jusqu’au zoom 13, `structures` ensuite. Vide : 204."""
    address = _address(z, x, y)
    question = _filters_only(p.asked_in_query_string(request.scope["query_string"]))
    server = _server(state)
    tile = server.cached(address, question)
    if tile is None:
        tile = await anyio.to_thread.run_sync(server.rendered, address, question)
    return _response(request, tile)


@get("/tiles/base/{z:int}/{x:int}/{y:str}", include_in_schema=False)
async def base(request: Request[Any, Any, Any], state: State, z: Zoom, x: Column, y: Row) -> Response[bytes]:
    """Le fond de carte."""
    tile = await anyio.to_thread.run_sync(_server(state).base, _address(z, x, y))
    return _response(request, tile)


@get("/tiles/structures.json", summary="TileJSON des structures", tags=["tuiles"], sync_to_thread=True)
def structures_json(request: Request[Any, Any, Any], state: State) -> dict[str, Any]:
    """TileJSON 3.0."""
    with reading(state) as view:
        return tilejson.structures(str(request.base_url).rstrip("/"), view.publication)


@get("/tiles/base.json", include_in_schema=False, sync_to_thread=False)
def base_json(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """TileJSON 3.0 du fond de carte."""
    return tilejson.base(str(request.base_url).rstrip("/"))


def _server(state: State) -> TileServer:
    if not hasattr(state, "tiles"):
        state.tiles = TileServer(state)
    server: TileServer = state.tiles
    return server


def _address(z: int, x: int, y: str) -> TileAddress:
    row, _, ending = y.partition(".")
    if ending != "mvt" or not row.isdecimal():
        raise NotFound("L’adresse d’une tuile est z/x/y.mvt.")
    return TileAddress(z, x, int(row))


def _filters_only(asked: p.Asked) -> SearchQuery:
    """A tile has no order and no pages: parameters of lists are refused rather than ignored."""
    for name in ("sort", "limit", "cursor", "facets", "total", "explain"):
        if getattr(asked, name) is not None:
            raise InvalidQuestion(f"« {name} » n’a pas de sens pour une tuile.", parameter=name)
    question = p.question_of(asked)
    return SearchQuery(words=question.words, filters=question.filters)


def _response(request: Request[Any, Any, Any], tile: StoredTile) -> Response[bytes]:
    headers = {"etag": tile.etag, "cache-control": "public, max-age=60", "vary": "Accept-Encoding"}
    if tile.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if not tile.body:
        return Response(b"", status_code=204, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(tile.body, media_type=MVT, headers=headers | {"content-encoding": "gzip"})
    return Response(tile.plain, media_type=MVT, headers=headers)


route_handlers = [structures, base, structures_json, base_json]
