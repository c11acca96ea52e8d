"""An answer made of what the engine holds, confirmed by PostgreSQL meanwhile; made in a transaction where it cannot be."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import anyio.to_thread
from litestar.datastructures import State

from api.dependencies import Reading, asking_of, publications_of, reading
from geo.errors import NotAvailableYet
from geo.publication import Publication

A = TypeVar("A")


async def confirmed(state: State, recall: Callable[[Publication], A | None], read: Callable[[Reading], A]) -> A:
    """What `recall` says of the publication served last, if it still is; else, or where it says None, what `read` says."""
    asked = asking_of(state).ask()
    which, known = publications_of(state).last
    try:
        if known is not None and not asked.is_of_nobody:
            found = await anyio.to_thread.run_sync(partial(_recalled, recall, known))
            told = asked.answer() if asked.is_told() else await anyio.to_thread.run_sync(asked.answer)
            if found is not None and told == which:
                return found
    finally:
        asked.give_up()
    return await anyio.to_thread.run_sync(_read, state, read)


def _recalled(recall: Callable[[Publication], A | None], known: Publication) -> A | None:
    with suppress(NotAvailableYet):  # what was served last had no such data: what is served now may
        return recall(known)
    return None


def _read(state: State, read: Callable[[Reading], A]) -> A:
    with reading(state) as view:
        found = read(view)
    asking_of(state).make_ready()
    return found
