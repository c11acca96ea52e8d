"""The smallest application: it answers every request 200, so that starting and stopping are what is tested."""

from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[
    [dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


def create_app() -> Application:
    return answer


def never_starts() -> Application:
    raise RuntimeError("il manque une pièce")


async def answer(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
    if scope["type"] != "http":
        return await follow_lifespan(receive, send)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def follow_lifespan(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
