"""A map whose tiles do not come: what is drawn, what is said, and that it comes back by itself."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e import the_map
from tests.e2e.conftest import visitor
from tests.e2e.damaging import between
from tests.e2e.held import held
from tests.e2e.the_list import NAMES, search, total_listed
from tests.e2e.waiting import eventually

NORD = "/?departement=59#carte=8.12/50.599/3.115"
STRUCTURES, AREAS = "**/tiles/structures/**", "**/tiles/areas/**"
SIGN_IN = "<!doctype html><title>Connexion au réseau</title>"
MVT = "application/vnd.mapbox-vector-tile"
FAILURES: dict[str, Callable[[Route], None]] = {
    "cut off": lambda route: route.abort("connectionreset"),
    "503": lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}),
    "another page": lambda route: route.fulfill(status=200, content_type="text/html", body=SIGN_IN),
    "JSON": lambda route: route.fulfill(status=200, content_type="application/json", body="{}"),
    "half a tile": lambda route: route.fulfill(status=200, content_type=MVT, body=b"\x1a\x80\x02half"),
    "a tile of nonsense": lambda route: route.fulfill(status=200, content_type=MVT, body=b"\x1a\x02\x0f\x00"),
}
# What a minute would do: tiles that are drawn are asked again
EXPIRE = """(source) => {
  const map = document.getElementById("carte").mapLibre; const { minzoom, maxzoom } = map.getSource(source);
  map.refreshTiles(source, map.coveringTiles({ tileSize: 512, minzoom, maxzoom }).map(({ canonical }) => canonical)); }"""
# How many structures the Nord is coloured for; nothing while it is not coloured
COLOURED = """() => { const map = document.getElementById("carte").mapLibre;
  const fills = map.loaded() ? map.getStyle().layers.filter((each) => each.source === "areas" && each.type === "fill") : [];
  const drawn = fills.length ? map.queryRenderedFeatures({ layers: fills.map((each) => each.id) }) : [];
  return drawn.find(({ properties }) => properties.code === "59")?.properties.n ?? null; }"""
DRAWN = """() => { const map = document.getElementById("carte").mapLibre;
  return map.getStyle() && map.isSourceLoaded("structures") && map.queryRenderedFeatures({ layers: ["clusters"] }).length; }"""


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    """The browser may complain: what it asks for fails."""
    with visitor(browser, server) as context:
        yield context.new_page()


def agrees(page: Page) -> bool:
    return the_map.structures_drawn(page) == total_listed(page) > 0


def test_it_is_said_and_the_message_leaves_when_they_come(page: Page) -> None:
    """Nobody has to move the map for it."""
    page.route(STRUCTURES, FAILURES["cut off"])
    page.goto(NORD)
    message = page.locator("#carte-message")
    expect(message).to_contain_text("La carte ne peut pas se charger")
    expect(page.locator(NAMES)).to_have_count(total_listed(page))  # all on one page
    page.unroute(STRUCTURES)
    expect(message).to_be_hidden(timeout=20_000)
    eventually(lambda: agrees(page), "map agrees with list")


@pytest.mark.parametrize("failure", ["503", "another page", "JSON"])
def test_a_style_that_does_not_come_is_asked_again(page: Page, failure: str) -> None:
    page.route("**/tiles/style.json*", FAILURES[failure])
    page.goto(NORD)
    expect(page.locator("#carte-message")).to_contain_text("La carte ne peut pas se charger")
    page.unroute("**/tiles/style.json*")
    eventually(lambda: agrees(page), "map agrees with list")
    expect(page.locator("#carte-message")).to_be_hidden()


@pytest.mark.parametrize("failure", ["cut off", "JSON", "half a tile", "a tile of nonsense"])
def test_what_was_asked_before_is_not_drawn_for_what_is_asked_now(page: Page, failure: str) -> None:
    page.goto(NORD)
    eventually(lambda: agrees(page), "map agrees with list")
    page.route(STRUCTURES, FAILURES[failure])
    search(page, "pharmacie")
    expect(page.locator("#carte-message")).to_contain_text("La carte ne peut pas se charger")
    eventually(lambda: the_map.structures_drawn(page) == 0, "nothing of the question before")
    page.unroute(STRUCTURES)
    search(page, "ehpad")
    eventually(lambda: agrees(page), "map agrees with list")
    expect(page.locator("#carte-message")).to_be_hidden()


@pytest.mark.parametrize("failure", ["503", "a tile of nonsense"])
def test_what_is_drawn_stays_while_the_same_cannot_be_had_again(page: Page, failure: str) -> None:
    page.goto(NORD)
    eventually(lambda: agrees(page), "map agrees with list")
    page.route(STRUCTURES, FAILURES[failure])
    page.evaluate(EXPIRE, "structures")
    expect(page.locator("#carte-message")).to_contain_text("La carte ne peut pas se charger")
    assert agrees(page)
    page.unroute(STRUCTURES)
    search(page, "pharmacie")
    eventually(lambda: agrees(page), "map agrees with list")
    expect(page.locator("#carte-message")).to_be_hidden()


def test_a_first_page_never_draws_more_than_its_list(page: Page) -> None:
    """Even where the base map does not come: what is asked is known before the map is."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/tiles/structures/" in request.url else None)
    with held(page, re.compile("/tiles/base/")) as waiting:
        page.goto("/?q=pharmacie&departement=59#carte=8.12/50.599/3.115")
        page.wait_for_function(DRAWN)
        assert waiting
        assert page.evaluate(the_map.COUNTED) == total_listed(page)
        search(page, "ehpad")
        eventually(lambda: page.evaluate(the_map.COUNTED) == total_listed(page) > 0, "the second question's")
    assert all("q=" in each for each in asked)
    assert len(asked) == len(set(asked))


