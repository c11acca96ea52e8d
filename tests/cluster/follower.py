"""`./lum1 search sync` in a process of its own, which kills itself as it begins a step: where nobody can tidy up after it."""

import os
import signal
import sys

from geo import outbox
from geo.database import engine_for
from geo.progress import Silent
from geo.search_server import SearchServer
from search.elastic import sync

COMMIT = "validation"  # the index says what it holds, PostgreSQL does not know it yet
STEPS = ("documents", "vocabulaire", "vérification", COMMIT)


class UpTo(Silent):
    """Dies as it is told of one step."""

    def __init__(self, last: str) -> None:
        self._last = last

    def step(self, name: str) -> None:
        if name == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def main(database_url: str, urls: str, name: str, last: str) -> None:
    dying = UpTo(last)
    outbox.taken = lambda *_: dying.step(COMMIT)
    server = SearchServer(urls=tuple(urls.split(",")), name=name, replicas=1, fallback=False)
    sync.follow(engine_for(database_url), server, dying, may_build=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
