"""Conditional requests (RFC 9110 § 13.1.2): what a client already has is not sent again."""

import hashlib
from typing import Any

from litestar import Request


def etag_of(body: bytes) -> str:
    """A strong one, that names the content: it changes when a new publication or a new program says something else, only then.

    >>> etag_of(b"lum1") == etag_of(b"lum1") != etag_of(b"lum2")
    True
    """
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def already_has(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether `If-None-Match` names it; proxies that compress mark it weak, which this comparison overlooks."""
    held = (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(","))
    return any(each in (etag, "*") for each in held)
