"""One process at a time in a folder of downloads."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger("lum1.download")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait for one's turn; the lock falls with its process, however that ends."""
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.warning("un autre processus télécharge dans %s : attente de sa fin", folder)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def alone_or_not(folder: Path) -> Iterator[bool]:
    """Whether one is alone, without waiting for it."""
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
