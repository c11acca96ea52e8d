"""A refresh of SIRENE that is killed at a step: `python -m tests.etl.sirene.lives SETTINGS STEP RANK`."""

import os
import signal
import sys
from pathlib import Path

import msgspec

from etl.sirene.live import refresh_live
from geo.settings import Settings


class Deadly:
    """Progress that ends the process as `kill -9` does, when a step begins for the `rank`-th time."""

    def __init__(self, step: str, rank: int) -> None:
        self._step, self._left = step, rank

    def step(self, name: str) -> None:
        self._left -= name == self._step
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def advance(self, done: int, total: int) -> None:
        pass


if __name__ == "__main__":
    settings, step, rank = sys.argv[1:]
    given = msgspec.json.decode(settings)
    refresh_live(Settings(**given | {"home": Path(given["home"])}), Deadly(step, int(rank)))
