"""Which publication is served, asked while an answer is made of what the process holds: PostgreSQL's word then takes no time.

A transaction of its own would take three exchanges, each of them two processes that wake each other up.
"""

import select
import threading
from types import TracebackType
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from geo.publication import WHICH

MOST = 4  # connections beside the pool's: where all of them are waiting, a question finds no answer
PATIENCE_S = 2  # for a connection, and for an answer
PREPARED = b"which"

Connection = psycopg.Connection[Any]


class Asking:
    """A few connections that ask nothing else; safe between threads."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._idle: list[Connection] = []
        self._places = threading.BoundedSemaphore(MOST)

    def ask(self) -> "Asked":
        """Ask now, to be told later."""
        if not self._places.acquire(blocking=False):
            return Asked(self, None)
        connection = None
        try:
            connection = self._idle.pop() if self._idle else self._opened()
            connection.pgconn.send_query_prepared(PREPARED, [])
            connection.pgconn.flush()
            return Asked(self, connection)
        except (psycopg.Error, IndexError):  # it is gone, or another thread took the last idle one
            self.give_back(connection, usable=False)
            return Asked(self, None)

    def give_back(self, connection: Connection | None, *, usable: bool) -> None:
        """Once it was answered."""
        if connection is not None and usable:
            self._idle.append(connection)
        elif connection is not None:
            connection.close()
        self._places.release()

    def close(self) -> None:
        """Once nobody asks any more."""
        while self._idle:
            self._idle.pop().close()

    def _opened(self) -> Connection:
        connection = psycopg.connect(self._url, autocommit=True, connect_timeout=PATIENCE_S)
        connection.pgconn.prepare(PREPARED, WHICH.sql.encode())
        return connection


class Asked:
    """One question that is on its way. Left as a context, it has been answered or given up."""

    def __init__(self, asking: Asking, connection: Connection | None) -> None:
        self._asking, self._connection = asking, connection

    def __enter__(self) -> "Asked":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.answer()

    def answer(self) -> str | None:
        """What WHICH says, waited for; None where nobody says it, nothing is served, or it was told already."""
        connection, self._connection = self._connection, None
        if connection is None:
            return None
        told = None
        try:
            told = _received(connection)
        except psycopg.Error:
            pass
        finally:
            self._asking.give_back(connection, usable=told is not None)
        return told or None


def _received(connection: Connection) -> str | None:
    """Empty without a publication; None when it is not said in time."""
    asked = connection.pgconn
    while asked.is_busy():
        if not select.select([asked.socket], [], [], PATIENCE_S)[0]:
            return None
        asked.consume_input()
    result = asked.get_result()
    if result is None or result.status != ExecStatus.TUPLES_OK:
        return None
    while asked.get_result() is not None:  # nothing more: the connection may be asked again
        pass
    value = result.get_value(0, 0) if result.ntuples else b""
    return value.decode() if value is not None else None
