"""`/api/v1/interventions`, and the page that says the same: who comes to this address."""

import re
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.response import Template

from api.dependencies import addresses_of, reading
from api.description import UNAVAILABLE, UNREADABLE, Described, json_of
from api.interventions.answers import Comers, answer
from api.parameters import Asked, ComesTo, asked_in, asked_in_query_string
from api.questions import question_of
from api.search.addresses import Addresses
from api.web.pages import page
from geo.communes import Commune
from geo.errors import InvalidQuestion
from geo.zones import PIPELINE
from search.query import MAX_WORDS_LENGTH, SearchQuery, Sort
from search.suggestions import commune_label, communes_begun

OFFERED, ALL = 20, 1_000  # communes: that are proposed, that are looked at
PLACE = "lieu"  # the page's own parameter: a commune's name or postcode, an address


class Lieu(msgspec.Struct, frozen=True):
    """A commune or an address, and the question asked of its point."""

    label: str
    requete: str


COMING = {
    "get": Described(
        summary="Qui vient à cette adresse",
        query=ComesTo,
        answers={200: json_of("Les structures, la plus proche d’abord", Comers), 400: UNREADABLE, 503: UNAVAILABLE},
    )
}


@get("/api/v1/interventions", tags=["recherche"], sync_to_thread=True, opt={"described": COMING})
def interventions(request: Request[Any, Any, Any], state: State) -> Comers:
    """Les structures dont la zone d’intervention contient le point ; `total` est exact."""
    question = question_at(asked_in_query_string(request.scope["query_string"], ComesTo))
    with reading(state) as view:
        return answer(view, question)


@get("/interventions", include_in_schema=False, sync_to_thread=True)
def interventions_page(request: Request[Any, Any, Any], state: State) -> Template:
    """The list of them; apart from the search's, which says where one goes. Without a point, one is asked for."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if value]
    if not {"lat", "lon"} & {name for name, _ in pairs}:
        return _page_without_point(request, state, pairs)
    with reading(state) as view:
        try:
            question = question_at(asked_in(pairs, ComesTo))
            comers = answer(view, question)
        except InvalidQuestion as error:
            return page(request, view.publication, "interventions.html", {"erreur": str(error)}, status=400)
        asked = [(name, value) for name, value in pairs if name != "cursor"]
        context = {
            "viennent": comers,
            "point": question.origin,
            "requete": urlencode(asked),
            "suite": urlencode([*asked, ("cursor", comers.next)]) if comers.next else None,
            "debut": not question.cursor,
        }
        return page(request, view.publication, "interventions.html", context)


def _page_without_point(request: Request[Any, Any, Any], state: State, pairs: list[tuple[str, str]]) -> Template:
    """Where is asked only once somebody may come; the geocoder, while no connection is held."""
    with reading(state) as view:
        if PIPELINE not in view.publication.days:
            return page(request, view.publication, "interventions.html", {"sans_zones": True})
    where = _where(pairs, addresses_of(state))
    with reading(state) as view:
        return page(request, view.publication, "interventions.html", where)


def _where(pairs: list[tuple[str, str]], addresses: Addresses | None) -> dict[str, Any]:
    """The form that asks where, and the places that what was written in it may be: addresses too, where a geocoder is allowed."""
    written = next((value for name, value in pairs if name == PLACE), "").strip()[:MAX_WORDS_LENGTH]
    kept = [(name, value) for name, value in pairs if name != PLACE]
    streets = [(each.label, each.lat, each.lon) for each in addresses.lines(written, None)] if addresses else []
    towns = [(commune_label(each), each.lat, each.lon) for each in _communes(written)]
    lieux = [Lieu(label, urlencode([*kept, ("lat", lat), ("lon", lon)])) for label, lat, lon in (*streets, *towns)]
    return {"ou": True, "lieu_ecrit": written, "lieux": lieux, "gardes": kept}


def _communes(written: str) -> list[Commune]:
    """Those that a name, a postcode or both may mean, the likeliest first: twelve communes are called Sainte-Colombe."""
    name, _, code = written.rpartition(" ")
    if name and re.fullmatch(r"[0-9]{2,5}", code):
        return [
            each
            for each in communes_begun(name, most=ALL)
            if any(postcode.startswith(code) for postcode in each.postcodes)
        ][:OFFERED]
    return communes_begun(written, most=OFFERED)


def question_at(asked: ComesTo) -> SearchQuery:
    """The question of a point, or InvalidQuestion; nearest first, since nobody comes sooner from afar."""
    if asked.lat is None and asked.lon is None:
        raise InvalidQuestion("« lat » et « lon » sont attendus : qui vient où ?", parameter="lat")
    given = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return question_of(Asked(**given, sort=Sort.DISTANCE))


route_handlers = [interventions, interventions_page]
