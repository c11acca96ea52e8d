"""A file server as others have: it knows nothing of lum1, and answers ranges."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.local_server import LocalServer

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript"}


@contextmanager
def serving(folder: Path, *, ranges: bool = True) -> Iterator[str]:
    """The address of a server of this folder."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = folder / unquote(urlsplit(self.path).path).removeprefix("/")
            if not file.is_file():
                self.send_error(404)
                return
            content = file.read_bytes()
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", "")) if ranges else None
            first, end = (int(asked[1]), min(int(asked[2]) + 1, len(content))) if asked else (0, len(content))
            self.send_response(206 if asked else 200)
            self.send_header("Content-Type", TYPES.get(file.suffix, "application/octet-stream"))
            self.send_header("Content-Length", str(end - first))
            self.send_header("ETag", f'"{file.stat().st_mtime_ns}"')
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(content)}")
            self.end_headers()
            self.wfile.write(content[first:end])

        def log_message(self, format: str, *args: object) -> None:
            pass

    with LocalServer(Handler) as server:
        yield server.address
