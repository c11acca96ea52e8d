"""Where a run of SIRENE works: readable by its owner alone, and emptied of what a killed run left."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PREFIX = "sirene-"


@contextmanager
def scratch(home: Path) -> Iterator[Path]:
    """A folder of this run's own, to be opened under the lock of loads: no other run is at work."""
    work = home / "travail"
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(home)
    with TemporaryDirectory(prefix=PREFIX, dir=work) as folder:
        yield Path(folder)


def sweep(home: Path) -> None:
    """Remove what a killed run left: it holds persons."""
    for left in (home / "travail").glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
