"""Pages of what two registers know, in a browser: structures of Sirene, links, the one withdrawn, points at one door."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api import two_registers as street
from tests.e2e import the_map
from tests.e2e.axe import THEMES, violations
from tests.e2e.conftest import served, visiting
from tests.once import copy_of
from tests.places import BORDEAUX

TOLD = ("/?categorie=lib", f"/structures/s{street.DOCTOR}", f"/structures/f{street.PHARMACY}")
GONE = f"/structures/s{street.HIDDEN}"


@pytest.fixture(scope="module")
def both_served(server_url: str, tmp_path_factory: pytest.TempPathFactory, web_assets: Path) -> Iterator[str]:
    home = tmp_path_factory.mktemp("deux_registres")
    with copy_of(street.both_registers, server_url, home) as settings, served(settings, web_assets) as address:
        yield address


@pytest.fixture
def page(browser: Browser, both_served: str) -> Iterator[Page]:
    with visiting(browser, both_served) as context:
        yield context.new_page()


def open_all(page: Page) -> None:
    """Every part of a page that folds."""
    page.evaluate("document.querySelectorAll('.contenu details').forEach((each) => { each.open = true })")


@pytest.mark.parametrize("address", TOLD)
def test_axe_finds_nothing(page_without_map: Page, web_assets: Path, address: str) -> None:
    page = page_without_map
    page.goto(address)
    open_all(page)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert violations(page, web_assets) == [], theme


@pytest.mark.parametrize("address", TOLD)
def test_320_pixels_are_enough(page_without_map: Page, address: str) -> None:
    page = page_without_map
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(address)
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_one_withdrawn_is_designed_for_everyone(
    browser: Browser, both_served: str, web_assets: Path, theme: Any
) -> None:
    """Outside `page`: a browser complains of any 410."""
    with browser.new_context(
        base_url=both_served, color_scheme=theme, viewport={"width": 320, "height": 640}
    ) as visitor:
        page = visitor.new_page()
        answer = page.goto(GONE)
        assert answer is not None
        assert answer.status == 410
        expect(page.get_by_role("heading", level=1)).to_have_text("Cette fiche a été retirée")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert violations(page, web_assets) == []
        page.get_by_role("link", name="Revenir à la recherche").click()
        expect(page.locator("#recherche")).to_be_visible()


HOW_FAR_IS_THE_SECTION = "document.getElementById('vie-privee').getBoundingClientRect().top / innerHeight"


@pytest.mark.parametrize("width", [320, 1280])
def test_a_practitioner_lands_on_what_is_said_to_them(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/structures/s{street.DOCTOR}")
    page.get_by_role("link", name="D’où viennent ces données").click()
    the_section_is_in_the_window(page)


@pytest.mark.parametrize("width", [320, 1280])
def test_an_address_that_names_a_section_lands_on_it_and_keeps_its_name(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/donnees#vie-privee")
    the_section_is_in_the_window(page)
    page.get_by_role("link", name="Recherche").first.click()
    expect(page.locator("#compte")).to_be_visible()
    assert "vie-privee" not in page.url
    page.go_back()
    the_section_is_in_the_window(page)


def test_without_a_map_one_lands_on_the_section_too(browser: Browser, both_served: str) -> None:
    with browser.new_context(java_script_enabled=False, base_url=both_served) as visitor:
        page = visitor.new_page()
        page.goto("/donnees#vie-privee")
        assert 0 <= page.evaluate(HOW_FAR_IS_THE_SECTION) < 0.5


def the_section_is_in_the_window(page: Page) -> None:
    expect(page.get_by_role("heading", name="Vie privée")).to_be_in_viewport()
    the_map.wait_until_drawn(page)
    assert page.url.endswith("/donnees#vie-privee")
    assert 0 <= page.evaluate(HOW_FAR_IS_THE_SECTION) < 0.5


def test_who_shares_a_door_is_a_click_away_on_the_page(page: Page) -> None:
    page.goto(f"/structures/f{street.PHARMACY}")
    page.get_by_role("link", name="Camille Petit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Camille Petit")


def test_every_point_at_one_door_is_reached_from_the_map(page: Page, web_assets: Path) -> None:
    page.goto(f"/#carte=17/{BORDEAUX.lat}/{BORDEAUX.lon}")
    the_map.wait_until_drawn(page)
    for name in ("Camille Petit", "PHARMACIE DES LILAS"):
        box = page.locator("#carte canvas").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        choices = page.locator(".au-meme-point button")
        expect(choices).to_have_text(["Camille Petit", "PHARMACIE DES LILAS"])
        assert violations(page, web_assets) == []
        choices.filter(has_text=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.goto(f"/#carte=17/{BORDEAUX.lat}/{BORDEAUX.lon}")
        the_map.wait_until_drawn(page)


def test_an_old_address_leads_to_the_structure_that_took_it_over(page: Page) -> None:
    page.goto(f"/structures/s{street.OF_PHARMACY}")
    assert page.url.partition("#")[0].endswith(f"/structures/f{street.PHARMACY}")
