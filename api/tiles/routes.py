"""`/tiles/…`: structures as clusters and points, the base map, their TileJSON."""

import re
import time
from typing import Annotated, Any

import anyio.to_thread
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import PathParameter

from api.conditional import already_has
from api.dependencies import Reading, engine_of, reading, search_of, settings_of
from api.description import BINARY, UNAVAILABLE, UNREADABLE, Answer, Described, json_of, problem
from api.negotiation import takes_gzip
from api.parameters import Narrowing, Nothing, asked_in_query_string
from api.questions import filters_of, words_of
from api.search.answers import check_available
from geo.cells import EXTENT
from geo.errors import NotFound
from geo.recent import Recent
from search.query import SearchQuery
from tiles import basemap, render, tilejson
from tiles.cache import StoredTile, TileCache
from tiles.grid import BUFFER_UNITS, TileAddress

MVT = "application/vnd.mapbox-vector-tile"
VERSION_LIFE_S = 1.0  # a new publication is drawn within a second without a question to the database per tile
# Of what words find, kept: a map asks some twenty tiles of one question in a second. A point has an id and two numbers.
FOUND_BYTES, POINT_BYTES = 64 << 20, 150

Part = Annotated[str, PathParameter(description="Un nombre, celui de la rangée suivi de `.mvt`.")]
ADDRESS = {
    "z": {
        "description": "Zoom : grappes jusqu’à 13, points ensuite.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 22},
    },
    "x": {"description": "Colonne, vers l’est.", "schema": {"type": "integer", "minimum": 0}},
    "y": {"description": "Rangée, vers le sud.", "schema": {"type": "integer", "minimum": 0}},
}
TILE = {
    "get": Described(
        summary="Tuile de structures",
        query=Narrowing,
        path=ADDRESS,
        address="/tiles/structures/{z}/{x}/{y}.mvt",
        answers={
            200: Answer("La tuile", {MVT: BINARY}),
            204: Answer("Rien ici", {}),
            304: Answer("La tuile de l’ETag donné dans `If-None-Match` n’a pas changé", {}),
            400: UNREADABLE,
            404: problem("Une adresse qui n’est pas celle d’une tuile"),
            503: UNAVAILABLE,
        },
    )
}
TILEJSON = {
    "get": Described(
        summary="TileJSON des structures",
        answers={
            200: json_of("TileJSON 3.0", {"type": "object", "required": ["tilejson", "tiles"]}),
            400: UNREADABLE,
            503: UNAVAILABLE,
        },
    )
}


class TileServer:
    """What tile requests share in one process: the cache, the version served, the last questions' matches."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._cache = TileCache()
        self._version = 0
        self._version_read_at = 0.0
        self._found: Recent[render.Points] = Recent(FOUND_BYTES)

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
            tile = StoredTile.of(self._encoded(view, address, question))
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

    def _encoded(self, view: Reading, address: TileAddress, question: SearchQuery) -> bytes:
        if address.clustered and (question.words or not render.is_in_the_grid(question.filters)):
            tile, engine = (address.z, address.x, address.y), search_of(self._state)
            counted = engine.clusters(view.connection, question.words, question.filters, tile, view.publication)
            if counted is not None:
                return render.clusters(view.connection, counted)
        found = self._points(view, address, question) if question.words else None
        return render.tile(view.connection, address, question.filters, found)

    def _points(self, view: Reading, address: TileAddress, question: SearchQuery) -> render.Points:
        key = (view.publication.version, question.words, question.filters)
        if (known := self._found.get(key)) is not None:
            return known
        placed = search_of(self._state).placed(
            view.connection,
            question.words,
            question.filters,
            view.publication,
            within=address.degrees(2 * BUFFER_UNITS / EXTENT),
        )
        found = render.Points(placed.ids, placed.lon, placed.lat)
        if placed.whole:
            self._found.put(key, found, len(found.ids) * POINT_BYTES)
        return found


@get("/tiles/structures/{z:str}/{x:str}/{y:str}", tags=["tuiles"], opt={"described": TILE})
async def structures(request: Request[Any, Any, Any], state: State, z: Part, x: Part, y: Part) -> Response[bytes]:
    """MVT, mêmes filtres que la recherche ; couche `clusters` (`n`) jusqu’au zoom 13, `structures` ensuite."""
    address = _address(z, x, y)
    asked = asked_in_query_string(request.scope["query_string"], Narrowing)
    question = SearchQuery(words=words_of(asked), filters=filters_of(asked))
    server = _server(state)
    tile = server.cached(address, question)
    if tile is None:
        tile = await anyio.to_thread.run_sync(server.rendered, address, question)
    return _response(request, tile)


@get("/tiles/base/{z:str}/{x:str}/{y:str}", include_in_schema=False)
async def base(request: Request[Any, Any, Any], state: State, z: Part, x: Part, y: Part) -> Response[bytes]:
    """Le fond de carte."""
    tile = await anyio.to_thread.run_sync(_server(state).base, _address(z, x, y))
    return _response(request, tile)


@get("/tiles/structures.json", tags=["tuiles"], sync_to_thread=True, opt={"described": TILEJSON})
def structures_json(request: Request[Any, Any, Any], state: State) -> Response[dict[str, Any]]:
    """TileJSON 3.0, adresses absolues : pour les cartes d’ailleurs."""
    asked_in_query_string(request.scope["query_string"], Nothing)
    with reading(state) as view:
        return _tilejson(tilejson.structures(_origin(request, state), view.publication))


@get("/tiles/base.json", include_in_schema=False, sync_to_thread=False)
def base_json(request: Request[Any, Any, Any], state: State) -> Response[dict[str, Any]]:
    """TileJSON 3.0 du fond de carte."""
    return _tilejson(tilejson.base(_origin(request, state)))


def _origin(request: Request[Any, Any, Any], state: State) -> str:
    """Where others reach these tiles: the operator's word, else the address asked. Forwarded headers are anyone's word."""
    return settings_of(state).public_url or str(request.base_url).rstrip("/")


def _tilejson(content: dict[str, Any]) -> Response[dict[str, Any]]:
    """Not for shared caches: without LUM1_PUBLIC_URL, each client gets the address it asked at."""
    return Response(content, media_type="application/json", headers={"cache-control": "private, no-cache"})


def _server(state: State) -> TileServer:
    if not hasattr(state, "tiles"):
        state.tiles = TileServer(state)
    server: TileServer = state.tiles
    return server


def _address(z: str, x: str, y: str) -> TileAddress:
    parts = (z, x, y.removesuffix(".mvt"))
    if not y.endswith(".mvt") or not all(re.fullmatch("[0-9]{1,8}", part) for part in parts):
        raise NotFound("L’adresse d’une tuile est z/x/y.mvt.")
    return TileAddress(*map(int, parts))


def _response(request: Request[Any, Any, Any], tile: StoredTile) -> Response[bytes]:
    headers = {"etag": tile.etag, "cache-control": "public, max-age=60", "vary": "Accept-Encoding"}
    if already_has(request, tile.etag):
        return Response(b"", status_code=304, headers=headers)
    if not tile.body:
        return Response(b"", status_code=204, headers=headers)
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(tile.body, media_type=MVT, headers=headers | {"content-encoding": "gzip"})
    return Response(tile.plain, media_type=MVT, headers=headers)


route_handlers = [structures, base, structures_json, base_json]
