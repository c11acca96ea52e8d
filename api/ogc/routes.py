"""`/ogc/…`: OGC API - Features (17-069r4) and its filters (19-079r2); tiles are beside."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import PathParameter
from sqlalchemy import Select

from api.dependencies import Reading, reading
from api.description import UNAVAILABLE, UNREADABLE, Answer, Described, json_of, problem
from api.negotiation import GEOJSON
from api.ogc import communes, structures, tiles
from api.ogc.collections import COLLECTIONS, CONFORMS_TO, collection, landing
from api.ogc.cql import filter_of
from api.ogc.links import CRS84, JSON, OPENAPI, SCHEMA, link, root_of, self_link
from api.ogc.openapi import described_to_clients
from api.ogc.parameters import DEFAULT_PAGE, CommunesAsked, ItemsAsked, StructuresAsked, asked_in, following
from api.ogc.queryables import Json, queryables_schema
from api.parameters import VALUE_SHOWN, Nothing, asked_in_query_string
from api.search.answers import check_available
from api.structures.queries import found_under, leads_elsewhere
from geo.errors import NotFound
from geo.recent import Recent
from search.query import SearchQuery

COUNTS_BYTES, KEY_BYTES = 1 << 20, 300
HEADERS = {"content-crs": f"<{CRS84}>"}
REDIRECTED = {"cache-control": "no-cache"}  # undone with the link that made it, so no cache may keep it

Identifier = Annotated[str, PathParameter(description="`id` de l’objet.")]
IN_PATH = {"identifier": {"description": "`id` de l’objet.", "schema": {"type": "string"}}}


def _object(*required: str) -> Json:
    return {"type": "object", "required": list(required)}


def _document(summary: str, schema: Json, media_type: str = JSON) -> dict[str, Described]:
    answers = {200: Answer(summary, {media_type: schema}), 400: UNREADABLE, 503: UNAVAILABLE}
    return {"get": Described(summary=summary, answers=answers)}


COLLECTION = _document("Une collection", _object("id", "links", "extent"))
NAMED = _document("Propriétés qu’un filtre peut nommer", _object("properties"), SCHEMA)
PAGE = _object("type", "features", "links", "timeStamp", "numberMatched", "numberReturned")
FEATURE = _object("type", "id", "geometry", "properties", "links")


def _items(summary: str, shape: type[ItemsAsked]) -> dict[str, Described]:
    answers = {200: Answer("Une page, et l’adresse de la suivante", {GEOJSON: PAGE}), 400: UNREADABLE, 503: UNAVAILABLE}
    return {"get": Described(summary=summary, query=shape, answers=answers)}


ITEM = {
    200: Answer("L’objet", {GEOJSON: FEATURE}),
    400: UNREADABLE,
    404: problem("Inconnu"),
    503: UNAVAILABLE,
}
STRUCTURE = ITEM | {
    308: json_of("Cette structure est maintenant dite sous un autre `id`, que `Location` donne", _object("id")),
    410: problem("Retirée : elle a été dite et ne doit plus l’être"),
}


@get("/ogc", tags=["ogc"], sync_to_thread=True, opt={"described": _document("Accueil OGC API", _object("links"))})
def home(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Ce qu’il y a, et où : l’adresse à donner à QGIS et à GDAL."""
    root = _asked_plainly(request, state)
    with reading(state) as view:
        return _answer(landing(root, self_link(request, root), view.publication))


@get("/ogc/conformance", tags=["ogc"], sync_to_thread=False,
     opt={"described": _document("Classes de conformité", _object("conformsTo"))})  # fmt: skip
