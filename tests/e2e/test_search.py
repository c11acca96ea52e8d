"""Searching in a real browser: list and map answer together."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import the_map
from tests.e2e.the_list import NAMES, search, search_box, total_listed
from tests.e2e.waiting import eventually


def test_words_narrow_the_list_and_the_map_to_the_same_structures(page: Page) -> None:
    page.goto("/?departement=59")
    everything = the_map.structures_drawn(page)
    assert everything == total_listed(page)
    search(page, "pharmacie")
    expect(page).to_have_url(re.compile("q=pharmacie"))
    eventually(lambda: the_map.structures_drawn(page) == total_listed(page), "map agrees with list")
    assert 0 < total_listed(page) < everything


def test_a_place_is_proposed_while_typing_and_chosen_by_the_keyboard(page: Page) -> None:
    page.goto("/")
    box = search_box(page)
    box.press_sequentially("bordea")
    expect(page.get_by_role("option").first).to_contain_text("Bordeaux")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
    box.press("Enter")
    expect(page).to_have_url(re.compile("commune=33063"))
    eventually(lambda: the_map.shows(page, -0.59, 44.86) and the_map.view(page)[2] > 9, "map over Bordeaux")


def test_escape_closes_the_suggestions_and_keeps_the_words(page: Page) -> None:
    page.goto("/")
    box = search_box(page)
    box.press_sequentially("phar")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("phar")


def test_a_structure_opens_beside_the_map_and_back_returns_to_the_list(page: Page) -> None:
    page.goto("/?q=pharmacie")
    name = page.locator(NAMES).first.inner_text()
    page.locator(NAMES).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    eventually(lambda: the_map.view(page)[2] >= 14, "map near the structure")
    page.go_back()
    expect(page.locator(NAMES).first).to_have_text(name)
    expect(search_box(page)).to_have_value("pharmacie")


def test_a_cluster_opens_where_one_clicks(page: Page) -> None:
    page.goto("/")
    before = the_map.view(page)[2]
    the_map.click_on_largest_cluster(page)
    eventually(lambda: the_map.view(page)[2] == before + 2, "two zooms in")


def test_a_point_of_the_map_opens_its_structure(page: Page) -> None:
    page.goto("/?q=pharmacie")
    one = page.locator(".resultat[data-lon]").first
    name = one.locator("h3").inner_text()
    lon, lat = (float(one.get_attribute(each) or "nan") for each in ("data-lon", "data-lat"))
    page.goto(f"/?q=pharmacie#carte=17/{lat}/{lon}")
    page.reload()  # only the fragment changed: a new visitor starts there
    the_map.click_on_a_point(page, lon, lat)
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_the_address_bar_can_be_given_to_somebody_else(page: Page, context: BrowserContext) -> None:
    page.goto("/?q=ehpad")
    the_map.click_on_largest_cluster(page)
    eventually(lambda: "carte=" in page.url, "view in the address")
    seen = the_map.view(page)
    other = context.new_page()
    other.goto(page.url)
    assert the_map.view(other) == seen
    assert other.locator(NAMES).all_inner_texts() == page.locator(NAMES).all_inner_texts()


def test_around_me_sorts_by_distance_and_rounds_the_position(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"latitude": 48.856613, "longitude": 2.352222})
    page.goto("/")
    page.get_by_role("button", name="Autour de moi").click()
    expect(page).to_have_url(re.compile(r"lat=48\.857&lon=2\.352"))
    distances = page.locator(".distance")
    expect(distances.first).to_have_text(re.compile("^à .*m$"))
    assert "48.8566" not in page.url


def test_refusing_the_position_is_answered_in_words(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Autour de moi").click()
    expect(page.locator("#carte-message")).to_have_text(re.compile("refusé|n’a pas pu être lue"))


def test_the_zone_on_screen_becomes_the_question(page: Page) -> None:
    page.goto("/#carte=8/50.6/3.06")
    the_map.wait_until_drawn(page)
    page.mouse.move(900, 400)
    page.mouse.down()
    page.mouse.move(860, 380, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Chercher dans cette zone").click()
    expect(page).to_have_url(re.compile("bbox="))
    eventually(lambda: the_map.structures_drawn(page) == total_listed(page), "map agrees with list")


def test_more_results_follow_those_already_read(page: Page) -> None:
    page.goto("/?q=pharmacie")
    expect(page.locator(NAMES)).to_have_count(20)
    page.get_by_role("link", name="Plus de résultats").click()
    expect(page.locator(NAMES)).to_have_count(40)
    links = [link.get_attribute("href") for link in page.locator(NAMES).all()]
    assert len(set(links)) == 40


def test_overseas_is_two_clicks_away(page: Page) -> None:
    page.goto("/")
    page.get_by_text("Outre-mer").click()
    page.get_by_role("link", name="La Réunion").click()
    expect(page).to_have_url(re.compile("departement=974"))
    eventually(lambda: abs(the_map.view(page)[0] - 55.5) < 0.3, "map over La Réunion")