def test_nor_does_the_page_of_a_structure_that_one_came_to_by_a_question(page: Page) -> None:
    page.goto("/?q=pharmacie&departement=59")
    link = page.locator("#resultats h3 a").first.get_attribute("href")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/tiles/structures/" in request.url else None)
    page.goto(f"{link}#carte=8.12/50.599/3.115")
    page.wait_for_function(DRAWN)
    assert asked
    assert all("q=pharmacie&departement=59" in each for each in asked)
    expect(page.locator("#q")).to_have_value("pharmacie")
    page.get_by_role("link", name="Retour aux résultats").click()
    eventually(lambda: page.evaluate(the_map.COUNTED) == total_listed(page) > 0, "map agrees with list")
    assert len(asked) == len(set(asked))


def test_what_was_asked_before_leaves_where_nothing_answers(page: Page) -> None:
    """A server that hangs: its tiles come in the end, and nobody has to do anything."""
    page.goto(NORD)
    eventually(lambda: agrees(page), "map agrees with list")
    message = page.locator("#carte-message")
    with held(page, re.compile("/tiles/structures/.*pharmacie")):
        search(page, "pharmacie")
        expect(message).to_have_text("La carte se charge…")
        eventually(lambda: page.evaluate(the_map.COUNTED) == 0, "nothing of the question before")
        assert total_listed(page) > 0
    eventually(lambda: agrees(page), "map agrees with list")
    expect(message).to_be_hidden()


def test_nor_does_it_stay_for_who_asks_one_question_after_the_other(page: Page) -> None:
    page.goto(NORD)
    eventually(lambda: agrees(page), "map agrees with list")
    with held(page, re.compile("/tiles/structures/.*q=")):
        for words in ("pharmacie", "ehpad", "infirmier", "crèche"):
            search(page, words)
            page.wait_for_timeout(800)
        assert page.evaluate(the_map.COUNTED) == 0
    eventually(lambda: the_map.structures_drawn(page) == total_listed(page), "the last one's")


