"""A refresh that is killed at a step: `python -m tests.etl.finess.dies DATABASE SEARCH_FOLDER FILE STEP [FLOW]`."""

import os
import signal
import sys
from pathlib import Path

from etl.finess.activites import pipeline as activites
from etl.finess.pipeline import refresh
from geo.database import engine_for


class Deadly:
    """Progress that ends the process as `kill -9` does, when a step begins or a piece of the file has been read."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._pieces = 0

    def step(self, name: str) -> None:
        if name == self._step:
            os.kill(os.getpid(), signal.SIGKILL)

    def advance(self, done: int, total: int) -> None:
        self._pieces += 1
        self.step(f"morceau {self._pieces}")


if __name__ == "__main__":
    url, search, file, step, *flow = sys.argv[1:]
    load = activites.refresh if flow == ["activites"] else refresh
    load(engine_for(url), Path(search), Path(file), home=Path(search).parent, progress=Deadly(step))
