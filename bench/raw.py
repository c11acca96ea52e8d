"""`granian --interface asgi bench.raw:app`: the least that a server of Python can do, the same bytes to whoever asks."""

import os
from pathlib import Path
from typing import Any

BODY = Path(os.environ["LUM1_BENCH_BODY"]).read_bytes()
HEADERS = [(b"content-type", b"application/octet-stream"), (b"content-length", str(len(BODY)).encode())]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """ASGI, without a framework."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY, "more_body": False})
