"""`/tiles/…`: structures as clusters and points, the base map, their TileJSON."""

import re
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import PathParameter

from api import description
from api.dependencies import reading, settings_of
from api.description import BINARY, UNAVAILABLE, UNREADABLE, Described, json_of, problem
from api.negotiation import preferred_encoding
from api.parameters import Narrowing, Nothing, asked_in_query_string
from api.questions import filters_of, words_of
from api.tiles.server import MVT, Answer, names, server_of, told_to
from geo.errors import NotFound
from search.query import SearchQuery
from tiles import tilejson
from tiles.grid import TileAddress

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
            200: description.Answer("La tuile", {MVT: BINARY}),
            204: description.Answer("Rien ici", {}),
            304: description.Answer("La tuile de l’ETag donné dans `If-None-Match` n’a pas changé", {}),
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


@get("/tiles/structures/{z:str}/{x:str}/{y:str}", tags=["tuiles"], opt={"described": TILE})
async def structures(request: Request[Any, Any, Any], state: State, z: Part, x: Part, y: Part) -> Response[bytes]:
    """MVT, mêmes filtres que la recherche ; couche `clusters` (`n`) jusqu’au zoom 13, `structures` ensuite."""
    address = address_of(z, x, y)
    asked = asked_in_query_string(request.scope["query_string"], Narrowing)
    question = SearchQuery(words=words_of(asked), filters=filters_of(asked))
    held, accepted = told_to(request.scope)
    encoding = preferred_encoding(accepted)
    return _said(request, state, encoding, await server_of(state).structures(address, question, encoding, held))


@get("/tiles/base/{z:str}/{x:str}/{y:str}", include_in_schema=False)
async def base(request: Request[Any, Any, Any], state: State, z: Part, x: Part, y: Part) -> Response[bytes]:
    """Le fond de carte."""
    held, accepted = told_to(request.scope)
    encoding = preferred_encoding(accepted)
    answer = await server_of(state).base(address_of(z, x, y), encoding)
    return _said(request, state, encoding, answer.not_modified() if names(held, answer.etag.decode()) else answer)


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


def address_of(z: str, x: str, y: str) -> TileAddress:
    """The tile that a path names; NotFound where it names none, ImpossibleTile outside the pyramid."""
    parts = (z, x, y.removesuffix(".mvt"))
    if not y.endswith(".mvt") or not all(re.fullmatch("[0-9]{1,8}", part) for part in parts):
        raise NotFound("L’adresse d’une tuile est z/x/y.mvt.")
    return TileAddress(*map(int, parts))


def _said(request: Request[Any, Any, Any], state: State, encoding: str, answer: Answer) -> Response[bytes]:
    """As the next who asks there will be answered, before any route is looked for (api/tiles/lane.py)."""
    if answer.status != NOT_MODIFIED:
        server_of(state).keep_ready(request.scope["path"], request.scope["query_string"], encoding, answer)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(
        answer.body, status_code=answer.status, media_type=headers.pop("content-type", MVT), headers=headers
    )


NOT_MODIFIED = 304

route_handlers = [structures, base, structures_json, base_json]
