"""Around the commit of whatever may purge: before it the registers beside the database, after it nothing older is left."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from etl import publish, search_server, tile_archive
from etl.registers import journal, samples

# Says that what follows a purge is not done: older words indexes, dead rows, the planner's samples. A file rather than a row,
# because it concerns files too and must be there whenever the purge is: one that is left by a transaction that was rolled back
# costs a needless vacuum.
UNFINISHED = "purge_a_finir"


@contextmanager
def remembering(engine: Engine, home: Path, counts: Mapping[str, Any]) -> Iterator[Connection]:
    """A transaction that knows whom the file beside withholds; `counts`: what it will have done, for the ledger."""
    with engine.begin() as connection:
        journal.read(connection, home)
        yield connection
        before_commit(connection, home, counts)


def before_commit(connection: Connection, home: Path, counts: Mapping[str, Any]) -> None:
    """The last thing of such a transaction, and nothing of one that is rolled back.

    Written before, not after: of a process that dies in between, a mask that the file notes early is only applied early, while
    one that it lifts early stands in the database, which has the last word, and is lifted again by the next run. Written after,
    a mask that was lifted would be read from the file again, and the page that lifted it is read no more.
    """
    forgotten = samples.forget(connection)
    if forgotten or "purged" in counts:
        journal.keep(home, UNFINISHED, b"")
    journal.write(connection, home)


def finish(engine: Engine, home: Path, search_root: Path) -> None:
    """Once that is committed, under the lock of loads: what older publications leave, all of it if somebody was purged.

    A search server that cannot be told now is told later (etl.following): until then a purge is not finished. The grid takes in
    what changed at the very end, unless somebody was purged: tiles are right already.
    """
    purged = is_unfinished(home)
    if purged:
        tile_archive.forget(home)
    swept = publish.sweep(engine, search_root, served_only=purged)
    told = search_server.told(engine, purged=purged)
    if purged and swept and told:
        (home / journal.FOLDER / UNFINISHED).unlink()
    publish.take_in(engine)


def finish_what_was_left(engine: Engine, home: Path, search_root: Path) -> None:
    """The same of a process that died just after its commit."""
    if is_unfinished(home):
        finish(engine, home, search_root)
    else:
        publish.take_in(engine)


def is_unfinished(home: Path) -> bool:
    """Whether somebody was purged, or was to be, and what follows is not done."""
    return (home / journal.FOLDER / UNFINISHED).exists()
