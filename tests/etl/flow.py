"""A real HTTP server that announces one FINESS file and serves it, or keeps its reader waiting."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from api.machine.ports import LOOPBACK


class Flow:
    """What is served, what was asked; `hold` keeps the next readers of the file waiting until `release`."""

    def __init__(self) -> None:
        self.url = ""
        self.file: Path | None = None
        self.asked: list[str] = []
        self.file_asked = threading.Semaphore(0)
        self._free = threading.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    def answer(self, path: str) -> bytes:
        self.asked.append(path)
        assert self.file is not None
        if path != "/file":
            resource = {"title": self.file.name, "url": f"{self.url}/file", "filesize": self.file.stat().st_size}
            return json.dumps({"license": "lov2", "resources": [resource]}).encode()
        self.file_asked.release()
        self._free.wait(60)
        return self.file.read_bytes()


@contextmanager
def flow_server() -> Iterator[Flow]:
    flow = Flow()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = flow.answer(self.path)
            try:
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the reader was killed
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        flow.url = f"http://{LOOPBACK}:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield flow
        finally:
            flow.release()
            server.shutdown()
            serving.join()
