"""Several ways to one answer, timed side by side in one run."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.client import MILLISECONDS, Latency, latency_of, timed


def in_turn(ways: Mapping[str, Callable[[Any], object]], questions: Sequence[Any]) -> dict[str, Latency]:
    """Each question once by each way: a busy moment weighs on all. Another goes first each time, since it warms their pages."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for question in questions:
        for name in order:
            began = time.perf_counter()
            ways[name](question)
            taken[name].append((time.perf_counter() - began) * MILLISECONDS)
        order.append(order.pop(0))
    return {name: latency_of(times) for name, times in taken.items()}


def one_after_the_other(
    ways: Mapping[str, Callable[[Any], object]], questions: Sequence[Any], first: int = 0
) -> dict[str, Latency]:
    """All questions by one way, then by the next, as somebody asks one server only: who waits for seconds between two questions
    answers from cold caches. `first`: of the ways, which begins.
    """
    names = [*list(ways)[first:], *list(ways)[:first]]
    return {name: timed(ways[name], questions) for name in names}
