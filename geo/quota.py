"""No more questions in a span of time than who answers them allows."""

import time
from collections import deque
from collections.abc import Callable


class Quota:
    """A bucket of tokens, each back `span_s` seconds after it was taken: no burst, however placed, can exceed it."""

    def __init__(
        self,
        allowed: int,
        span_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """At least one question must be allowed; `span_s` has the margin that questions on their way need."""
        self._taken: deque[float] = deque(maxlen=allowed)
        self._span_s = span_s
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
        return self._taken[0] + self._span_s - self._clock()
