"""`/livez`, `/readyz`, `/openapi.json`: what operators and their tools ask."""

from typing import Any

import msgspec
from litestar import MediaType, Response, get
from litestar.datastructures import State

from api.dependencies import reading, search_of


@get("/livez", sync_to_thread=False, media_type=MediaType.TEXT, include_in_schema=False)
def livez() -> str:
    """The process answers."""
    return "ok\n"


@get("/readyz", sync_to_thread=True, include_in_schema=False)
def readyz(state: State) -> dict[str, Any]:
    """The database answers, a publication is served and its index opens; else 503 says which is missing."""
    with reading(state) as view:
        search_of(state).check(view.publication)
        return {"ready": True, "version": view.publication.version, "structures": view.publication.structures}


@get("/openapi.json", sync_to_thread=True, include_in_schema=False)
def openapi(state: State) -> Response[bytes]:
    """The contract, as OpenAPI 3.1."""
    return Response(msgspec.json.encode(state.describe()), media_type="application/vnd.oai.openapi+json")


route_handlers = [livez, readyz, openapi]
