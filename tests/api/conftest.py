"""The application on demo data, called in process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from api.app import create_app
from etl import demo
from etl.finess.activites import pipeline as activites
from etl.finess.pipeline import refresh
from etl.zones import pipeline as zones
from geo.database import engine_for
from geo.settings import Settings
from tests.conftest import fresh_database
from tiles import basemap

DEMO_SIZE = 1_500


@pytest.fixture(scope="session")
def demo_instance(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A published demo, its truth beside it in the home."""
    home = tmp_path_factory.mktemp("instance")
    with fresh_database(server_url, template=template) as url:
        settings = Settings(home=home, database_url=url)
        engine = engine_for(url)
        with engine.begin() as connection:
            basemap.build(connection)
        files = demo.generate(home / "demo", size=DEMO_SIZE, seed=5)
        report = refresh(engine, settings.search_root, files.finess, home=settings.home)
        assert report.state == "published", report
        report = activites.refresh(engine, settings.search_root, files.activites, home=settings.home)
        assert report.state == "published", report
        report = zones.refresh(engine, settings.search_root, files.zones, home=settings.home)
        assert report.state == "published", report
        engine.dispose()
        yield settings


@pytest.fixture(scope="session")
def client(demo_instance: Settings) -> Iterator[TestClient]:  # type: ignore[type-arg]
    with TestClient(create_app(demo_instance), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def truth(demo_instance: Settings) -> Path:
    return demo_instance.home / "demo" / "verite.parquet"
