"""Which publication is served, asked while an answer is made of what the process holds: PostgreSQL's word then takes no time.

A transaction of its own would take three exchanges, each of them two processes that wake each other up.
"""

import select
import threading
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from geo.publication import WHICH

MOST = 4  # connections beside the pool's; while all of them wait, others ask in a transaction
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
        """Ask now, to be told later; of nobody where no connection is idle (`make_ready`). Nothing is waited for."""
        try:
            connection = self._idle.pop()
        except IndexError:
            return Asked(self, None)
        try:
            connection.pgconn.send_query_prepared(PREPARED, [])
            connection.pgconn.flush()
            return Asked(self, connection)
        except psycopg.Error:
            self.give_back(connection, usable=False)
            return Asked(self, None)

    def make_ready(self) -> None:
        """For the next who asks, unless enough connections are open. Once PostgreSQL has answered something else."""
        if self._idle or not self._places.acquire(blocking=False):
            return
        try:
            connection = psycopg.connect(self._url, autocommit=True, connect_timeout=PATIENCE_S)
        except psycopg.Error:
            self._places.release()
            return
        self.give_back(connection, usable=_is_prepared(connection))

    def give_back(self, connection: Connection, *, usable: bool) -> None:
        """Once it was answered."""
        if usable:
            self._idle.append(connection)
            return
        connection.close()
        self._places.release()

    def close(self) -> None:
        """Once nobody asks any more."""
        while self._idle:
            self._idle.pop().close()


class Asked:
    """One question that is on its way: answered or given up at last."""

    def __init__(self, asking: Asking, connection: Connection | None) -> None:
        self._asking, self._connection = asking, connection

    @property
    def is_of_nobody(self) -> bool:
        """Whether there was nobody to ask."""
        return self._connection is None

    def give_up(self) -> None:
        """Nobody waits for the answer any more."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._asking.give_back(connection, usable=False)

    def is_told(self) -> bool:
        """Whether the answer is here, or will never be."""
        if self._connection is None:
            return True
        asked = self._connection.pgconn
        try:
            if asked.is_busy() and select.select([asked.socket], [], [], 0)[0]:
                asked.consume_input()
            return not asked.is_busy()
        except psycopg.Error:
            return False

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


def _is_prepared(connection: Connection) -> bool:
    """Not behind a pooler that gives each transaction another server: there, everybody asks in a transaction."""
    try:
        return connection.pgconn.prepare(PREPARED, WHICH.sql.encode()).status == ExecStatus.COMMAND_OK
    except psycopg.Error:
        return False


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
