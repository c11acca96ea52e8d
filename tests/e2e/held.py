"""Answers kept on their way: what a slow network does to whoever types fast."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route


@contextmanager
def held(page: Page, pattern: re.Pattern[str]) -> Iterator[list[Route]]:
    """Requests of this pattern, answered when the block ends only."""
    waiting: list[Route] = []
    holding = True

    def handle(route: Route) -> None:
        if holding:
            waiting.append(route)
        else:
            route.continue_()

    page.route(pattern, handle)
    yield waiting
    holding = False
    for route in waiting:
        route.continue_()
