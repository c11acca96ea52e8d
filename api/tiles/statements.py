"""One statement for one tile, without a transaction, a thread or a pool that looks at each: they cost more than the statement."""

import asyncio
from time import monotonic
from typing import Any

import psycopg

from geo.compiled import Compiled
from geo.database import IDLE_S, LONGEST_MS, reading_options

MOST = 4  # connections of a process; others wait, for a millisecond
PATIENCE_S = 2  # for a connection, and for what is sent to arrive
# PostgreSQL ends a statement itself, unless it stands still with its disk.
ANSWERED_WITHIN_S = LONGEST_MS / 1_000 + PATIENCE_S

Connection = psycopg.AsyncConnection[Any]


class Statements:
    """A few connections of one event loop, opened as they are asked for."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._idle: list[tuple[float, Connection]] = []
        self._places = asyncio.Semaphore(MOST)

    async def row(self, asked: Compiled, given: dict[str, Any]) -> tuple[Any, ...]:
        """Its one row, prepared at the first time; psycopg.Error where PostgreSQL does not say it, in time: QueryCanceled."""
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                return await self._row(asked, given)
        except TimeoutError as error:
            raise psycopg.errors.QueryCanceled("PostgreSQL, qui a pris la question, ne répond pas.") from error

    async def _row(self, asked: Compiled, given: dict[str, Any]) -> tuple[Any, ...]:
        async with self._places:
            connection = await self._open()
            try:
                async with connection.cursor(binary=True) as cursor:
                    await cursor.execute(asked.sql.encode(), asked.given | given, prepare=True)
                    row = await cursor.fetchone()
            except BaseException:  # whoever asked may have left: what it says now is nobody's
                await connection.close()
                raise
            self._idle.append((monotonic(), connection))
        assert row is not None
        return tuple(row)

    async def close(self) -> None:
        """Once nobody asks any more."""
        while self._idle:
            await self._idle.pop()[1].close()

    async def _open(self) -> Connection:
        """One that answered a second ago at most, or answers now, or a new one: PostgreSQL may have been started again.

        A new one takes as long as ten tiles.
        """
        while self._idle:
            since, connection = self._idle.pop()
            try:
                if monotonic() - since <= IDLE_S or await _answers(connection):
                    return connection
            except asyncio.CancelledError:
                await connection.close()
                raise
            await connection.close()
        return await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=PATIENCE_S,
            tcp_user_timeout=PATIENCE_S * 1_000,  # a way that was cut while nobody asked says nothing
            options=reading_options(self._url),
        )


async def _answers(connection: Connection) -> bool:
    try:
        await connection.execute("")
    except psycopg.Error:
        return False
    return True
