"""Searching in a real browser: list and map answer together."""

import re
from urllib.parse import parse_qs, urlsplit

import mapbox_vector_tile
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e import the_map
from tests.e2e.conftest import DESKTOP
from tests.e2e.held import search_before_tiles_come
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


def test_tiles_on_their_way_for_the_question_before_are_not_taken_for_this_ones(page: Page) -> None:
    """Who types fast, or whose network is slow, sees what the list says."""
    search_before_tiles_come(page, "structures", "carte=8.12/50.599/3.115")
    eventually(lambda: the_map.structures_drawn(page) == total_listed(page) > 0, "map agrees with list")


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


def test_an_address_is_proposed_under_the_name_of_who_knows_it_and_shows_what_is_near(page: Page) -> None:
    page.goto("/")
    box = search_box(page)
    box.press_sequentially("pharmac")
    expect(page.get_by_role("option").first).to_be_visible()
    source = page.get_by_text("Adresses demandées à")
    expect(source).to_be_hidden()
    box.fill("")
    box.press_sequentially("340 rue des lil")
    expect(page.get_by_role("option").first).to_contain_text("Adresse")
    expect(source).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"lat=48\.8&lon=2\.34"))
    expect(source).to_be_hidden()
    expect(page.locator("#radius")).to_have_value("10000")
    eventually(lambda: the_map.shows(page, 2.34, 48.8) and the_map.view(page)[2] > 9, "map around the address")


def test_who_comes_to_a_commune_that_is_written(page: Page) -> None:
    page.goto("/interventions")
    box = page.get_by_label("Adresse, commune ou code postal")
    box.fill("bordea")
    box.press("Enter")
    expect(page).to_have_url(re.compile("/interventions\\?lieu=bordea$"))
    page.get_by_role("link", name="Bordeaux (33000)").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Qui vient à cette adresse, à Bordeaux")


def test_the_surroundings_of_a_town_lead_to_the_whole_country(page: Page) -> None:
    page.goto("/?q=pharmacie+trémargat")
    near = total_listed(page)
    page.get_by_role("link", name="dans toute la France").click()
    expect(page).to_have_url(re.compile(r"\?q=pharmacie(#|$)"))
    eventually(lambda: total_listed(page) > near > 0, "more in the country")


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


def test_a_cluster_that_no_zoom_opens_is_listed(page: Page) -> None:
    """More structures than are drawn one by one stand within a few metres (tests/tiles/test_counts.py: they are counted)."""
    point = {"geometry": "POINT (2048 2048)", "properties": {"n": 3_001}}
    crowd = mapbox_vector_tile.encode({"name": "clusters", "features": [point]})
    page.route(
        "**/tiles/structures/**",
        lambda route: route.fulfill(body=crowd, content_type="application/vnd.mapbox-vector-tile"),
    )
    page.goto("/#carte=19/50.63/3.06")
    the_map.click_on_largest_cluster(page)
    expect(page).to_have_url(re.compile(r"/[?]bbox=3[.]0\d+(,|%2C)50[.]6"))


def test_a_point_of_the_map_opens_its_structure(page: Page) -> None:
    page.goto("/?q=pharmacie")
    one = page.locator(".resultat[data-lon]").first
    name = one.locator("h3").inner_text()
    lon, lat = (float(one.get_attribute(each) or "nan") for each in ("data-lon", "data-lat"))
    page.goto("about:blank")  # a new visitor starts there: a map still open would write its own view into the address
    page.goto(f"/?q=pharmacie#carte=17/{lat}/{lon}")
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


@pytest.mark.parametrize("asked", ["region=11", "epci=200054781", "bbox=1.5,48,3.5,49.5&categorie=620"])
def test_the_map_draws_what_the_address_asks(page: Page, asked: str) -> None:
    page.goto(f"/?{asked}")
    assert total_listed(page) > 0
    eventually(lambda: the_map.structures_drawn(page) == total_listed(page), "map agrees with list")


def test_the_map_goes_where_the_words_say(page: Page) -> None:
    page.goto("/?q=pharmacie+paris&limit=1")  # more are found than listed
    eventually(lambda: the_map.shows(page, 2.35, 48.86) and the_map.view(page)[2] > 9, "map over Paris")
    page.goto("/?q=pharmacie")
    assert the_map.view(page)[2] < 6


def test_other_words_keep_the_filters_in_force(page: Page) -> None:
    page.goto("/?region=11&categorie=620&categorie=500&sort=name")
    search(page, "paris")
    expect(page).to_have_url(re.compile(r"/[?]q=paris&"))
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"q": ["paris"], "region": ["11"], "categorie": ["500", "620"]}


def test_a_place_chosen_replaces_the_one_before(page: Page) -> None:
    page.goto("/?region=11&categorie=620")
    search_box(page).press_sequentially("bordea")
    expect(page.get_by_role("option").first).to_contain_text("Bordeaux")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/[?]commune=33063&categorie=620"))


def test_behind_a_proxy_with_a_certificate_the_map_is_the_same(browser: Browser, server: str) -> None:
    """An https page may fetch nothing from http: were an address of the server's own written anywhere, no map."""
    outside = "https://annuaire.example"

    def through(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(outside, server)))

    with browser.new_context(viewport=DESKTOP, base_url=outside, reduced_motion="reduce") as context:
        elsewhere: list[str] = []
        context.on("request", lambda request: elsewhere.append(request.url) if server in request.url else None)
        context.route(f"{outside}/**", through)
        page = context.new_page()
        page.goto("/?departement=59")
        assert the_map.structures_drawn(page) == total_listed(page) > 0
        assert elsewhere == []


def test_an_unreadable_address_is_explained_and_breaks_nothing(browser: Browser, server: str) -> None:
    with browser.new_context(viewport=DESKTOP, base_url=server, reduced_motion="reduce") as context:
        errors: list[str] = []
        context.on("weberror", lambda error: errors.append(str(error.error)))
        page = context.new_page()
        page.goto("/?q=pharmacie&lat=999&lon=2")
        expect(page.get_by_role("alert")).to_contain_text("« 999 » ne convient pas pour « lat »")
        the_map.wait_until_drawn(page)
        search(page, "pharmacie")
        expect(page.locator(NAMES)).to_have_count(20)
        assert errors == []


def test_one_searches_on_from_a_page_that_does_not_exist(browser: Browser, server: str) -> None:
    with browser.new_context(viewport=DESKTOP, base_url=server, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto("/nulle-part")
        search(page, "pharmacie")
        expect(page.locator(NAMES)).to_have_count(20)
        assert the_map.structures_drawn(page) > 0
