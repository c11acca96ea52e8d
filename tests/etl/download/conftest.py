"""A producer, an archive to fill from it, a clock that only waits make advance, and files of the right shape."""

import gzip
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from etl.download import STRUCTURES, Patience, fetch, latest
from tests.etl.producer import Producer

DAY = date(2026, 11, 24)
TITLE = "finess-structures-journalier-20261124.json.gz"


@pytest.fixture
def producer() -> Iterator[Producer]:
    with Producer() as producer:
        yield producer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


class Calm:
    """Waits are written down instead of waited for; chance always draws the longest."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def patience(self, **how: float) -> Patience:
        return Patience(sleep=self.waits.append, clock=lambda: sum(self.waits), chance=lambda: 1.0, **how)


@pytest.fixture
def calm() -> Calm:
    return Calm()


def a_gzip(size: int = 300_000, seed: int = 1) -> bytes:
    """A gzip file of about this size."""
    return gzip.compress(random.Random(seed).randbytes(size), mtime=0)


CONTENT = a_gzip()
OTHER = a_gzip(seed=2)
UNSUMMED = {"checksum": None}
UNKNOWN = {"checksum": None, "filesize": None}


def names(folder: Path) -> list[str]:
    """What stands in the folder, the lock aside."""
    return sorted(file.name for file in folder.iterdir() if file.name != ".lock")


class Downloads:
    """One instance's archive, filled from one producer."""

    def __init__(self, producer: Producer, folder: Path, calm: Calm) -> None:
        self.producer, self.folder, self.calm = producer, folder, calm

    def fetch(self, **patience: float) -> Path:
        resource = latest(self.producer.url, STRUCTURES)
        return fetch(resource, self.folder, None, self.calm.patience(**patience))

    @property
    def statuses(self) -> list[int]:
        return [each.status for each in self.producer.files_asked]

    @property
    def sent(self) -> int:
        return sum(each.sent for each in self.producer.files_asked)


@pytest.fixture
def downloads(producer: Producer, folder: Path, calm: Calm) -> Downloads:
    return Downloads(producer, folder, calm)
