"""Insee's API, a client of it, and a clock that only waits make advance, which both go by."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etl.sirene.api import Quota, Sirene, Spool
from geo.patience import Patience
from tests.etl.sirene.api.insee import KEY, PER_MINUTE, Insee


class Calm:
    """Waits are written down instead of waited for; chance always draws the longest."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def clock(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def calm() -> Calm:
    return Calm()


@pytest.fixture
def insee(calm: Calm) -> Iterator[Insee]:
    with Insee(calm.clock) as insee:
        yield insee


MakeSirene = Callable[..., Sirene]


@pytest.fixture
def a_client(insee: Insee, calm: Calm) -> MakeSirene:
    """A client; of another key, of a hurried quota, if asked."""

    def made(key: str = KEY, per_minute: int = PER_MINUTE) -> Sirene:
        patience = Patience(clock=calm.clock, sleep=calm.sleep, chance=lambda: 1.0)
        return Sirene(insee.url, key, Quota(per_minute, calm.clock, calm.sleep), patience)

    return made


@pytest.fixture
def sirene(a_client: MakeSirene) -> Sirene:
    return a_client()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")
