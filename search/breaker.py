"""Whether a server that fails is asked again: not for a while, then by one question, then by all.

Closed: every question goes. Open: none. After a pause (half-open) the next one tries, alone, while others go elsewhere; what
becomes of it closes the breaker, or opens it for twice as long.
"""

import time
from collections.abc import Callable
from enum import Enum
from threading import Lock

FAILURES = 3  # in a row, of a server that answers other questions: one may be too heavy for it
PAUSE_S = 5.0  # what a 503 tells to wait (api/errors.py)
LONGEST_PAUSE_S = 60.0  # a server that hangs makes the one who tries wait: once a minute is enough


class State(Enum):
    """Who goes."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Safe between threads; `clock`: seconds, never back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._state = State.CLOSED
        self._failures = 0
        self._pause_s = PAUSE_S
        self._tried_from = 0.0

    @property
    def is_closed(self) -> bool:
        return self._state is State.CLOSED

    @property
    def would_let_through(self) -> bool:
        """Whether `lets_through` would; nobody is counted on to try."""
        return self.is_closed or (self._state is State.OPEN and self._clock() >= self._tried_from)

    def lets_through(self) -> bool:
        """Whether to ask; who is let through then says what became of it: `answered`, `failed` or `learnt_nothing`."""
        with self._lock:
            if not self.would_let_through:
                return False
            if self._state is State.OPEN:
                self._state = State.HALF_OPEN
            return True

    def answered(self) -> bool:
        """Whether this closes it. An answer to what was asked before it opened says nothing of now."""
        with self._lock:
            if self._state is State.OPEN:
                return False
            closes = self._state is State.HALF_OPEN
            self._state, self._failures, self._pause_s = State.CLOSED, 0, PAUSE_S
            return closes

    def failed(self, *, at_once: bool) -> bool:
        """Whether this opens it; `at_once`: no other question would fare better."""
        with self._lock:
            if self._state is State.HALF_OPEN:
                self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
                self._open()
                return False
            self._failures += 1
            if self._state is State.OPEN or not (at_once or self._failures >= FAILURES):
                return False
            self._open()
            return True

    def learnt_nothing(self) -> None:
        """Who was let through did not come to ask: another may try."""
        with self._lock:
            if self._state is State.HALF_OPEN:
                self._state = State.OPEN

    def _open(self) -> None:
        self._state = State.OPEN
        self._tried_from = self._clock() + self._pause_s
