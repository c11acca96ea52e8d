"""Pages: the search with its map, one structure, what the data are; whole, or the part that changes."""

import datetime as dt
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.response import Template
from litestar.static_files import create_static_files_router
from msgspec.structs import replace

from api.addressing import pairs_of
from api.dependencies import Reading, reading, search_of
from api.interventions.answers import home_visits
from api.parameters import Asked, Narrowing, Themed, asked_in, asked_in_query_string
from api.questions import question_of
from api.search.answers import answer
from api.structures.queries import found_under, has_siblings, is_of_natural_person, leads_elsewhere, told_alone
from api.structures.routes import REDIRECTED, Identifier
from api.tiles.routes import origin_of
from api.web import choices, panel, places
from api.web.elsewhere import elsewhere, empty_place
from api.web.pages import page
from api.web.templates import STATIC
from api.web.timeline import timeline
from geo.errors import InvalidQuestion
from geo.filters import Bounds, Filters
from geo.settings import Settings
from search.engine import Engine
from search.query import SearchQuery
from search.results import SearchResults
from tiles.style import style

ALONE = ("open", "maj_depuis")  # filters of the panel that have one control each
MATCHES_LOOKED_AT = 5_000  # words that find more name no place: « pharmacie », not « pharmacie lille »
IN_TILES = frozenset(Narrowing.__struct_fields__)
SIRENE_IDS = "s"  # of structures that SIRENE alone tells: what FINESS publishes has its own legal basis

Pairs = list[tuple[str, str]]


@get("/", include_in_schema=False, sync_to_thread=True)
def home(request: Request[Any, Any, Any], state: State) -> Template:
    """The list beside the map; the same question as the API's, in the same parameters."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if value]
    with reading(state) as view:
        try:
            question = _as_page_asks(question_of(asked_in(pairs, Asked)), view)
            results = answer(search_of(state), view, question)
        except InvalidQuestion as error:
            return _page(request, view, "recherche.html", _unread(pairs, str(error)), status=400)
        context = _answered(question, results)
        if not question.cursor:
            context["lieu"] = _place(search_of(state), view, question, results)
            context["viennent"] = home_visits(view, question, pairs)
        return _page(request, view, "recherche.html", context)


@get("/structures/{identifier:str}", include_in_schema=False, sync_to_thread=True)
def structure(identifier: Identifier, request: Request[Any, Any, Any], state: State) -> Template | Response[None]:
    """One structure, or the several that one number names; where it is told today, when it is under another id."""
    with reading(state) as view:
        found = found_under(view, identifier)
        if elsewhere := leads_elsewhere(identifier, found):
            query = f"?{request.url.query}" if request.url.query else ""
            headers = REDIRECTED | {"location": f"/structures/{elsewhere}{query}"}
            return Response(None, status_code=308, headers=headers)
        if len(found) > 1:
            return _page(request, view, "structures.html", {"structures": found, "s": found[0]})
        told = told_alone(view, found[0])
        back = request.query_params.get("retour", "")
        noindex = is_of_natural_person(view, told)
        context = {
            "s": told,
            "noindex": noindex,
            "praticien": noindex and told.id.startswith(SIRENE_IDS),
            "autres": has_siblings(view, told),
            "frise": timeline(told),
            "retour": back if back.startswith("?") else "",
            **_come_from(back),
        }
        page = _page(request, view, "structure.html", context)
        if noindex:
            page.headers["x-robots-tag"] = "noindex"
        return page


@get("/donnees", include_in_schema=False, sync_to_thread=True)
def data(request: Request[Any, Any, Any], state: State) -> Template:
    """Where the data come from, under which licences, as of when."""
    with reading(state) as view:
        return _page(request, view, "donnees.html", {"contact": state.settings.contact})


@get("/api/docs", include_in_schema=False, sync_to_thread=True)
def api_documentation(request: Request[Any, Any, Any], state: State) -> Template:
    """The contract, read from the OpenAPI description itself."""
    with reading(state) as view:
        return _page(request, view, "api.html", {"openapi": state.describe()})


@get("/tiles/style.json", include_in_schema=False, sync_to_thread=True)
def map_style(request: Request[Any, Any, Any], state: State) -> dict[str, Any]:
    """The map's style; `?theme=sombre` for the dark one."""
    dark = _is_dark(request)
    with reading(state) as view:
        return style(view.publication, dark=dark)


