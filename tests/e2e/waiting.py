"""Waiting for what a machine does in its own time."""

import time
from collections.abc import Callable

PATIENCE_S = 30.0


def eventually(holds: Callable[[], object], what: str) -> None:
    """Return once it holds; fail naming what never did."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.1)
