"""Where runs of SIRENE work: readable by their owner alone, and emptied of what a killed run left, which holds persons."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from etl.download.lock import alone_or_not
from geo.settings import SIRENE_FOLDER

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
    """Remove what a killed run left; under the lock of loads too."""
    for left in (home / "travail").glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def sweep_downloads(home: Path) -> None:
    """Remove what a killed refresh had received, unless another one is at work with it."""
    downloads = home / SIRENE_FOLDER
    if not downloads.is_dir():
        return
    with alone_or_not(downloads) as alone:
        for left in downloads.glob("*/") if alone else ():
            shutil.rmtree(left, ignore_errors=True)
