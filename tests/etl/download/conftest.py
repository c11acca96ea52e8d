"""A producer, a clock that only waits make advance, and files of the right shape."""

import gzip
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from etl.download import Patience
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
