"""An end to what a server may take for one answer, headers included, however slowly its bytes trickle.

Timeouts of sockets start anew with each byte. Here the connection is shut once the time is over, and whoever reads it wakes.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Overrun(Exception):
    """The time was over before the answer was."""


class Deadline(threading.local):
    """What one thread waits for; give `adapter()` to its session."""

    def __init__(self) -> None:
        self._watch: _Watch | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Overrun unless what is asked within is wholly read in time."""
        watch = self._watch = _Watch(seconds)
        try:
            yield
        except Exception as error:
            if watch.is_over:
                raise Overrun from error
            raise
        finally:
            watch.end()
            self._watch = None
        if watch.is_over:  # a body without a length ends where its connection does
            raise Overrun

    def watch(self, connection: HTTPConnection) -> None:
        """A question left on this connection."""
        if self._watch is not None and connection.sock is not None:
            self._watch.begin(connection.sock)

    def adapter(self) -> HTTPAdapter:
        """The way to http and https whose answers have an end."""
        return _Adapter(self)


class _Watch:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self.is_over = False

    def begin(self, sock: socket.socket) -> None:
        self._timer = threading.Timer(self._seconds, self._shut, (sock,))
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _shut(self, sock: socket.socket) -> None:
        self.is_over = True
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    def __init__(self, deadline: Deadline) -> None:
        pools = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        self._pools = {scheme: _watched(pool, deadline) for scheme, pool in pools.items()}
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _watched(pool: type[HTTPConnectionPool], deadline: Deadline) -> type[HTTPConnectionPool]:
    """The same pool, whose connections are watched from the moment an answer is waited for."""
    usual: Any = pool.ConnectionCls

    def getresponse(connection: Any) -> Any:
        deadline.watch(connection)
        return usual.getresponse(connection)

    connections = type("Watched", (usual,), {"getresponse": getresponse})
    return type("WatchedPool", (pool,), {"ConnectionCls": connections})
