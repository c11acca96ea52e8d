"""`/api/v1/structures/{id}`: one structure by its id, or by a register's number."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter

from api.dependencies import reading
from api.errors import Problem
from api.structures.queries import found_under
from api.structures.schemas import StructureList

Identifier = Annotated[str, PathParameter(description="`id`, `finess:…` ou `siret:…`.")]
PROBLEMS = {
    400: ResponseSpec(Problem, description="Numéro invalide", media_type="application/problem+json"),
    404: ResponseSpec(Problem, description="Inconnue", media_type="application/problem+json"),
    503: ResponseSpec(Problem, description="Indisponible", media_type="application/problem+json"),
}


@get(
    "/api/v1/structures/{identifier:str}",
    summary="Une structure",
    tags=["structures"],
    sync_to_thread=True,
    responses=PROBLEMS,
)
def structure(identifier: Identifier, state: State) -> Response[Any]:
    """`id`, `finess:NNNNNNNNN` (d’une entité juridique : ses établissements) ou `siret:NNNNNNNNNNNNNN`."""
    with reading(state) as view:
        pages = found_under(view, identifier)
    body: Any = pages[0] if len(pages) == 1 else StructureList(pages)
    return Response(msgspec.json.encode(body), media_type="application/json")


route_handlers = [structure]
