"""What every address does without a line in its handler: HEAD where GET answers, no NUL in a path; tiles that are ready."""

from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Send

from api.tiles import lane


class Application(Litestar):
    """Litestar, whose routes know GET only: HEAD is GET with the body kept back (RFC 9110 § 9.3.2)."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await super().__call__(scope, receive, send)
        scope["path"] = scope["path"].replace("\x00", "\ufffd")  # neither files nor PostgreSQL have a NUL in a name
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
            scope["lum1.is_head"] = True
            send = _without_body(send)
        if (
            scope["method"] == "GET"
            and scope["path"].startswith(lane.PREFIX)
            and await lane.answered(self.state, scope, send)
        ):
            return None
        return await super().__call__(scope, receive, _naming_head(send))


def is_head(request: Request[Any, Any, Any]) -> bool:
    """Whether the body is kept back: one that is long need not be made."""
    return "lum1.is_head" in request.scope


def _without_body(send: Send) -> Send:
    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return forward


def _naming_head(send: Send) -> Send:
    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            if "allow" in headers:
                methods = {each.strip() for each in headers["allow"].split(",")}
                headers["allow"] = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
        await send(message)

    return forward
