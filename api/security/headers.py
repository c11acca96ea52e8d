"""Headers on every answer: nothing from elsewhere, and to elsewhere what maps of elsewhere are made of."""

import re

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

# MapLibre draws in a worker made from a blob, and decodes images from data and blob addresses.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",  # the address bar holds what was searched
    "permissions-policy": "geolocation=(self), camera=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}

# Public, the same for everybody, asked without a cookie: pages of any origin may read them (Fetch § 3.3).
FOR_ANY_ORIGIN = re.compile(r"/(tiles/.*|style\.json|ogc(/.*)?)", re.DOTALL)
TO_ANY_ORIGIN = {"access-control-allow-origin": "*", "access-control-expose-headers": "Content-Range, ETag"}
# Before a conditional request, or one of a part, browsers of before 2023 ask whether they may.
TO_WHO_ASKS_FIRST = {
    "access-control-allow-headers": "If-None-Match, If-Range, Range",
    "access-control-max-age": "86400",
}


async def add_security_headers(message: Message, scope: Scope) -> None:
    """Litestar's `before_send` hook."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in (HEADERS | _to_other_origins(scope)).items():
            headers.setdefault(name, value)


def _to_other_origins(scope: Scope) -> dict[str, str]:
    if not FOR_ANY_ORIGIN.fullmatch(scope["path"]):
        return {}
    return TO_ANY_ORIGIN | TO_WHO_ASKS_FIRST if scope.get("method") == "OPTIONS" else TO_ANY_ORIGIN
