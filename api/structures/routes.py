"""`/api/v1/structures/{id}`: one structure by its id, or by a register's number."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import PathParameter

from api.conditional import already_has
from api.dependencies import reading
from api.description import UNAVAILABLE, UNREADABLE, Answer, Described, json_of, problem
from api.parameters import Nothing, asked_in_query_string
from api.structures.queries import found_under, leads_elsewhere, told_alone, told_whole
from api.structures.schemas import StructureList, StructurePage
from geo.etag import etag_of

Identifier = Annotated[str, PathParameter(description="`id`, `finess:…` ou `siret:…`.")]
REDIRECTED = {"cache-control": "no-cache"}  # undone with the link that made it, so no cache may keep it


class Elsewhere(msgspec.Struct, frozen=True):
    """The id that a structure is told under today."""

    id: str


STRUCTURE = {
    "get": Described(
        summary="Une structure",
        path={"identifier": {"description": "`id`, `finess:…` ou `siret:…`.", "schema": {"type": "string"}}},
        answers={
            200: json_of("La structure, ou celles qui portent ce numéro", (StructurePage, StructureList)),
            304: Answer("La structure de l’ETag donné dans `If-None-Match` n’a pas changé", {}),
            308: json_of("Cette structure est maintenant dite sous un autre `id`, que `Location` donne", Elsewhere),
            400: UNREADABLE,
            404: problem("Inconnue"),
            410: problem("Retirée : elle a été dite et ne doit plus l’être"),
            503: UNAVAILABLE,
        },
    )
}


@get("/api/v1/structures/{identifier:str}", tags=["structures"], sync_to_thread=True, opt={"described": STRUCTURE})
def structure(identifier: Identifier, request: Request[Any, Any, Any], state: State) -> Response[Any]:
    """`id`, `finess:NNNNNNNNN` (d’une entité juridique : ses établissements) ou `siret:NNNNNNNNNNNNNN`.

    Un établissement de Sirene rapproché d’une structure de FINESS, ou repris sous un autre numéro, redirige vers elle.
    """
    asked_in_query_string(request.scope["query_string"], Nothing)
    with reading(state) as view:
        found = found_under(view, identifier)
        if elsewhere := leads_elsewhere(identifier, found):
            headers = REDIRECTED | {"location": f"/api/v1/structures/{elsewhere}"}
            body = msgspec.json.encode(Elsewhere(elsewhere))
            return Response(body, media_type="application/json", status_code=308, headers=headers)
        pages = told_whole(view, found) if len(found) > 1 else [told_alone(view, found[0])]
    encoded = msgspec.json.encode(pages[0] if len(pages) == 1 else StructureList(pages))
    headers = {"etag": etag_of(encoded), "cache-control": "no-cache"}  # keep it, and ask whether it still stands
    if already_has(request, headers["etag"]):
        return Response(b"", status_code=304, headers=headers)
    return Response(encoded, media_type="application/json", headers=headers)


route_handlers = [structure]
