"""The panel of filters in a real browser: several choices at once, by keyboard, on a narrow screen, told to everyone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import the_map
from tests.e2e.axe import THEMES, violations
from tests.e2e.the_list import total_listed
from tests.e2e.waiting import eventually

FILTERS = "#filtres > summary"
NOTHING_ASKED = re.compile(r":[0-9]+/(#.*)?$")


def opened(page: Page, *groups: str) -> None:
    page.locator(FILTERS).click()
    for group in groups:
        page.locator(f"#filtre-{group} > summary").click()


def box(page: Page, label: str) -> Locator:
    return page.get_by_role("checkbox", name=re.compile(f"^{label}"))


def promised(choice: Locator) -> int:
    """How many the choice says it would find."""
    text = choice.locator("xpath=ancestor::label").locator(".combien").inner_text()
    return int("".join(c for c in text if c.isdigit()))


def test_a_choice_finds_as_many_as_it_says_and_another_adds_its_own(page: Page) -> None:
    page.goto("/?departement=59")
    opened(page, "secteur")
    public, associative = box(page, "Public"), box(page, "Associatif")
    first, second = promised(public), promised(associative)
    public.check()
    expect(page).to_have_url(re.compile("secteur=public"))
    assert total_listed(page) == first
    box(page, "Associatif").check()
    expect(page).to_have_url(re.compile("secteur=associatif&secteur=public"))
    assert total_listed(page) == first + second
    eventually(lambda: the_map.structures_drawn(page) == total_listed(page), "map agrees with list")


def test_by_keyboard_the_panel_stays_open_and_the_choice_in_hand(page: Page) -> None:
    page.goto("/")
    page.locator(FILTERS).focus()
    page.keyboard.press("Enter")
    page.locator("#filtre-domaine > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#filtre-domaine input").first).to_be_focused()
    value = page.locator("#filtre-domaine input").first.get_attribute("value")
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(f"domaine={value}"))
    held = page.locator(f'#filtre-domaine input[value="{value}"]')
    expect(held).to_be_focused()
    expect(held).to_be_checked()
    expect(page.locator("#annonces")).to_have_text(re.compile("structures"))
    page.keyboard.press("Space")
    expect(page).to_have_url(NOTHING_ASKED)
    expect(held).to_be_focused()


def test_what_is_in_force_is_told_and_left_one_by_one(page: Page) -> None:
    page.goto("/?secteur=public&telephone=true&categorie=4401")
    chips = page.locator(".bilan .jeton")
    expect(chips).to_have_count(3)
    expect(page.locator("#filtres > summary .en-vigueur")).to_contain_text("3")
    page.get_by_role("link", name="Retirer : Avec un téléphone").click()
    expect(page).to_have_url(re.compile("categorie=4401&secteur=public"))
    expect(chips).to_have_count(2)
    page.go_back()
    expect(chips).to_have_count(3)
    page.locator(FILTERS).click()
    page.locator("#filtre-telephone > summary").click()
    expect(page.get_by_role("radio", name=re.compile("^Avec un téléphone"))).to_be_checked()


def test_a_family_gives_way_to_one_of_its_categories(page: Page) -> None:
    page.goto("/?categorie=4401")
    opened(page, "categorie")
    family = page.locator('#filtre-categorie input[value="4401"]')
    expect(family).to_be_checked()
    family.uncheck()
    expect(page).to_have_url(NOTHING_ASKED)
    page.locator("#filtre-categorie-4401 > summary").click()
    page.locator('#filtre-categorie input[value="500"]').check()
    expect(page).to_have_url(re.compile("categorie=500"))
    expect(page.locator('#filtre-categorie input[value="4401"]')).not_to_be_checked()
    expect(page.locator("#filtre-categorie-4401")).to_have_attribute("open", "")


@pytest.mark.parametrize("width", [320, 1280])
def test_open_it_fits_the_screen_and_axe_finds_nothing(page_without_map: Page, web_assets: Path, width: int) -> None:
    page = page_without_map
    page.set_viewport_size({"width": width, "height": 4_000})  # so that the bars that stick to its ends cover nothing
    page.goto("/?secteur=public&activite=AMSR")
    opened(page, "categorie", "departement", "activite", "statut", "telephone", "precision")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(
        "document.getElementById('contenu').scrollWidth <= document.getElementById('contenu').clientWidth"
    )
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert violations(page, web_assets) == [], theme
