"""Several ways to one answer, timed question by question, side by side: a busy moment weighs on all of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.client import MILLISECONDS, Latency, latency_of


def in_turn(ways: Mapping[str, Callable[[Any], object]], questions: Sequence[Any]) -> dict[str, Latency]:
    """Each question once by each way; which goes first changes from question to question, since it warms the others' pages."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for question in questions:
        for name in order:
            began = time.perf_counter()
            ways[name](question)
            taken[name].append((time.perf_counter() - began) * MILLISECONDS)
        order.append(order.pop(0))
    return {name: latency_of(times) for name, times in taken.items()}