def test_a_slow_tile_beside_is_said_and_what_is_there_stays(page: Page) -> None:
    page.goto("/#carte=8.12/50.599/3.115")
    the_map.wait_until_drawn(page)
    message = page.locator("#carte-message")
    with held(page, re.compile("/tiles/structures/9/")):
        the_map.move(page, 9.2, 50.599, 3.115)
        expect(message).to_have_text("La carte se charge…", timeout=8_000)
        assert page.evaluate(the_map.COUNTED) > 0  # the wider zoom's
        the_map.move(page, 8.12, 50.599, 3.115)
        expect(message).to_be_hidden()
    the_map.wait_until_drawn(page)


def test_another_message_does_not_hide_for_good_that_tiles_are_missing(page: Page) -> None:
    page.goto(NORD)
    the_map.wait_until_drawn(page)
    message = page.locator("#carte-message")
    page.route("**/tiles/structures/**", FAILURES["cut off"])
    page.route(re.compile(r"/\?q="), FAILURES["cut off"])
    the_map.move(page, 9, 43.3, 5.4)
    expect(message).to_contain_text("La carte ne peut pas se charger")
    search(page, "pharmacie")
    expect(message).to_contain_text("Le serveur ne répond pas")
    expect(message).to_contain_text("La carte ne peut pas se charger", timeout=8_000)


def test_the_message_is_about_what_is_in_view(page: Page) -> None:
    """Tiles that come beside do not hide that one is missing; where it is no longer seen, nobody waits for it."""
    page.route("**/tiles/structures/8/129/86.mvt*", FAILURES["503"])
    page.goto("/#carte=8.12/50.599/3.115")
    message = page.locator("#carte-message")
    expect(message).to_be_visible()
    the_map.move(page, 8.12, 50.3, 3.3)
    the_map.wait_until_drawn(page)
    expect(message).to_be_visible()
    the_map.move(page, 8.12, 44.8, -0.6)
    expect(message).to_be_hidden()


def test_back_online_it_is_asked_at_once(page: Page) -> None:
    page.goto(NORD)
    eventually(lambda: agrees(page), "map agrees with list")
    page.route(STRUCTURES, FAILURES["cut off"])
    search(page, "pharmacie")
    expect(page.locator("#carte-message")).to_be_visible()
    page.wait_for_timeout(7_500)  # three failures: the next is asked for eight seconds later
    page.unroute(STRUCTURES)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#carte-message")).to_be_hidden(timeout=3_000)
    eventually(lambda: agrees(page), "map agrees with list")


def test_once_something_comes_what_failed_before_is_asked_at_once(page: Page) -> None:
    """A server that was started again: the base map is not waited for half a minute longer than the structures."""
    page.goto(NORD)
    eventually(lambda: agrees(page), "map agrees with list")
    page.route("**/tiles/base/**", FAILURES["503"])
    page.evaluate(EXPIRE, "base")
    expect(page.locator("#carte-message")).to_be_visible()
    page.wait_for_timeout(7_500)  # three failures: the next is asked for eight seconds later
    page.unroute("**/tiles/base/**")
    search(page, "pharmacie")
    expect(page.locator("#carte-message")).to_be_hidden(timeout=3_000)


@pytest.mark.parametrize("what", [r"/tiles/areas/.*pharmacie", r"/tiles/areas\.json.*pharmacie"])
def test_nor_do_densities_of_the_question_before_wait_for_those_of_this_one(page: Page, what: str) -> None:
    page.goto("/#carte=6.5/50.4/3.2/densite")
    eventually(lambda: bool(page.evaluate(COLOURED)), "densities drawn")
    everything = page.evaluate(COLOURED)
    with held(page, re.compile(what)):
        search(page, "pharmacie")
        expect(page.locator("#carte-message")).to_have_text("La carte se charge…")
        eventually(lambda: page.evaluate(COLOURED) is None, "nothing of the question before")
    eventually(lambda: 0 < (page.evaluate(COLOURED) or 0) < everything, "densities of this one")
    expect(page.locator("#carte-message")).to_be_hidden()


