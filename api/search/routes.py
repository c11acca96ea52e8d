"""`/api/v1/search` and `/api/v1/suggest`."""

from typing import Annotated, Any

import anyio.to_thread
import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Body, QueryParameter

from api import parameters as p
from api.dependencies import reading, search_of
from api.errors import Problem
from api.search.answers import GEOJSON, answer, as_geojson
from search.results import SearchResults, Suggestion

MAX_SUGGESTIONS = 20
DEFAULT_SUGGESTIONS = 8
PROBLEMS = {
    400: ResponseSpec(Problem, description="Question invalide", media_type="application/problem+json"),
    503: ResponseSpec(Problem, description="Indisponible", media_type="application/problem+json"),
}


class Suggestions(msgspec.Struct, frozen=True):
    """The lines under the search box."""

    suggestions: list[Suggestion]


# Two methods share this path, and Litestar 2.25 prepares such handlers twice: it would run a synchronous one in a thread
# inside a thread. These two hand the work to a thread themselves.
@get("/api/v1/search", summary="Chercher des structures", tags=["recherche"], responses=PROBLEMS)
async def search(
    request: Request[Any, Any, Any],
    state: State,
    q: p.Words = None,
    lat: p.Latitude = None,
    lon: p.Longitude = None,
    radius: p.Radius = None,
    bbox: p.Box = None,
    polygon: p.Polygon = None,
    communes: p.CommuneCode = None,
    epcis: p.EpciCode = None,
    departements: p.DepartementCode = None,
    regions: p.RegionCode = None,
    categories: p.CategorieCode = None,
    activites: p.ActiviteCode = None,
    open_: p.Open = None,
    sort: p.Order = None,
    limit: p.Limit = None,
    cursor_text: p.CursorText = None,
    facet_names: p.Facets = None,
    total: p.Total = None,
    explain: p.Explain = None,
) -> Response[SearchResults]:
    """Mots, lieu et filtres en une question ; `total` est exact. `Accept: application/geo+json` rend du GeoJSON."""
    return await anyio.to_thread.run_sync(
        respond, request, state, p.asked_in_query_string(request.scope["query_string"])
    )


@post(
    "/api/v1/search",
    summary="Chercher, en JSON",
    tags=["recherche"],
    status_code=200,
    responses=PROBLEMS,
)
async def search_with_body(
    request: Request[Any, Any, Any],
    state: State,
    data: Annotated[dict[str, Any], Body(description="Les mêmes membres.")],
) -> Response[SearchResults]:
    """Les mêmes membres qu’en GET, en JSON : pour les polygones et les longues listes."""
    return await anyio.to_thread.run_sync(respond, request, state, p.asked_in_body(data))


@get(
    "/api/v1/suggest", summary="Suggérer pendant la frappe", tags=["recherche"], sync_to_thread=True, responses=PROBLEMS
)
def suggest(
    state: State,
    q: p.Words = None,
    lat: p.Latitude = None,
    lon: p.Longitude = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_SUGGESTIONS, description="8 par défaut.")] = DEFAULT_SUGGESTIONS,
) -> Suggestions:
    """Structures, catégories, communes et numéros ; les plus proches d’abord quand un point est donné."""
    asked = p.question_of(p.Asked(q=q, lat=lat, lon=lon))
    with reading(state) as view:
        found = search_of(state).suggest(view.connection, asked.words, asked.origin, limit, view.publication)
    return Suggestions(found)


def respond(request: Request[Any, Any, Any], state: State, asked: p.Asked) -> Response[Any]:
    """Ask, and answer in the format that was accepted."""
    question = p.question_of(asked)
    with reading(state) as view:
        results = answer(search_of(state), view, question)
    if _prefers_geojson(request.headers.get("accept", "")):
        return Response(msgspec.json.encode(as_geojson(results)), media_type=GEOJSON, headers={"vary": "Accept"})
    return Response(msgspec.json.encode(results), media_type="application/json", headers={"vary": "Accept"})


def _prefers_geojson(accept: str) -> bool:
    return GEOJSON in accept


route_handlers = [search, search_with_body, suggest]
