"""A real server on demo data, and a real browser in front of it."""

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import func

from api.machine.ports import LOOPBACK
from etl.gates import Verdict
from geo.database import engine_for
from geo.settings import REPOSITORY, Settings
from tests.api.conftest import demo_instance  # noqa: F401 (the same demo as in-process tests)
from tests.builders import counts_told_whole, insert_load
from tests.e2e.waiting import eventually
from tests.geocoder.faulty import FaultyGeocoder
from tests.ports import a_port

CHROMIUM = shutil.which("chromium")
# WebGL without a graphics card; and a browser that asks nobody but the page's own server
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# loads that ran after the demo's own, told with every member a report knows
TOLD_WHOLE, TOLD_REFUSED = 1_001, 1_002
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"
DESKTOP = {"width": 1280, "height": 800}
DENSITY = 0.5  # of pixels: the processor draws a map four times as quickly, and nothing else is another


@pytest.fixture(scope="session")
def web_assets() -> Path:
    """npm packages as `./lum1 test` installs them, axe among them."""
    folder = Settings.from_environment().web_assets
    if not (folder / "axe-core" / "axe.min.js").exists():
        pytest.exit("Les paquets npm manquent : lancez les tests par ./lum1 test.", returncode=2)
    return folder


@pytest.fixture(scope="session")
def server(demo_instance: Settings, web_assets: Path) -> Iterator[str]:  # noqa: F811
    """The address of a server as an operator runs it, who lets a geocoder hear what looks like an address."""
    _tell_loads(demo_instance)
    with (
        FaultyGeocoder() as geocoder,
        served(demo_instance, web_assets, LUM1_GEOCODER_SUGGEST="1", LUM1_GEOCODER_URL=geocoder.url) as address,
    ):
        yield address


@contextmanager
def served(instance: Settings, web_assets: Path, **settings: str) -> Iterator[str]:
    """A server on this instance, for as long as its context."""
    lend_assets(instance, web_assets)
    port = a_port()
    address = f"http://{LOOPBACK}:{port}"
    environment = os.environ | {"LUM1_HOME": str(instance.home), "LUM1_DATABASE_URL": instance.database_url}
    environment |= settings
    command = ["granian", "--interface", "asgi", "--factory", "api.app:create_app", "--host", LOOPBACK]
    with (
        (instance.home / "server.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", *command, "--port", str(port)],
            cwd=REPOSITORY, env=environment, stdout=log, stderr=log,
        ) as running,
    ):  # fmt: skip
        try:
            eventually(lambda: _is_ready(address), "server ready")
            yield address
        finally:
            running.terminate()
            running.wait(15)


def lend_assets(instance: Settings, web_assets: Path) -> None:
    """Those of the tests, as if `start` had installed them in this home."""
    if not instance.web_assets.exists():
        instance.web_assets.parent.mkdir(exist_ok=True)
        instance.web_assets.symlink_to(web_assets)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.exit("Chromium manque : apt-get install chromium.", returncode=2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, server: str) -> Iterator[BrowserContext]:
    with visiting(browser, server) as context:
        yield context


def visitor(browser: Browser, server: str) -> BrowserContext:
    """One who asked for less motion, so that the map arrives at once."""
    return browser.new_context(
        viewport=DESKTOP, base_url=server, reduced_motion="reduce", locale="fr-FR", device_scale_factor=DENSITY
    )


@contextmanager
def visiting(browser: Browser, server: str) -> Iterator[BrowserContext]:
    """A visitor, without complaint from the browser."""
    context = visitor(browser, server)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "request", lambda request: complaints.append(request.url) if _is_elsewhere(request.url, server) else None
    )
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def page_without_map(page: Page) -> Page:
    """For what does not look at the map: to draw it without a graphics card takes longer than all the rest."""
    page.add_init_script(NO_WEBGL)
    return page


def _tell_loads(instance: Settings) -> None:
    closed = Verdict("removed", False, "615 structures servies absentes du fichier, 51,25\u202f%, au plus 10,00\u202f%")
    pair = {"source": "finess", "other": "insee", "n": 12_400, "median_m": 18.4, "p95_m": 412.0, "far": 248}
    counts = counts_told_whole(positions={"distances": [pair]})
    about: dict[str, Any] = {"counts": counts, "ended_at": func.now(), "sha1": "0" * 40, "bytes": 829_000}
    engine = engine_for(instance.database_url)
    with engine.begin() as connection:
        insert_load(connection, "tried", id=TOLD_WHOLE, **about)
        insert_load(connection, "refused", id=TOLD_REFUSED, gates=[msgspec.to_builtins(closed)], **about)
    engine.dispose()


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _is_elsewhere(url: str, server: str) -> bool:
    return not url.startswith((server, "blob:", "data:"))