@pytest.mark.parametrize(("what", "failure"), [(AREAS, "503"), ("**/tiles/areas.json*", "JSON")])
def test_nor_are_densities_of_the_question_before(page: Page, what: str, failure: str) -> None:
    page.goto("/#carte=6.5/50.4/3.2/densite")
    eventually(lambda: bool(page.evaluate(COLOURED)), "densities drawn")
    everything = page.evaluate(COLOURED)
    page.route(what, FAILURES[failure])
    search(page, "pharmacie")
    expect(page.locator("#carte-message")).to_be_visible()
    eventually(lambda: page.evaluate(COLOURED) is None, "nothing of the question before")
    page.unroute(what)
    eventually(lambda: 0 < (page.evaluate(COLOURED) or 0) < everything, "densities of this one")
    expect(page.locator("#carte-message")).to_be_hidden()


def test_no_area_says_the_numbers_of_the_question_before(page: Page) -> None:
    page.goto("/#carte=6.5/50.4/3.2/densite")
    eventually(lambda: bool(page.evaluate(COLOURED)), "densities drawn")
    of_everything = said_of_the_middle(page)
    assert of_everything
    with held(page, re.compile(r"/tiles/areas/.*pharmacie")) as waiting:
        search(page, "pharmacie")
        eventually(lambda: waiting or page.wait_for_timeout(10), "areas asked for")
        assert said_of_the_middle(page) is None
    eventually(lambda: said_of_the_middle(page) not in (None, of_everything), "what this one counts")


def said_of_the_middle(page: Page) -> str | None:
    """What the area in the middle of the map says, if it says something."""
    page.locator("#carte canvas").first.press("Escape")
    page.locator("#carte canvas").first.press("Enter")
    said = page.locator(".maplibregl-popup-content")
    return said.text_content() if said.count() else None


WATCH = """() => { window.said = []; const place = document.getElementById("carte-message");
  new MutationObserver(() => { if (!place.hidden) window.said.push(place.textContent); })
    .observe(place, { attributes: true, childList: true, characterData: true, subtree: true }); }"""
JUMP = "([lon, lat, zoom]) => document.getElementById('carte').mapLibre.jumpTo({ center: [lon, lat], zoom })"


def test_where_one_was_under_another_question_is_as_quick_as_where_one_never_was(page: Page) -> None:
    """On a network of every day: what comes is waited for, since nothing of that question is there any more."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    page.goto("/#carte=9/45.76/4.84")
    the_map.wait_until_drawn(page)
    page.evaluate(JUMP, [2.6, 46.6, 5])
    the_map.wait_until_drawn(page)
    search(page, "centre")
    the_map.wait_until_drawn(page)
    page.evaluate(JUMP, [4.84, 45.76, 7.6])
    the_map.wait_until_drawn(page)
    page.evaluate(WATCH)
    slow = {"offline": False, "latency": 250, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow)
    page.evaluate(JUMP, [4.84, 45.76, 9])
    the_map.wait_until_drawn(page)
    assert page.evaluate(the_map.COUNTED) > 0
    assert page.evaluate("window.said") == []


def test_what_the_browser_keeps_damaged_is_asked_of_the_server_again(browser: Browser, server: str) -> None:
    """Tiles may be kept for a minute, and then be « not modified »."""
    with between(server) as way, visitor(browser, way.address) as context:
        page = context.new_page()
        way.damages = True
        page.goto(NORD)
        expect(page.locator("#carte-message")).to_contain_text("La carte ne peut pas se charger")
        way.damages = False
        expect(page.locator("#carte-message")).to_be_hidden(timeout=20_000)
        eventually(lambda: agrees(page), "map agrees with list")
