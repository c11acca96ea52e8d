"""Pages that everyone can use: keyboard, narrow screens, no JavaScript, no WebGL, paper."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import the_map
from tests.e2e.conftest import TOLD_WHOLE
from tests.e2e.pages import PAGES
from tests.e2e.the_list import NAMES, search


def test_the_keyboard_alone_reaches_content_and_opens_a_structure(page: Page) -> None:
    page.goto("/?q=pharmacie")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.locator(NAMES).first.focus()
    name = page.locator(NAMES).first.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("#contenu")).to_be_focused()


def test_the_count_is_announced(page: Page) -> None:
    page.goto("/")
    search(page, "pharmacie")
    expect(page.locator("#annonces")).to_contain_text("structures")


@pytest.mark.parametrize("address", PAGES)
def test_320_pixels_are_enough(page_without_map: Page, address: str) -> None:
    page = page_without_map
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = page.evaluate(
        """[...document.querySelectorAll("button, summary, select, input[type=search], .resultat a[href^='tel:']")]
        .filter((e) => e.checkVisibility() && !e.closest(".maplibregl-ctrl-attrib"))
        .map((e) => [e.outerHTML.slice(0, 60), e.getBoundingClientRect().height]).filter(([, height]) => height < 44)"""
    )
    assert small == []


# In one moment: a page that scrolls between two measures would move what is measured second
PLACES = """(() => {
    const [content, footer] = ["#contenu", ".pied"].map((each) => document.querySelector(each).getBoundingClientRect());
    return [content.bottom, footer.top, footer.bottom + scrollY, document.documentElement.scrollHeight];
})()"""


@pytest.mark.parametrize("address", PAGES)
def test_the_footer_covers_no_text(page_without_map: Page, address: str) -> None:
    page = page_without_map
    page.goto(address)
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        end_of_content, footer, end_of_footer, height = page.evaluate(PLACES)
        assert end_of_content <= footer + 0.5, width  # of a pixel
        assert end_of_footer <= height + 0.5, width


def test_telephone_numbers_do_not_break_in_the_middle(page_without_map: Page) -> None:
    page = page_without_map
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto("/?q=pharmacie")
    assert broken_numbers(page) == []
    page.locator(NAMES).first.click()
    expect(page.locator(".fiche")).to_be_visible()
    assert broken_numbers(page) == []


def broken_numbers(page: Page) -> list[str]:
    """Numbers whose last text goes on in another line."""
    broken: list[str] = page.evaluate(
        """[...document.querySelectorAll("a[href^='tel:']")].filter((a) => {
            const range = document.createRange();
            range.selectNodeContents(a.lastChild);
            return range.getClientRects().length > 1;
        }).map((a) => a.textContent)"""
    )
    return broken


def test_a_narrow_screen_shows_the_list_or_the_map(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/?q=pharmacie")
    expect(page.locator("#carte canvas")).to_be_hidden()
    page.get_by_role("button", name="Carte").click()
    expect(page.locator("#carte canvas")).to_be_visible()
    expect(page.locator(".resultat").first).to_be_hidden()
    assert the_map.structures_drawn(page) > 0
    page.get_by_role("button", name="Liste").click()
    expect(page.locator(".resultat").first).to_be_visible()


def test_without_javascript_one_searches_filters_turns_pages_and_opens(browser: Browser, server: str) -> None:
    with browser.new_context(java_script_enabled=False, base_url=server) as context:
        page = context.new_page()
        page.goto("/")
        page.locator("#q").fill("pharmacie")
        page.get_by_role("button", name="Chercher").click()
        expect(page.locator(NAMES)).to_have_count(20)
        first = page.locator(NAMES).first.inner_text()
        page.get_by_role("link", name="Plus de résultats").click()
        expect(page.locator(NAMES).first).not_to_have_text(first)
        page.goto("/?q=pharmacie")
        page.locator("#filtres > summary").click()
        page.locator("#filtre-departement > summary").click()
        page.get_by_role("checkbox", name="59 – Nord").check()
        page.get_by_role("button", name="Filtrer").click()
        expect(page.locator(".bilan .jeton")).to_contain_text("Nord")
        name = page.locator(NAMES).first.inner_text()
        page.locator(NAMES).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("width", [320, 1280])
def test_without_javascript_overseas_is_two_clicks_away(browser: Browser, server: str, width: int) -> None:
    with browser.new_context(
        java_script_enabled=False, base_url=server, viewport={"width": width, "height": 700}
    ) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_text("Outre-mer").click()
        page.get_by_role("link", name="La Réunion").click()
        expect(page.locator(".bilan .jeton")).to_contain_text("La Réunion")


@pytest.mark.parametrize("width", [320, 1280])
def test_names_of_parameters_are_whole_words(page_without_map: Page, width: int) -> None:
    page = page_without_map
    page.set_viewport_size({"width": width, "height": 700})
    page.goto("/api/docs")
    broken = page.evaluate(
        """[...document.querySelectorAll("th code")].filter((e) => e.getClientRects().length > 1).map((e) => e.textContent)"""
    )
    assert broken == []


def test_without_webgl_the_list_goes_on(page_without_map: Page) -> None:
    page = page_without_map
    page.goto("/?q=pharmacie")
    expect(page.locator("#carte-message")).to_contain_text("liste reste complète")
    page.locator(NAMES).first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_structure_prints_without_what_only_a_screen_needs(page_without_map: Page) -> None:
    page = page_without_map
    page.goto("/?q=pharmacie")
    page.locator(NAMES).first.click()
    expect(page.locator(".fiche")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".fiche h1")).to_be_visible()
    expect(page.locator(".carte")).to_be_hidden()
    expect(page.locator(".entete")).to_be_hidden()


def test_a_load_is_reached_from_the_data_page_and_its_table_sorts_without_javascript(
    browser: Browser, server: str
) -> None:
    with browser.new_context(java_script_enabled=False, base_url=server) as context:
        page = context.new_page()
        page.goto("/donnees")
        page.get_by_role("link", name="Tous les chargements").click()
        page.get_by_role("link", name=f"FINESS, n° {TOLD_WHOLE}").click()
        expect(page.locator(".mot-verdict")).to_have_text("Essai à blanc")
        page.get_by_text("Les chiffres des").click()
        page.get_by_role("link", name="Précises").click()
        expect(page.locator(".couverture tbody th").first).to_contain_text("Nord")


def test_from_the_map_a_load_is_a_whole_page_and_the_way_back_too(page: Page) -> None:
    page.goto("/donnees")
    the_map.wait_until_drawn(page)
    page.get_by_role("link", name="Tous les chargements").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chargements")
    expect(page.locator("#carte")).to_have_count(0)
    page.get_by_role("link", name="À propos des données").first.click()
    expect(page.locator("#carte canvas")).to_be_visible()


def test_a_load_prints_its_figures_and_not_what_only_a_screen_needs(page_without_map: Page) -> None:
    page = page_without_map
    page.emulate_media(color_scheme="dark")
    page.goto(f"/donnees/chargements/{TOLD_WHOLE}")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--papier')") == "#fbfaf7"  # paper is white
    expect(page.locator(".couverture")).to_be_visible()
    expect(page.locator(".tuiles").first).to_be_visible()
    expect(page.locator(".entete")).to_be_hidden()
