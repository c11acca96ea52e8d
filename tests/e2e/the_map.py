"""What a visitor sees on the map, read from MapLibre itself."""

from typing import Any

from playwright.sync_api import Page

# MapLibre has drawn everything it asked for, and it has asked for what the list shows: a page just opened draws all first
IDLE = """() => { const map = document.getElementById("carte").mapLibre;
  const asked = document.getElementById("contenu").dataset.tuiles;
  const drawn = () => map.getSource("structures").tiles[0].split(".mvt")[1].replace(/^\\?/, "");
  return map.loaded() && map.areTilesLoaded() && !map.isMoving() && (asked === undefined || drawn() === asked); }"""
# one tile may be drawn on both sides of an edge: the same place counts once
COUNTED = """() => { const map = document.getElementById("carte").mapLibre; const seen = new Map();
  for (const f of map.queryRenderedFeatures({ layers: ["clusters", "points"] }))
    seen.set(f.geometry.coordinates.map((x) => x.toFixed(5)).join(), f.properties.n ?? 1);
  return [...seen.values()].reduce((sum, n) => sum + n, 0); }"""
CLUSTERS = """() => { const map = document.getElementById("carte").mapLibre;
  return map.queryRenderedFeatures({ layers: ["clusters"] }).map((f) => {
    const { x, y } = map.project(f.geometry.coordinates); return { x, y, n: f.properties.n }; }); }"""


def wait_until_drawn(page: Page) -> None:
    page.wait_for_function(IDLE)


def wait_for_address(page: Page, source: str, query: str) -> None:
    """The map asks for the tiles of this question from now on, whatever it still waits for."""
    page.wait_for_function(
        """([source, query]) => document.getElementById("carte").mapLibre.getSource(source).tiles[0].endsWith("?" + query)""",
        arg=[source, query],
    )


def structures_drawn(page: Page) -> int:
    """The sum of clusters' counts and of points in view."""
    wait_until_drawn(page)
    counted: int = page.evaluate(COUNTED)
    return counted


def view(page: Page) -> tuple[float, float, float]:
    """Longitude, latitude and zoom of the middle, rounded to what the eye tells apart."""
    wait_until_drawn(page)
    lon, lat, zoom = page.evaluate(
        """() => { const map = document.getElementById("carte").mapLibre;
        return [map.getCenter().lng, map.getCenter().lat, map.getZoom()]; }"""
    )
    return round(lon, 2), round(lat, 2), round(zoom, 1)


def shows(page: Page, lon: float, lat: float) -> bool:
    """Whether this place is in view."""
    wait_until_drawn(page)
    inside: bool = page.evaluate(
        "(place) => document.getElementById('carte').mapLibre.getBounds().contains(place)", [lon, lat]
    )
    return inside


def click_on_largest_cluster(page: Page) -> int:
    """Click it; how many it holds."""
    wait_until_drawn(page)
    clusters: list[dict[str, Any]] = page.evaluate(CLUSTERS)
    largest = max(clusters, key=lambda cluster: cluster["n"])
    page.locator("#carte canvas").click(position={"x": largest["x"], "y": largest["y"]})
    return int(largest["n"])


def click_on_a_point(page: Page, lon: float, lat: float) -> None:
    wait_until_drawn(page)
    where = page.evaluate(
        """([lon, lat]) => { const { x, y } = document.getElementById("carte").mapLibre.project([lon, lat]);
        return { x, y }; }""",
        [lon, lat],
    )
    page.locator("#carte canvas").click(position=where)


def move(page: Page, zoom: float, lat: float, lon: float) -> None:
    """Elsewhere, at once."""
    page.evaluate(
        "([zoom, lat, lon]) => document.getElementById('carte').mapLibre.jumpTo({ zoom, center: [lon, lat] })",
        [zoom, lat, lon],
    )
