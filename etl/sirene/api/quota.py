"""No more questions in a minute than Insee allows a key."""

import time
from collections import deque
from collections.abc import Callable

from geo.errors import Lum1Error

PER_MINUTE = 30  # the public plan; one key in two places is one quota
MINUTE_S = 60.0
MARGIN_S = 0.5  # questions travel: two of them may arrive closer than they left


class Quota:
    """A bucket of tokens, each back a minute after it was taken: no burst, however placed, can exceed it."""

    def __init__(
        self,
        per_minute: int = PER_MINUTE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if per_minute < 1:
            raise Lum1Error("LUM1_SIRENE_PER_MINUTE vaut 0 : au moins une question par minute est attendue.")
        self._taken: deque[float] = deque(maxlen=per_minute)
        self._clock = clock
        self._sleep = sleep

    def take(self) -> None:
        """Wait for a token if none is left, and take it."""
        while (wait := self._wait()) > 0:
            self._sleep(wait)
        self._taken.append(self._clock())

    def _wait(self) -> float:
        if len(self._taken) < (self._taken.maxlen or 0):
            return 0.0
        return self._taken[0] + MINUTE_S + MARGIN_S - self._clock()
