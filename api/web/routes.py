"""Pages: the search with its map, one structure, what the data are; whole, or the part that changes."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.response import Template
from litestar.static_files import create_static_files_router

from api import parameters as p
from api.dependencies import Reading, reading, search_of
from api.search.answers import answer
from api.structures.queries import found_under
from api.structures.routes import Identifier
from api.web import choices
from api.web.templates import STATIC
from api.web.timeline import timeline
from geo.errors import InvalidQuestion
from geo.settings import Settings
from search.query import Facet, SearchQuery
from search.results import SearchResults
from tiles.style import style

PAGE_FACETS = ("categorie",)
LISTED = ("q", "lat", "lon", "radius", "bbox", "commune", "departement", "categorie", "open", "sort")
IN_TILES = ("q", "radius", "lat", "lon", "bbox", "commune", "departement", "categorie", "open")


@get("/", include_in_schema=False, sync_to_thread=True)
def home(request: Request[Any, Any, Any], state: State) -> Template:
    """The list beside the map; the same question as the API's, in the same parameters."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if value]
    with reading(state) as view:
        try:
            question = p.question_of(p.asked_in(pairs))
        except InvalidQuestion as error:
            return _page(request, view, "recherche.html", {**_empty(pairs), "erreur": str(error)}, status=400)
        results = answer(search_of(state), view, _with_facets(question))
        context = _search_context(pairs, question, results)
        return _page(request, view, "recherche.html", context)


@get("/structures/{identifier:str}", include_in_schema=False, sync_to_thread=True)
def structure(identifier: Identifier, request: Request[Any, Any, Any], state: State) -> Template:
    """One structure, or the several that one number names."""
    with reading(state) as view:
        pages = found_under(view, identifier)
        back = request.query_params.get("retour", "")
        context = {
            "structures": pages,
            "s": pages[0],
            "frise": timeline(pages[0]),
            "retour": back if back.startswith("?") else "",
        }
        return _page(request, view, "structure.html" if len(pages) == 1 else "structures.html", context)


@get("/donnees", include_in_schema=False, sync_to_thread=True)
def data(request: Request[Any, Any, Any], state: State) -> Template:
    """Where the data come from, under which licences, as of when."""
    with reading(state) as view:
        return _page(request, view, "donnees.html", {})


@get("/api/docs", include_in_schema=False, sync_to_thread=True)
def api_documentation(request: Request[Any, Any, Any], state: State) -> Template:
    """The contract, read from the OpenAPI description itself."""
    with reading(state) as view:
        return _page(request, view, "api.html", {"openapi": request.app.openapi_schema.to_schema()})


@get("/tiles/style.json", include_in_schema=False, sync_to_thread=False)
def map_style(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The map's style; `?theme=sombre` for the dark one."""
    return style(str(request.base_url).rstrip("/"), dark=request.query_params.get("theme") == "sombre")


@get("/robots.txt", include_in_schema=False, sync_to_thread=False, media_type="text/plain")
def robots() -> str:
    """Pages may be indexed; questions and tiles have nothing to index."""
    return "User-agent: *\nDisallow: /*?\nDisallow: /tiles/\nDisallow: /api/\n"


def static_routes(settings: Settings) -> list[Any]:
    """Our files and npm's, from this origin only."""
    vendor = {"maplibre": "maplibre-gl/dist", "police": "@fontsource-variable/atkinson-hyperlegible-next/files"}
    return [
        create_static_files_router("/static", [STATIC], cache_control=None, include_in_schema=False),
        *(
            create_static_files_router(f"/vendor/{name}", [settings.web_assets / folder], include_in_schema=False)
            for name, folder in vendor.items()
        ),
    ]


def _page(
    request: Request[Any, Any, Any], view: Reading, name: str, context: dict[str, Any], status: int = 200
) -> Template:
    """The whole page, or only what changes when the page itself asks for the next one."""
    everywhere = {
        "publication": view.publication,
        "fragment": request.headers.get("x-lum1-fragment") == "1",
        "fixes": choices.fixed(),
        "demande": context.get("demande", {}),
    }
    headers = {"vary": "X-Lum1-Fragment", "cache-control": "no-cache"}
    return Template(name, context=everywhere | context, status_code=status, headers=headers)


def _with_facets(question: SearchQuery) -> SearchQuery:
    return msgspec.structs.replace(question, facets=tuple(Facet(name) for name in PAGE_FACETS))


def _search_context(pairs: list[tuple[str, str]], question: SearchQuery, results: SearchResults) -> dict[str, Any]:
    asked = [(name, value) for name, value in pairs if name in LISTED]
    whole = bool(asked) and not results.next and not question.cursor
    return _empty(asked) | {
        "resultats": results,
        "lieu": choices.place_of(dict(asked), results.results if whole else []),
        "suite": urlencode([*asked, ("cursor", results.next)]) if results.next else None,
        "debut": not question.cursor,
        "tri": question.sort.value,
        "categories_proposees": choices.proposed(results.facets.get("categorie", []), asked),
    }


def _empty(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    asked = dict(pairs)
    return {
        "demande": asked,
        "lieu": choices.place_of(asked, []),
        "autre_categorie": choices.category_outside_menu(asked.get("categorie")),
        "requete": urlencode([pair for pair in pairs if pair[0] in LISTED]),
        "tuiles": urlencode(_tile_pairs(pairs)),
        "resultats": None,
        "erreur": None,
        "suite": None,
        "debut": True,
        "tri": asked.get("sort", ""),
        "categories_proposees": [],
        "retraits": choices.removals(pairs),
    }


def _tile_pairs(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A point without a radius orders the list; it does not narrow the map."""
    names = {name for name, _ in pairs}
    kept = IN_TILES if "radius" in names else tuple(n for n in IN_TILES if n not in ("lat", "lon"))
    return [pair for pair in pairs if pair[0] in kept]


route_handlers = [home, structure, data, api_documentation, map_style, robots]
