"""`/api/v1/search` and `/api/v1/suggest`."""

from typing import Any

import anyio.to_thread
import msgspec
from litestar import Request, Response, get, route
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException

from api.dependencies import addresses_of, search_of
from api.description import UNAVAILABLE, UNREADABLE, Answer, Described, json_of, problem
from api.negotiation import GEOJSON, prefers_geojson
from api.parameters import Asked, Nothing, Typed, asked_in_body, asked_in_query_string
from api.questions import origin_of, question_of, words_of
from api.search.answers import FeatureCollection, answer, answer_recalled, as_geojson
from api.search.recalled import confirmed
from search import took
from search.results import SearchResults, Suggestion

DEFAULT_SUGGESTIONS = 8


class Suggestions(msgspec.Struct, frozen=True):
    """The lines under the search box."""

    suggestions: list[Suggestion]


FOUND = Answer("Les structures, dans l’ordre", {"application/json": SearchResults, GEOJSON: FeatureCollection})
SEARCH = {
    "get": Described(
        summary="Chercher des structures", query=Asked, answers={200: FOUND, 400: UNREADABLE, 503: UNAVAILABLE}
    ),
    "post": Described(
        summary="Chercher, les mêmes noms en JSON",
        body=Asked,
        answers={
            200: FOUND,
            400: UNREADABLE,
            413: problem("Corps de plus de 200 000 octets"),
            415: problem("Corps dans un autre format que JSON"),
            503: UNAVAILABLE,
        },
    ),
}
SUGGEST = {
    "get": Described(
        summary="Suggérer pendant la frappe",
        query=Typed,
        answers={200: json_of("Les lignes", Suggestions), 400: UNREADABLE, 503: UNAVAILABLE},
    )
}


# One handler for both methods: of two that share a path, Litestar 2.25 names only one when it answers OPTIONS.
@route(
    "/api/v1/search",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    status_code=200,
    tags=["recherche"],
    opt={"described": SEARCH},
)
async def search(request: Request[Any, Any, Any], state: State) -> Response[Any]:
    """Mots, lieu et filtres en une question ; `total` est exact. `Accept: application/geo+json` rend du GeoJSON."""
    question, engine = question_of(await asked_by(request)), search_of(state)
    with took.hearing() as heard:
        results = await confirmed(
            state,
            lambda known: answer_recalled(engine, known, question),
            lambda view: answer(engine, view, question),
        )
    return _response(request, results, heard)


@get("/api/v1/suggest", tags=["recherche"], opt={"described": SUGGEST})
async def suggest(request: Request[Any, Any, Any], state: State) -> Suggestions:
    """Structures, catégories, communes et numéros ; les plus proches d’abord quand un point est donné.

    Des adresses aussi, où l’exploitant l’a permis : ce qui ressemble à une adresse est alors demandé à un géocodeur.
    """
    typed = asked_in_query_string(request.scope["query_string"], Typed)
    words, origin, limit = words_of(typed), origin_of(typed), typed.limit or DEFAULT_SUGGESTIONS
    engine = search_of(state)
    found = await confirmed(
        state,
        lambda known: engine.suggested(words, origin, limit, known),
        lambda view: engine.suggest(view.connection, words, origin, limit, view.publication),
    )
    addresses = addresses_of(state)  # asked once the database is left: nobody waits for a connection meanwhile
    streets = await anyio.to_thread.run_sync(addresses.lines, words, origin) if addresses else []
    return Suggestions([*streets, *found][:limit])


async def asked_by(request: Request[Any, Any, Any]) -> Asked:
    """The question of a request: in its address, or in its body and nowhere else."""
    query_string = request.scope["query_string"]
    if request.method == HttpMethod.GET:
        return asked_in_query_string(query_string, Asked)
    asked_in_query_string(query_string, Nothing)
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(status_code=415)
    return asked_in_body(await request.body())


def _response(request: Request[Any, Any, Any], results: SearchResults, heard: list[int]) -> Response[bytes]:
    """In the format that is preferred; whose time it was, where a search server answered (W3C Server-Timing)."""
    headers = {"vary": "Accept"} | ({"server-timing": f"search-server;dur={sum(heard)}"} if heard else {})
    if prefers_geojson(request.headers.get("accept", "")):
        return Response(msgspec.json.encode(as_geojson(results)), media_type=GEOJSON, headers=headers)
    return Response(msgspec.json.encode(results), media_type="application/json", headers=headers)


route_handlers = [search, suggest]
