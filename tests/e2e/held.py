"""Answers kept on their way: what a slow network does to whoever types fast."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route

from tests.e2e import the_map
from tests.e2e.the_list import search
from tests.e2e.waiting import eventually


def search_before_tiles_come(page: Page, source: str, view: str) -> None:
    """Ask for the pharmacies of the Nord while tiles of this source are on their way for all that is there; they come last.

    MapLibre goes on with tiles that it waits for, under whatever address they were asked, and draws what comes last.
    """
    with held(page, re.compile(rf"/tiles/{source}/\d+/[^?]*[?]departement=59$")) as waiting:
        page.goto(f"/?departement=59#{view}")
        eventually(lambda: waiting or page.wait_for_timeout(50), "tiles asked for")
        with page.expect_response(re.compile(rf"/tiles/{source}/.*[?]q=pharmacie&departement=59$")):
            search(page, "pharmacie")
        the_map.wait_for_address(page, source, "q=pharmacie&departement=59")
        page.wait_for_timeout(500)  # the others come with the first


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
