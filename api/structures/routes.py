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
from api.structures.queries import found_under, told_whole
from api.structures.schemas import StructureList, StructurePage
from geo.etag import etag_of

Identifier = Annotated[str, PathParameter(description="`id`, `finess:…` ou `siret:…`.")]
STRUCTURE = {
    "get": Described(
        summary="Une structure",
        path={"identifier": {"description": "`id`, `finess:…` ou `siret:…`.", "schema": {"type": "string"}}},
        answers={
            200: json_of("La structure, ou celles qui portent ce numéro", (StructurePage, StructureList)),
            304: Answer("La structure de l’ETag donné dans `If-None-Match` n’a pas changé", {}),
            400: UNREADABLE,
            404: problem("Inconnue"),
            503: UNAVAILABLE,
        },
    )
}


@get("/api/v1/structures/{identifier:str}", tags=["structures"], sync_to_thread=True, opt={"described": STRUCTURE})
def structure(identifier: Identifier, request: Request[Any, Any, Any], state: State) -> Response[Any]:
    """`id`, `finess:NNNNNNNNN` (d’une entité juridique : ses établissements) ou `siret:NNNNNNNNNNNNNN`."""
    asked_in_query_string(request.scope["query_string"], Nothing)
    with reading(state) as view:
        pages = told_whole(view, found_under(view, identifier))
    body: Any = pages[0] if len(pages) == 1 else StructureList(pages)
    encoded = msgspec.json.encode(body)
    headers = {"etag": etag_of(encoded), "cache-control": "no-cache"}  # keep it, and ask whether it still stands
    if already_has(request, headers["etag"]):
        return Response(b"", status_code=304, headers=headers)
    return Response(encoded, media_type="application/json", headers=headers)


route_handlers = [structure]
