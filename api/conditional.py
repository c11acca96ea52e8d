"""Conditional requests (RFC 9110 § 13.1.2): what a client already has is not sent again."""

from typing import Any

from litestar import Request


def already_has(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether `If-None-Match` names it; proxies that compress mark it weak, which this comparison overlooks."""
    held = (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(","))
    return any(each in (etag, "*") for each in held)
