"""How long to insist: waits that double, drawn at random, as the server asks, and an end to it all."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from geo.environment import whole_number
from geo.errors import Unreachable

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
LONGEST_RETRY_AFTER_S = 300.0  # data.gouv asks for seconds; a date of next week must not hold the refresh until then
PATIENCE_S = 3_600  # the largest file, 60 MB, at 17 kB/s; the next run goes on where this one stopped
GOES_ON = "La même commande reprendra où celle-ci s’est arrêtée."

logger = logging.getLogger("lum1.patience")


class Interrupted(Exception):
    """A failure that passes: a cut, a silence, a server that is too busy."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoContact(Interrupted):
    """No connection was made at all."""


@dataclass(frozen=True)
class Patience:
    """How much trouble is accepted; tests give a `sleep` and a `clock` of their own."""

    attempts: int = 6  # in a row without a byte received: 1 + 2 + 4 + 8 + 16 s of waiting
    total_s: float = PATIENCE_S
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    @classmethod
    def from_environment(cls) -> "Patience":
        """The operator's `LUM1_DOWNLOAD_PATIENCE_S`."""
        return cls(total_s=whole_number("LUM1_DOWNLOAD_PATIENCE_S", PATIENCE_S))


class Effort:
    """One use of a patience, from its first attempt to its last."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._end = patience.clock() + patience.total_s
        self.failures = 0

    def rewarded(self) -> None:
        """Bytes have arrived: a long way in many pieces is not a failure, as long as the total allows."""
        self.failures = 0
        if self._patience.clock() > self._end:
            raise Unreachable(f"Trop lent : abandon après {self._patience.total_s:.0f} s. {GOES_ON}")

    def wait_after(self, failure: Interrupted) -> None:
        """Sleep before the next attempt; Unreachable when there is none."""
        self.failures += 1
        wait = self._wait(failure)
        if self.failures >= self._patience.attempts:
            raise Unreachable(f"{failure} : abandon après {self.failures} essais sans progrès. {GOES_ON}") from failure
        if self._patience.clock() + wait > self._end:
            raise Unreachable(f"{failure} : abandon après {self._patience.total_s:.0f} s. {GOES_ON}") from failure
        logger.warning("%s ; nouvel essai dans %.1f s (%d/%d)", failure, wait, self.failures, self._patience.attempts)
        self._patience.sleep(wait)

    def _wait(self, failure: Interrupted) -> float:
        doubled = min(FIRST_WAIT_S * 2.0 ** (self.failures - 1), LONGEST_WAIT_S)
        drawn = doubled * (0.5 + self._patience.chance() / 2)  # not every instance of France at the same second
        return max(drawn, min(failure.retry_after_s or 0, LONGEST_RETRY_AFTER_S))
