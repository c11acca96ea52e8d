"""Tiles that are ready go out before anything else is looked at: neither routes, nor parameters, nor PostgreSQL."""

from functools import lru_cache
from typing import Any

from litestar.datastructures import State

from api.negotiation import preferred_encoding
from api.tiles.server import Answer, names, server_of, told_to

PREFIX = "/tiles/"
encoding_for = lru_cache(maxsize=256)(preferred_encoding)  # a few browsers' own headers


async def answered(state: State, scope: Any, send: Any) -> bool:
    """Whether a GET was answered here."""
    held, accepted = told_to(scope)
    answer = server_of(state).ready(scope["path"], scope["query_string"], encoding_for(accepted))
    if answer is None:
        return False
    if held and names(held, answer.etag.decode()):
        answer = answer.not_modified()
    await say(answer, send)
    return True


async def say(answer: Answer, send: Any) -> None:
    """The two messages of an answer (ASGI)."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
