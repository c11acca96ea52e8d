"""Conditional requests (RFC 9110 § 13.1.2): what a client already has is not sent again."""

from typing import Any

from litestar import Request


def already_has(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether `If-None-Match` names it, in one line or several (§ 5.3)."""
    return names(", ".join(request.headers.getall("if-none-match", [])), etag)


def names(held: str, etag: str) -> bool:
    """Whether an `If-None-Match` names it; proxies that compress mark it weak, which this comparison overlooks."""
    return any(each.strip().removeprefix("W/") in (etag, "*") for each in held.split(","))
