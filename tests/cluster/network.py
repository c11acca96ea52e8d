"""The way from a client to the nodes, which can be cut: at a byte of a bulk request, or whenever."""

import re
import selectors
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE) (\S+) HTTP/1\.1\r\n")
BULK = re.compile(rb"(?:/[^/?]+)?/_bulk(?:\?|$)")
AT_ONCE = 1 << 16
LINGER_0 = struct.pack("ii", 1, 0)  # what closes then says so by a reset, as what was unplugged does
TICK_S = 0.1


class Network:
    """An address in place of each node's; one thread carries all. What passes of bulk requests is counted."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.bulk_bytes = 0
        self.is_cut = False  # whoever comes then is sent away
        self._at: int | None = None
        self._act: Callable[[], None] = lambda: None
        self._ends = False
        self._selector = selectors.DefaultSelector()
        self._other: dict[socket.socket, socket.socket] = {}  # the end that each end speaks to
        self._requests: dict[socket.socket, bool] = {}  # of clients' ends: whether a bulk request is passing
        self._listening = {socket.create_server(("127.0.0.1", 0)): _address(url) for url in urls}
        for each in self._listening:
            self._selector.register(each, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(f"http://127.0.0.1:{each.getsockname()[1]}" for each in self._listening)

    def when(self, bulk_bytes: int, act: Callable[[], None]) -> None:
        """Do something once so many more bytes of bulk requests have passed, before any other passes."""
        self._act = act
        self._at = self.bulk_bytes + bulk_bytes

    def cut(self) -> None:
        """For `when`: every connection is reset, none is made until `mend`."""
        self.is_cut = True
        for each in list(self._other):
            _reset(each)
            self._forget(each)

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self._ends = True
        self._thread.join()

    def _carry(self) -> None:
        while not self._ends:
            for key, _ in self._selector.select(TICK_S):
                assert isinstance(key.fileobj, socket.socket)
                if key.fileobj in self._listening:
                    self._accept(key.fileobj)
                elif key.fileobj in self._other:  # not closed by what came just before
                    self._pass(key.fileobj)
        for each in (*self._listening, *self._other):
            each.close()
        self._selector.close()

    def _accept(self, listening: socket.socket) -> None:
        client, _ = listening.accept()
        if self.is_cut:
            _reset(client)
            return
        try:
            node = socket.create_connection(self._listening[listening])
        except OSError:  # nobody is there
            _reset(client)
            return
        self._requests[client] = False
        for one, other in ((client, node), (node, client)):
            self._other[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass(self, end: socket.socket) -> None:
        try:
            data = end.recv(AT_ONCE)
            if data and end in self._requests:
                data = self._counted(end, data)
            if data:
                self._other[end].sendall(data)
                return
        except (OSError, KeyError):  # reset by one of them, or by us
            pass
        self._close(end)

    def _counted(self, client: socket.socket, data: bytes) -> bytes:
        """What is left to send of it."""
        if begun := REQUEST.match(data):
            self._requests[client] = bool(BULK.fullmatch(begun[1]) or BULK.match(begun[1]))
        if not self._requests[client]:
            return data
        before, self.bulk_bytes = self.bulk_bytes, self.bulk_bytes + len(data)
        if self._at is None or self.bulk_bytes < self._at:
            return data
        first, self._at = self._at - before, None
        self._other[client].sendall(data[:first])
        self._act()
        return data[first:]

    def _close(self, end: socket.socket) -> None:
        for each in (end, self._other.get(end)):
            if each is not None:
                self._forget(each)
                each.close()

    def _forget(self, end: socket.socket) -> None:
        if self._other.pop(end, None) is not None:
            self._requests.pop(end, None)
            with suppress(KeyError, ValueError):
                self._selector.unregister(end)


@contextmanager
def between(urls: Sequence[str]) -> Iterator[Network]:
    network = Network(urls)
    try:
        yield network
    finally:
        network.close()


def _reset(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    end.close()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port
