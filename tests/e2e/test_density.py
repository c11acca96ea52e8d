"""Structures for 10,000 inhabitants in a real browser: the toggle, the legend, what an area says."""

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import the_map
from tests.e2e.axe import THEMES, violations
from tests.e2e.held import search_before_tiles_come
from tests.e2e.the_list import search, total_listed
from tests.e2e.waiting import eventually

SAYS = re.compile(r"^[^:]+\u00a0: (aucune structure|[\d\u202f]+ structures?, [\d,\u202f]+ pour 10\u202f000 habitants)$")
# One colour for each area drawn, as the style works it out
COLOURS = """() => { const map = document.getElementById("carte").mapLibre;
  const fills = map.getStyle().layers.filter((each) => each.source === "areas" && each.type === "fill").map((each) => each.id);
  const found = map.queryRenderedFeatures({ layers: fills });
  return [...new Set(found.filter((each) => each.properties.n).map((each) => String(each.layer.paint["fill-color"])))]; }"""
TOTAL = """() => { const map = document.getElementById("carte").mapLibre; const seen = new Map();
  for (const { properties } of map.querySourceFeatures("areas", { sourceLayer: "departements" }))
    seen.set(properties.code, properties.n);
  return [...seen.values()].reduce((sum, n) => sum + n, 0); }"""
NORD = "/?departement=59#carte=6.5/50.4/3.2"


def toggle(page: Page) -> None:
    page.get_by_role("button", name="Densité").click()


def legend(page: Page) -> list[str]:
    return page.locator("#densite-classes li").all_inner_texts()


def test_densities_are_shown_and_hidden_and_kept_in_the_address(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    the_map.wait_until_drawn(page)
    button = page.get_by_role("button", name="Densité")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("Structures pour 10")).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#densite-legende")).to_contain_text("par région")
    expect(page).to_have_url(re.compile("#carte=.*/densite$"))
    eventually(lambda: len(legend(page)) >= 4, "classes")  # five, and none; fewer where rates of the demo are the same
    assert legend(page)[0] == "aucune"
    eventually(lambda: len(page.evaluate(COLOURS)) == len(legend(page)) - 1, "each class on the map")
    other = context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("button", name="Densité")).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(page.locator("#densite-legende")).to_be_hidden()
    expect(page).to_have_url(re.compile("#carte=[^/]*/[^/]*/[^/]*$"))


def test_clusters_give_way_and_come_back(page: Page) -> None:
    page.goto("/")
    everything = the_map.structures_drawn(page)
    toggle(page)
    eventually(lambda: the_map.structures_drawn(page) == 0, "no cluster")
    toggle(page)
    eventually(lambda: the_map.structures_drawn(page) == everything, "clusters again")


def test_areas_follow_the_question(page: Page) -> None:
    page.goto(f"{NORD}/densite")
    eventually(lambda: the_total(page) == total_listed(page) > 0, "areas agree with the list")
    search(page, "pharmacie")
    expect(page).to_have_url(re.compile("q=pharmacie.*/densite$"))
    eventually(lambda: the_total(page) == total_listed(page) > 0, "and on another question")


def test_areas_on_their_way_for_the_question_before_are_not_taken_for_this_ones(page: Page) -> None:
    search_before_tiles_come(page, "areas", "carte=8.12/50.599/3.115/densite")
    eventually(lambda: the_total(page) == total_listed(page) > 0, "areas of the question asked")


def the_total(page: Page) -> int:
    the_map.wait_until_drawn(page)
    total: int = page.evaluate(TOTAL)
    return total


def test_an_area_says_how_many_where_one_clicks_or_by_the_keyboard(page: Page) -> None:
    page.goto(f"{NORD}/densite")
    eventually(lambda: the_total(page) > 0, "areas drawn")
    the_map.click_on_a_point(page, 3.2, 50.4)
    said = page.locator(".aire .maplibregl-popup-content")
    expect(said).to_contain_text("Nord\u00a0: ")
    assert SAYS.match(page.locator("#annonces").inner_text())
    canvas = page.locator("#carte canvas")
    canvas.press("Escape")
    expect(said).to_have_count(0)
    canvas.press("Enter")
    expect(said).to_contain_text("Nord")


def test_the_legend_says_which_areas_a_zoom_shows(page: Page) -> None:
    page.goto("/#carte=9.5/50.63/3.06/densite")
    expect(page.locator("#densite-legende")).to_contain_text("par commune")


@pytest.mark.parametrize("theme", THEMES)
def test_anyone_can_use_it(page: Page, web_assets: Path, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(f"{NORD}/densite")
    eventually(lambda: the_total(page) > 0, "areas drawn")
    the_map.click_on_a_point(page, 3.2, 50.4)
    expect(page.locator(".aire")).to_be_visible()
    assert violations(page, web_assets) == []


# What stands over the map, but for what one opens: a box each, where it is seen
OVER = """() => [...document.querySelectorAll(".maplibregl-ctrl, .territoires summary, #voir-densite, #densite-legende, .zone")]
  .map((each) => [each.id || each.className || each.textContent.trim(), each.getBoundingClientRect(), each])
  .filter(([, { width, height }, each]) => width && height && each.checkVisibility({ visibilityProperty: true }))
  .map(([name, { left, top, right, bottom }]) => ({ name, box: [left, top, right, bottom] }))"""
MOVED = """() => document.getElementById("carte").mapLibre.panBy([40, 0], {}, { originalEvent: {} })"""


def covering(page: Page) -> list[tuple[str, str]]:
    boxes = page.evaluate(OVER)
    assert len(boxes) >= 5
    return [
        (one["name"], other["name"])
        for rank, one in enumerate(boxes)
        for other in boxes[rank + 1 :]
        if all(one["box"][low] < other["box"][low + 2] and other["box"][low] < one["box"][low + 2] for low in (0, 1))
    ]


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (900, 700), (860, 800), (320, 568)])
def test_nothing_over_the_map_covers_anything(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{NORD}/densite")
    if width <= 860:
        page.get_by_role("button", name="Carte").click()
    eventually(lambda: the_total(page) > 0, "areas drawn")
    credits = page.locator(".maplibregl-ctrl-attrib-inner")
    is_wide = width == 1280
    expect(credits).to_be_visible(visible=is_wide)  # what fills a small map is opened by who wants it
    assert covering(page) == []
    page.evaluate(MOVED)
    expect(page.locator("#zone")).to_be_visible()
    assert covering(page) == []
    if not is_wide:
        page.locator(".maplibregl-ctrl-attrib-button").click()
        expect(credits).to_contain_text("Insee")
        assert covering(page) == []
        page.locator(".maplibregl-ctrl-attrib-button").click()
        expect(credits).to_be_hidden()


def test_it_fits_a_small_screen(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(f"{NORD}/densite")
    page.get_by_role("button", name="Carte").click()
    expect(page.locator("#densite-classes li").first).to_be_visible()
    button, zoom = (page.locator(each).bounding_box() for each in ("#voir-densite", ".maplibregl-ctrl-zoom-in"))
    assert button is not None
    assert zoom is not None
    assert button["x"] + button["width"] <= zoom["x"]
    box = page.locator("#densite-legende").bounding_box()
    assert box is not None
    assert 0 <= box["x"] < box["x"] + box["width"] <= 320
    assert box["height"] < 150
