"""Pages that assistive technology can read, as far as axe-core can tell."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import the_map
from tests.e2e.axe import THEMES, violations
from tests.e2e.pages import PAGES
from tests.e2e.the_list import NAMES, search_box


@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing(page_without_map: Page, web_assets: Path, address: str) -> None:
    page = page_without_map
    response = page.goto(address)
    assert response is not None
    assert response.ok
    if page.locator("#carte").count():
        expect(page.locator("#carte-message")).to_be_visible()
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert violations(page, web_assets) == [], theme


def test_axe_finds_nothing_beside_the_map(page: Page, web_assets: Path) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.goto("/?lat=48.857&lon=2.352&radius=10000")
        the_map.wait_until_drawn(page)
        assert violations(page, web_assets) == [], theme


def test_axe_finds_nothing_on_a_structure_and_under_the_search_box(page_without_map: Page, web_assets: Path) -> None:
    page = page_without_map
    page.goto("/?q=pharmacie")
    search_box(page).press("End")
    search_box(page).press_sequentially(" d")
    expect(page.locator("[role=option]").first).to_be_visible()
    assert violations(page, web_assets) == []
    page.keyboard.press("Escape")
    page.locator(NAMES).first.click()
    expect(page.locator(".fiche")).to_be_visible()
    assert violations(page, web_assets) == []


@pytest.mark.parametrize("address", ["/?q=pharmacie", "/donnees/chargements"])
def test_axe_finds_nothing_on_a_telephone(page_without_map: Page, web_assets: Path, address: str) -> None:
    page = page_without_map
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(address)
    assert violations(page, web_assets) == []
    if page.locator(NAMES).count():
        page.locator(NAMES).first.click()
        expect(page.locator(".fiche")).to_be_visible()
        assert violations(page, web_assets) == []


def test_activities_of_a_structure_are_for_everyone_on_a_narrow_screen_too(
    page_without_map: Page, web_assets: Path
) -> None:
    page = page_without_map
    page.goto("/?activite=AMM")
    page.locator(NAMES).first.click()
    expect(page.get_by_role("heading", name="Activités autorisées")).to_be_visible()
    assert violations(page, web_assets) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
