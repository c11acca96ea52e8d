"""OGC API - Tiles: the tiles of `/tiles/structures`, by the addresses of the standard: matrix, row, column."""

from collections.abc import Awaitable
from typing import Annotated, Any, cast

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import PathParameter

from api.description import BINARY, UNAVAILABLE, UNREADABLE, Answer, Described, json_of, problem
from api.ogc.links import JSON, MVT, RELATION, Link, link, root_of, self_link
from api.parameters import Narrowing, Nothing, asked_in_query_string
from api.tiles.routes import structures as tile_of_structures
from tiles.grid import MAX_ZOOM, MERCATOR_HALF

MATRIX_SET = "WebMercatorQuad"
URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{MATRIX_SET}"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
PIXELS = 256  # of the standard's set; ours have as many for a screen
PIXEL_M = 0.00028  # OGC 17-083r4 § 6.1: the pixel that scale denominators speak of
TILESET = f"/ogc/collections/structures/tiles/{MATRIX_SET}"

Part = Annotated[str, PathParameter(description="Un nombre.")]
Json = dict[str, Any]
ADDRESS: dict[str, Json] = {
    "tileMatrix": {
        "description": "Zoom : grappes jusqu’à 13, points ensuite.",
        "schema": {"type": "integer", "minimum": 0, "maximum": MAX_ZOOM},
    },
    "tileRow": {"description": "Rangée, vers le sud.", "schema": {"type": "integer", "minimum": 0}},
    "tileCol": {"description": "Colonne, vers l’est.", "schema": {"type": "integer", "minimum": 0}},
}
TILE = {
    "get": Described(
        summary="Tuile de structures, par matrice, rangée et colonne",
        query=Narrowing,
        path=ADDRESS,
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


def _document(summary: str, *required: str) -> dict[str, Described]:
    schema = {"type": "object", "required": list(required)}
    return {"get": Described(summary=summary, answers={200: json_of(summary, schema), 400: UNREADABLE})}


@get(
    f"{TILESET}/{{tileMatrix:str}}/{{tileRow:str}}/{{tileCol:str}}",
    tags=["ogc"],
    opt={"described": TILE},
)
async def tile(
    request: Request[Any, Any, Any],
    state: State,
    tileMatrix: Part,
    tileRow: Part,
    tileCol: Part,
) -> Response[bytes]:
    """La même tuile que `/tiles/structures/{z}/{x}/{y}.mvt` : ici la rangée précède la colonne."""
    return await _drawn(request, state, tileMatrix, tileCol, tileRow)


@get("/ogc/collections/structures/tiles", tags=["ogc"], sync_to_thread=False,
     opt={"described": _document("Les jeux de tuiles", "tilesets", "links")})  # fmt: skip
def tilesets(request: Request[Any, Any, Any], state: State) -> Json:
    """Les jeux de tuiles des structures : un."""
    root = _asked_plainly(request, state)
    return {"links": [self_link(request, root)], "tilesets": [_tileset(root)]}


@get(TILESET, tags=["ogc"], sync_to_thread=False,
     opt={"described": _document("Le jeu de tuiles", "dataType", "crs", "tileMatrixSetURI", "links")})  # fmt: skip
def tileset(request: Request[Any, Any, Any], state: State) -> Json:
    """Le jeu de tuiles dans le pavage des cartes du web, et l’adresse de chacune."""
    return _tileset(_asked_plainly(request, state))


@get("/ogc/tileMatrixSets", tags=["ogc"], sync_to_thread=False,
     opt={"described": _document("Les pavages", "tileMatrixSets", "links")})  # fmt: skip
def tile_matrix_sets(request: Request[Any, Any, Any], state: State) -> Json:
    """Les pavages : un."""
    root = _asked_plainly(request, state)
    one = {"id": MATRIX_SET, "title": "Google Maps Compatible for the World", "uri": URI, "crs": CRS}
    return {
        "links": [self_link(request, root)],
        "tileMatrixSets": [one | {"links": [link("self", f"{root}/tileMatrixSets/{MATRIX_SET}")]}],
    }


@get(f"/ogc/tileMatrixSets/{MATRIX_SET}", tags=["ogc"], sync_to_thread=False,
     opt={"described": _document("Le pavage", "id", "crs", "tileMatrices")})  # fmt: skip
def tile_matrix_set(request: Request[Any, Any, Any], state: State) -> Json:
    """Le pavage WebMercatorQuad (OGC 17-083r4, annexe D.1)."""
    root = _asked_plainly(request, state)
    return {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(MAX_ZOOM + 1)],
        "links": [self_link(request, root)],
    }


async def _drawn(request: Request[Any, Any, Any], state: State, z: str, x: str, y: str) -> Response[bytes]:
    """What `/tiles/structures` answers of this address, with the filters of this request."""
    answer = tile_of_structures.fn(request, state, z=z, x=x, y=f"{y}.mvt")
    return await cast(Awaitable[Response[bytes]], answer)


def _asked_plainly(request: Request[Any, Any, Any], state: State) -> str:
    asked_in_query_string(request.scope["query_string"], Nothing)
    return root_of(request, state)


def _tileset(root: str) -> Json:
    address = f"{root}{TILESET.removeprefix('/ogc')}"
    item: Link = link("item", f"{address}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", MVT) | {"templated": True}
    return {
        "title": "Structures : grappes jusqu’au zoom 13, points ensuite",
        "dataType": "vector",
        "crs": CRS,
        "tileMatrixSetURI": URI,
        "tileMatrixSetId": MATRIX_SET,
        "links": [
            link("self", address),
            link(f"{RELATION}tiling-scheme", f"{root}/tileMatrixSets/{MATRIX_SET}"),
            link(f"{RELATION}geodata", f"{root}/collections/structures", JSON),
            item,
        ],
    }


def _matrix(zoom: int) -> Json:
    side = 1 << zoom
    cell = 2 * MERCATOR_HALF / (PIXELS * side)
    return {
        "id": str(zoom),
        "scaleDenominator": cell / PIXEL_M,
        "cellSize": cell,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-MERCATOR_HALF, MERCATOR_HALF],
        "tileWidth": PIXELS,
        "tileHeight": PIXELS,
        "matrixWidth": side,
        "matrixHeight": side,
    }


route_handlers = [tile, tilesets, tileset, tile_matrix_sets, tile_matrix_set]
