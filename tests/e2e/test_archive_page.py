"""The page of an archive, from a file server that knows nothing of us: clusters drawn from ranges, nothing else asked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import text

from api.commands.tiles import tiles
from geo.database import engine_for
from geo.settings import Settings
from tests.e2e.axe import violations
from tests.e2e.conftest import lend_assets, visiting
from tests.e2e.file_server import serving

DRAWN = """() => { const map = document.getElementById("carte").mapLibre;
  return Boolean(map?.loaded() && map.areTilesLoaded() && !map.isMoving()); }"""
COUNTED = """() => { const map = document.getElementById("carte").mapLibre; const seen = new Map();
  for (const f of map.queryRenderedFeatures({ layers: ["clusters", "points"] }))
    seen.set(f.geometry.coordinates.map((x) => x.toFixed(5)).join(), f.properties.n ?? 1);
  return [...seen.values()].reduce((sum, n) => sum + n, 0); }"""
LOOK = """([lon, lat, zoom]) => document.getElementById("carte").mapLibre.jumpTo({ center: [lon, lat], zoom })"""
CLICK_ON = """([lon, lat]) => document.getElementById("carte").mapLibre.project([lon, lat])"""


@pytest.fixture(scope="module")
def folder(demo_instance: Settings, web_assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What an operator hands to a partner."""
    folder = tmp_path_factory.mktemp("partenaire")
    lend_assets(demo_instance, web_assets)
    given = {
        "LUM1_HOME": str(demo_instance.home),
        "LUM1_DATABASE_URL": demo_instance.database_url,
        "LUM1_PUBLIC_URL": "https://annuaire.example",
    }
    done = CliRunner(env=given).invoke(tiles, ["export", "--page", "-o", str(folder / "structures été.pmtiles")])
    assert (done.exit_code, done.exception) == (0, None), done.output
    assert sorted(each.name for each in folder.iterdir()) == [
        "structures été-page", "structures été.html", "structures été.pmtiles",
    ]  # fmt: skip
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def asked() -> list[Request]:
    return []


@pytest.fixture
def page(browser: Browser, folder: Path, asked: list[Request]) -> Iterator[Page]:
    """A visitor of the partner's site; without complaint of the browser, nor a question to anybody else."""
    with serving(folder) as address, visiting(browser, address) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request))
        page.goto("/structures été.html")
        page.wait_for_function(DRAWN)
        yield page


def counted(page: Page) -> int:
    page.wait_for_function(DRAWN)
    found: int = page.evaluate(COUNTED)
    return found


def placed(instance: Settings, where: str = "true") -> list[tuple[str, float, float]]:
    engine = engine_for(instance.database_url)
    with engine.connect() as connection:
        query = f"SELECT id, lon, lat FROM structure WHERE open AND lon IS NOT NULL AND {where} ORDER BY id"
        rows = [(row.id, row.lon, row.lat) for row in connection.execute(text(query))]
    engine.dispose()
    return rows


def test_the_clusters_in_view_count_every_structure(page: Page, demo_instance: Settings) -> None:
    page.evaluate(LOOK, [2.6, 46.6, 0])
    assert counted(page) == len(placed(demo_instance))


def test_tiles_come_by_ranges_and_no_other_way(page: Page, asked: list[Request]) -> None:
    page.evaluate(LOOK, [3.06, 50.63, 11])
    assert counted(page) > 0
    of_the_archive = [each for each in asked if each.url.endswith(".pmtiles")]
    assert len(of_the_archive) > 2
    for each in of_the_archive:
        answer = each.response()
        assert answer is not None
        assert (answer.status, "range" in each.headers) == (206, True)
    assert [each.url for each in asked if ".mvt" in each.url or "/tiles/" in each.url] == []


def test_points_follow_clusters_and_lead_to_their_pages(page: Page, demo_instance: Settings) -> None:
    identifier, lon, lat = placed(demo_instance, "departement = '59'")[0]
    page.evaluate(LOOK, [lon, lat, 18])  # finer than the archive goes
    assert counted(page) >= 1
    page.locator("#carte canvas").click(position=page.evaluate(CLICK_ON, [lon, lat]))
    page_of_it = f'a[href="https://annuaire.example/structures/{identifier}"]'
    expect(page.locator(page_of_it)).to_have_text("Voir la fiche")


def test_it_says_that_data_are_invented_and_whose_they_are(page: Page, web_assets: Path) -> None:
    expect(page.get_by_text("Aucune de ces structures n’existe")).to_be_visible()
    expect(page.locator("footer")).to_contain_text("Données fictives de lum1, au format de FINESS")
    expect(page.locator("footer")).to_contain_text("Licence Ouverte")
    assert violations(page, web_assets) == []


def test_a_server_without_ranges_is_said(browser: Browser, folder: Path) -> None:
    with serving(folder, ranges=False) as address:
        context = browser.new_context(base_url=address, locale="fr-FR")
        page = context.new_page()
        page.goto("/structures été.html")
        expect(page.get_by_role("status")).to_contain_text("demandes de plages")
        context.close()


def test_its_own_policy_lets_nothing_from_elsewhere_in(page: Page) -> None:
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy is not None
    assert policy.split("; ")[0] == "default-src 'self'"
