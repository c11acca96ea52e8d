"""Ports for what a test starts: two runners side by side don't look in the same hundred."""

import os

from api.machine.ports import free_port

FIRST = 18_000
EACH = 100


def a_port() -> int:
    """One that nobody listens on, and that no other runner of the tests is about to take."""
    runner = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return free_port(at_least=FIRST + EACH * int(runner))
