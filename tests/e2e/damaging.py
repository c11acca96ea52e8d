"""Something between the browser and the server that damages tiles on their way, and leaves what the server says of caching.

Playwright's own routes turn the browser's cache off.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from api.machine.ports import LOOPBACK

TILES = "/tiles/structures/"
OF_ITS_OWN = {"connection", "content-length", "transfer-encoding"}


class Between:
    """While `damages`, half of each tile goes on."""

    def __init__(self, server: str) -> None:
        self.damages = False
        self._server = urlsplit(server).netloc
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, headers, body = between.asked(self.path, dict(self.headers))
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self.listening = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.address = f"http://{LOOPBACK}:{self.listening.server_port}"

    def asked(self, path: str, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(self._server)
        connection.request("GET", path, headers=headers | {"Accept-Encoding": "identity", "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if self.damages and path.startswith(TILES):
            body = body[: len(body) // 2]
        return answer.status, [each for each in answer.getheaders() if each[0].lower() not in OF_ITS_OWN], body


@contextmanager
def between(server: str) -> Iterator[Between]:
    """Listening on a port of its own."""
    found = Between(server)
    Thread(target=found.listening.serve_forever, daemon=True).start()
    yield found
    found.listening.shutdown()
    found.listening.server_close()
