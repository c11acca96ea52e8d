"""Tiles that are ready, or that nothing narrows, go out before routes and parameters are looked at."""

import re
from typing import Any

from litestar.datastructures import State
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError

from api.conditional import names
from api.errors import took_too_long
from api.tiles.server import Answer, server_of, told_to
from geo.errors import Lum1Error
from search.query import SearchQuery
from tiles.grid import TileAddress

PREFIX = "/tiles/"
NUMBER = "(0|[1-9][0-9]{0,7})"
# As a tile is kept: routes read « 05 », or a slash more, as the same tile, which need not be kept twice.
ADDRESS = re.compile(rf"/tiles/(structures|areas|base)/{NUMBER}/{NUMBER}/{NUMBER}\.mvt", re.ASCII)
EVERYTHING = SearchQuery()
REFUSED = "lum1.refused"  # in a scope: what its route need not find out again


async def answered(state: State, scope: Any, send: Any) -> bool:
    """Whether a GET was answered here; what is refused is said by its route."""
    held, encoding = told_to(scope)
    path, query = scope["path"], scope["query_string"]
    server = server_of(state)
    answer = server.ready(path, query, encoding)
    if answer is None and not query and (named := ADDRESS.fullmatch(path)) and named[1] == "structures":
        try:
            answer = await server.structures(TileAddress(*map(int, named.groups()[1:])), EVERYTHING, encoding, held)
        except (Lum1Error, OperationalError, QueryCanceled) as error:
            if took_too_long(error):
                scope[REFUSED] = error
            return False
        server.keep_ready(path, query, encoding, answer)
    if answer is None:
        return False
    if held and names(held, answer.etag):
        answer = answer.not_modified()
    await say(answer, send)
    return True


async def say(answer: Answer, send: Any) -> None:
    """The two messages of an answer (ASGI)."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
