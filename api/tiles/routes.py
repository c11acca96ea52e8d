"""`/tiles/…`: structures as clusters and points, the areas they are counted in, the base map, their TileJSON."""

import re
from typing import Annotated, Any, cast

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import PathParameter

from api import description
from api.conditional import names
from api.dependencies import reading, settings_of
from api.description import BINARY, UNAVAILABLE, UNREADABLE, Described, json_of, problem
from api.parameters import Narrowing, Nothing, asked_in_query_string
from api.questions import filters_of, words_of
from api.search.answers import check_available
from api.tiles import lane
from api.tiles.server import MVT, Answer, server_of, told_to
from geo.errors import NotFound
from search.query import SearchQuery
from tiles import tilejson
from tiles.areas import MAX_ZOOM as AREAS_MAX_ZOOM
from tiles.grid import MAX_ZOOM, TileAddress

Part = Annotated[str, PathParameter(description="Un nombre, celui de la rangée suivi de `.mvt`.")]


def _address(zoom: str, deepest: int) -> dict[str, dict[str, Any]]:
    return {
        "z": {"description": zoom, "schema": {"type": "integer", "minimum": 0, "maximum": deepest}},
        "x": {"description": "Colonne, vers l’est.", "schema": {"type": "integer", "minimum": 0}},
        "y": {"description": "Rangée, vers le sud.", "schema": {"type": "integer", "minimum": 0}},
    }


def _tile(what: str, name: str, address: dict[str, dict[str, Any]]) -> dict[str, Described]:
    return {
        "get": Described(
            summary=f"Tuile {what}",
            query=Narrowing,
            path=address,
            address=f"/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt",
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


TILE = _tile("de structures", "structures", _address("Zoom : grappes jusqu’à 13, points ensuite.", MAX_ZOOM))
AREAS = _tile("d’aires", "areas", _address("Zoom : agrandir les tuiles du dernier.", AREAS_MAX_ZOOM))
CLASSES = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}, "maxItems": 4}}
TILEJSON = {
    "get": Described(
        summary="TileJSON des structures",
        query=Narrowing,
        answers={
            200: json_of("TileJSON 3.0", {"type": "object", "required": ["tilejson", "tiles"]}),
            400: UNREADABLE,
            503: UNAVAILABLE,
        },
    )
}
AREAS_JSON = {
    "get": Described(
        summary="TileJSON des aires",
        query=Narrowing,
        answers={
            200: json_of(
                "TileJSON 3.0 et les classes de chaque couche",
                {"type": "object", "required": ["tilejson", "tiles", "classes"], "properties": {"classes": CLASSES}},
            ),
            400: UNREADABLE,
            503: UNAVAILABLE,
        },
    )
}


@get("/tiles/structures/{z:str}/{x:str}/{y:str}", tags=["tuiles"], opt={"described": TILE})
async def structures(request: Request[Any, Any, Any], state: State, z: Part, x: Part, y: Part) -> Response[bytes]:
    """MVT, mêmes filtres que la recherche ; couche `clusters` (`n`) jusqu’au zoom 13, `structures` ensuite."""
    if error := cast("Any", request.scope).get(lane.REFUSED):
        raise error
    address = address_of(z, x, y)
    question = _narrowed(request)
    held, encoding = told_to(request.scope)
    return _said(request, state, encoding, await server_of(state).structures(address, question, encoding, held))


@get("/tiles/areas/{z:str}/{x:str}/{y:str}", tags=["tuiles"], opt={"described": AREAS})
async def areas(request: Request[Any, Any, Any], state: State, z: Part, x: Part, y: Part) -> Response[bytes]:
    """MVT, mêmes filtres que la recherche ; une couche par zoom : `regions`, `departements` dès 6, `communes` dès 9."""
    address = address_of(z, x, y)
    question = _narrowed(request)
    held, encoding = told_to(request.scope)
    return _said(request, state, encoding, await server_of(state).areas(address, question, encoding, held))


@get("/tiles/base/{z:str}/{x:str}/{y:str}", include_in_schema=False)
async def base(request: Request[Any, Any, Any], state: State, z: Part, x: Part, y: Part) -> Response[bytes]:
    """Le fond de carte."""
    asked_in_query_string(request.scope["query_string"], Nothing)
    held, encoding = told_to(request.scope)
    answer = await server_of(state).base(address_of(z, x, y), encoding)
    return _said(request, state, encoding, answer.not_modified() if names(held, answer.etag) else answer)


@get("/tiles/structures.json", tags=["tuiles"], sync_to_thread=True, opt={"described": TILEJSON})
def structures_json(request: Request[Any, Any, Any], state: State) -> Response[dict[str, Any]]:
    """TileJSON 3.0 d’une question, adresses absolues : pour les cartes d’ailleurs."""
    question = _narrowed(request)
    with reading(state) as view:
        check_available(question, view.publication)
        return _tilejson(tilejson.structures(origin_of(request, state), view.publication, request.url.query))


@get("/tiles/areas.json", tags=["tuiles"], sync_to_thread=True, opt={"described": AREAS_JSON})
def areas_json(request: Request[Any, Any, Any], state: State) -> Response[dict[str, Any]]:
    """TileJSON 3.0 d’une question ; `classes` : où commencent les classes de `per_10000` de chaque couche, sauf la première."""
    publication, counts = server_of(state).counts(_narrowed(request))
    told = tilejson.areas(origin_of(request, state), publication, request.url.query)
    return _tilejson(told | {"classes": tilejson.classes(counts)})


@get("/tiles/base.json", include_in_schema=False, sync_to_thread=False)
def base_json(request: Request[Any, Any, Any], state: State) -> Response[dict[str, Any]]:
    """TileJSON 3.0 du fond de carte."""
    asked_in_query_string(request.scope["query_string"], Nothing)
    return _tilejson(tilejson.base(origin_of(request, state)))


def _narrowed(request: Request[Any, Any, Any]) -> SearchQuery:
    asked = asked_in_query_string(request.scope["query_string"], Narrowing)
    return SearchQuery(words=words_of(asked), filters=filters_of(asked))


def origin_of(request: Request[Any, Any, Any], state: State) -> str:
    """Where others reach these tiles: the operator's word, else the address asked. Forwarded headers are anyone's word."""
    return settings_of(state).public_url or str(request.base_url).rstrip("/")


def _tilejson(content: dict[str, Any]) -> Response[dict[str, Any]]:
    """Not for shared caches: without LUM1_PUBLIC_URL, each client gets the address it asked at."""
    return Response(content, media_type="application/json", headers={"cache-control": "private, no-cache"})


def address_of(z: str, x: str, y: str) -> TileAddress:
    """The tile that a path names; NotFound where it names none, ImpossibleTile outside the pyramid."""
    parts = (z, x, y.removesuffix(".mvt"))
    if not y.endswith(".mvt") or not all(re.fullmatch("-?[0-9]{1,20}", part) for part in parts):
        raise NotFound("L’adresse d’une tuile est z/x/y.mvt.")
    return TileAddress(*map(int, parts))


def _said(request: Request[Any, Any, Any], state: State, encoding: str, answer: Answer) -> Response[bytes]:
    """As the next who asks there will be answered, before any route is looked for (api/tiles/lane.py)."""
    if lane.ADDRESS.fullmatch(request.scope["path"]):
        server_of(state).keep_ready(request.scope["path"], request.scope["query_string"], encoding, answer)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(
        answer.body, status_code=answer.status, media_type=headers.pop("content-type", MVT), headers=headers
    )


route_handlers = [structures, areas, base, structures_json, areas_json, base_json]
