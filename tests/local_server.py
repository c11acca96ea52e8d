"""What every server that tests speak to over HTTP has: a port of loopback, a thread per request, an end."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class LocalServer:
    """Starts with `with`; one thread per request."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def is_over(self, within_s: float) -> bool:
        """Whether it ends in that time."""
        return self._closing.wait(within_s)

    def wait_for_the_end(self) -> None:
        """What a server that goes silent does."""
        self._closing.wait(600)