def conformance(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Les classes des normes qui sont tenues."""
    _asked_plainly(request, state)
    return _answer({"conformsTo": CONFORMS_TO})


@get("/ogc/api", tags=["ogc"], sync_to_thread=True,
     opt={"described": _document("Description OpenAPI 3.0 de ces adresses", _object("openapi", "paths"), OPENAPI)})  # fmt: skip
def api(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """La description de ces adresses, comme les clients de l’OGC la lisent."""
    root = _asked_plainly(request, state)
    return _answer(described_to_clients(state.describe(), root), OPENAPI)


@get("/ogc/collections", tags=["ogc"], sync_to_thread=True,
     opt={"described": _document("Collections", _object("links", "collections"))})  # fmt: skip
def collections(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Les collections : structures, communes."""
    root = _asked_plainly(request, state)
    with reading(state) as view:
        found = [_collection(view, root, name) for name in COLLECTIONS]
    return _answer({"links": [self_link(request, root)], "collections": found})


@get("/ogc/collections/structures", tags=["ogc"], sync_to_thread=True, opt={"described": COLLECTION})
def structures_collection(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """La collection des structures : ce qu’elle est, où elle s’étend, où la lire."""
    return _one_collection(request, state, structures.ID)


@get("/ogc/collections/communes", tags=["ogc"], sync_to_thread=True, opt={"described": COLLECTION})
def communes_collection(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """La collection des communes : ce qu’elle est, où elle s’étend, où la lire."""
    return _one_collection(request, state, communes.ID)


@get("/ogc/collections/structures/queryables", tags=["ogc"], sync_to_thread=False, opt={"described": NAMED})
def structures_queryables(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Les propriétés d’une structure qu’un `filter` CQL2 peut nommer, en JSON Schema."""
    return _queryables(request, state, structures.ID)


@get("/ogc/collections/communes/queryables", tags=["ogc"], sync_to_thread=False, opt={"described": NAMED})
def communes_queryables(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Les propriétés d’une commune qu’un `filter` CQL2 peut nommer, en JSON Schema."""
    return _queryables(request, state, communes.ID)


@get("/ogc/collections/structures/items", tags=["ogc"], sync_to_thread=True,
     opt={"described": _items("Les structures, page après page", StructuresAsked)})  # fmt: skip
def structures_items(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Les structures en GeoJSON, dans l’ordre des `id` ; `numberMatched` est exact."""
    asked = asked_in(request.scope["query_string"], StructuresAsked)
    filtered = filter_of(asked.filter, asked.filter_lang, structures.QUERYABLES) if asked.filter else None
    wanted = structures.wanted(asked, filtered)
    with reading(state) as view:
        check_available(SearchQuery(filters=structures.filters(asked, filtered)), view.publication)
        limit = asked.limit or DEFAULT_PAGE
        matched = _matched(state, view, asked, structures.count_query(wanted))
        rows = view.connection.execute(structures.page_query(asked, wanted, limit, matched)).all()
    return _page(request, state, structures.ID, rows[:limit], matched, len(rows) > limit, structures.feature_of)


@get("/ogc/collections/communes/items", tags=["ogc"], sync_to_thread=True,
     opt={"described": _items("Les communes, page après page", CommunesAsked)})  # fmt: skip
def communes_items(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Les communes en GeoJSON, dans l’ordre des codes."""
    asked = asked_in(request.scope["query_string"], CommunesAsked)
    filtered = filter_of(asked.filter, asked.filter_lang, communes.QUERYABLES) if asked.filter else None
    wanted = communes.wanted(asked, filtered)
    with reading(state) as view:
        limit = asked.limit or DEFAULT_PAGE
        matched = _matched(state, view, asked, communes.count_query(wanted))
        rows = view.connection.execute(communes.page_query(asked, wanted, limit)).all()
        opened = communes.open_structures(view.connection, [row.code for row in rows[:limit]])
    return _page(
        request, state, communes.ID, rows[:limit], matched, len(rows) > limit,
        lambda row: communes.feature_of(row, opened[row.code]),
    )  # fmt: skip


@get("/ogc/collections/structures/items/{identifier:str}", tags=["ogc"], sync_to_thread=True,
     opt={"described": {"get": Described(summary="Une structure, en GeoJSON", path=IN_PATH, answers=STRUCTURE)}})  # fmt: skip
def structures_item(identifier: Identifier, request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Une structure par son `id`, fermée ou non."""
    root = _asked_plainly(request, state)
    with reading(state) as view:
        row = structures.row_of(view.connection, identifier)
        if row is None:
            # raises where nothing answers, or must not any more
            elsewhere = leads_elsewhere(identifier, found_under(view, identifier))
            if elsewhere is None:
                raise NotFound(f"Aucune structure n’a pour id « {identifier[:VALUE_SHOWN]} ».")
            location = f"{root}/collections/structures/items/{elsewhere}"
            body = msgspec.json.encode({"id": elsewhere})
            return Response(body, media_type=JSON, status_code=308, headers=REDIRECTED | {"location": location})
    return _item(request, root, structures.ID, structures.feature_of(row))


@get("/ogc/collections/communes/items/{identifier:str}", tags=["ogc"], sync_to_thread=True,
     opt={"described": {"get": Described(summary="Une commune, en GeoJSON", path=IN_PATH, answers=ITEM)}})  # fmt: skip
def communes_item(identifier: Identifier, request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Une commune d’aujourd’hui par son code INSEE."""
    root = _asked_plainly(request, state)
    with reading(state) as view:
        row = communes.row_of(view.connection, identifier)
        if row is None:
            raise NotFound(f"Aucune commune n’a pour code « {identifier[:VALUE_SHOWN]} ».")
        opened = communes.open_structures(view.connection, [row.code])
    return _item(request, root, communes.ID, communes.feature_of(row, opened[row.code]))


def _collection(view: Reading, root: str, name: str) -> Json:
    time = structures.extent_of_time(view.connection) if name == structures.ID else None
    return collection(root, name, view.publication, time)


def _one_collection(request: Request[Any, Any, Any], state: State, name: str) -> Response[bytes]:
    root = _asked_plainly(request, state)
    with reading(state) as view:
        return _answer(_collection(view, root, name))


def _queryables(request: Request[Any, Any, Any], state: State, name: str) -> Response[bytes]:
    root = _asked_plainly(request, state)
    address, known = f"{root}/collections/{name}/queryables", COLLECTIONS[name]
    return _answer(queryables_schema(address, known.TITLE, known.QUERYABLES), SCHEMA)


def _matched(state: State, view: Reading, asked: ItemsAsked, count: Select[Any]) -> int:
    """How many are asked for, counted once in a publication: who reads them all asks for each page."""
    question = msgspec.json.encode(msgspec.structs.replace(asked, limit=None, cursor=None))
    key = (view.publication.stamp, view.publication.version, type(asked), question)
    counts: Recent[int] = state.counts
    matched = counts.get(key)
    if matched is None:
        matched = int(view.connection.execute(count).scalar_one())
        counts.put(key, matched, len(question) + KEY_BYTES)
    return matched


def _page(
    request: Request[Any, Any, Any],
    state: State,
    name: str,
    rows: Any,
    matched: int,
    more: bool,
    feature_of: Callable[[Any], Json],
) -> Response[bytes]:
    root = root_of(request, state)
    features = [feature_of(row) for row in rows]
    links = [self_link(request, root, GEOJSON), link("collection", f"{root}/collections/{name}")]
    if more:
        query = following(request.scope["query_string"], features[-1]["id"])
        links.append(link("next", f"{root}/collections/{name}/items?{query}", GEOJSON))
    return _answer(
        {
            "type": "FeatureCollection",
            "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "numberMatched": matched,
            "numberReturned": len(features),
            "links": links,
            "features": features,
        },
        GEOJSON,
        HEADERS,
    )


def _item(request: Request[Any, Any, Any], root: str, name: str, feature: Json) -> Response[bytes]:
    links = [self_link(request, root, GEOJSON), link("collection", f"{root}/collections/{name}")]
    return _answer(feature | {"links": links}, GEOJSON, HEADERS)


def _asked_plainly(request: Request[Any, Any, Any], state: State) -> str:
    asked_in_query_string(request.scope["query_string"], Nothing)
    return root_of(request, state)


def _answer(content: Json, media_type: str = JSON, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Links are absolute: without LUM1_PUBLIC_URL each client gets the address it asked at, so shared caches keep none."""
    kept = {"cache-control": "private, no-cache"} | (headers or {})
    return Response(msgspec.json.encode(content), media_type=media_type, headers=kept)


route_handlers = [
    home,
    conformance,
    api,
    collections,
    structures_collection,
    communes_collection,
    structures_queryables,
    communes_queryables,
    structures_items,
    communes_items,
    structures_item,
    communes_item,
    *tiles.route_handlers,
]