@get("/style.json", include_in_schema=False, sync_to_thread=True)
def style_for_others(request: Request[Any, Any, Any], state: State) -> Response[dict[str, Any]]:
    """The same with absolute addresses, for maps of elsewhere."""
    dark = _is_dark(request)
    with reading(state) as view:
        content = style(view.publication, dark=dark, base_url=origin_of(request, state))
    return Response(content, media_type="application/json", headers={"cache-control": "private, no-cache"})


def _is_dark(request: Request[Any, Any, Any]) -> bool:
    return asked_in_query_string(request.scope["query_string"], Themed).theme == "sombre"


@get("/robots.txt", include_in_schema=False, sync_to_thread=False, media_type="text/plain")
def robots() -> str:
    """Pages may be indexed; questions and tiles have nothing to index."""
    return "User-agent: *\nDisallow: /*?\nDisallow: /tiles/\nDisallow: /api/\nDisallow: /ogc\n"


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
    return page(request, view.publication, name, context, status)


def _as_page_asks(question: SearchQuery, view: Reading) -> SearchQuery:
    """The page always shows how many there are, and how many each choice would leave."""
    facets = () if question.cursor else panel.facets_of(view.publication)
    return replace(question, facets=facets, total=True, explain=False)


def _answered(question: SearchQuery, results: SearchResults) -> dict[str, Any]:
    asked = pairs_of(replace(question, facets=()))  # what links carry: everything but where the page ends
    groups = panel.groups(question.filters, results.facets)
    return {
        **_said(asked),
        "gardes": choices.beside_form(asked, (group.name for group in groups)),
        "groupes": groups,
        "en_vigueur": sum(group.chosen for group in groups) + sum(name in ALONE for name, _ in asked),
        "depuis": panel.since(question.filters.maj_depuis, dt.date.today()),
        "resultats": results,
        "laisses": _left_out(results),
        "corriges": results.corrected or (),
        "ailleurs": elsewhere(question, results, asked),
        "lieu_vide": empty_place(question, results),
        "suite": urlencode([*asked, ("cursor", results.next)]) if results.next else None,
        "debut": not question.cursor,
        "tri": question.sort.value,
        "categories_proposees": choices.proposed(results.facets.get("categorie", []), asked),
        "retraits": choices.removals(asked),
    }


def _come_from(back: str) -> dict[str, Any]:
    """The question that one returns to, for the map beside to be of it from the first; nothing where it asks for everything."""
    try:
        question = question_of(asked_in(parse_qsl(back.removeprefix("?")), Asked))
    except InvalidQuestion:
        return {}
    return _said(pairs_of(replace(question, cursor=None, facets=(), total=True, explain=False)))


def _said(asked: Pairs) -> dict[str, Any]:
    """What is asked, for the search box, for links and for the map."""
    return {"demande": dict(asked), "requete": urlencode(asked), "tuiles": urlencode(_tile_pairs(asked))}


def _left_out(results: SearchResults) -> list[str]:
    """Words given up, but for those of a place: what was done instead is told otherwise."""
    place = results.around.words if results.around else ()
    return [each for each in results.left_out or () if each not in place]


def _unread(pairs: Pairs, reason: str) -> dict[str, Any]:
    """A question that cannot be asked leaves its words in the box, and the map where it was."""
    words = {name: value for name, value in pairs if name == "q"}
    return {"demande": words, "requete": urlencode(words), "erreur": reason}


def _place(engine: Engine, view: Reading, question: SearchQuery, results: SearchResults) -> Bounds | None:
    """Where the map should look: the area asked for, the commune named, or where the matches are together."""
    area = places.of_filters(question.filters)
    if not area and (commune := places.named(question.words)):
        return commune
    if not results.next and (question.words or not area) and _narrowed(question):
        found = [each.position for each in results.results if each.position]
        return places.around((each.lon, each.lat) for each in found) or area
    if area or not question.words or (results.total or 0) > MATCHES_LOOKED_AT:
        return area
    placed = engine.placed(view.connection, question.words, question.filters, view.publication)
    return places.together(placed.lon, placed.lat)


def _narrowed(question: SearchQuery) -> bool:
    return bool(question.words) or question.filters != Filters()


def _tile_pairs(asked: Pairs) -> Pairs:
    """A point without a radius orders the list; it does not narrow the map."""
    left_out = set() if any(name == "radius" for name, _ in asked) else {"lat", "lon"}
    return [pair for pair in asked if pair[0] in IN_TILES - left_out]


route_handlers = [home, structure, data, api_documentation, map_style, style_for_others, robots]
