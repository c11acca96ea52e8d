"""The application on demo data, called in process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from api.app import create_app
from etl import demo
from etl.finess import pipeline as finess
from etl.finess.activites import pipeline as activites
from etl.zones import pipeline as zones
from geo.database import engine_for
from geo.settings import Settings
from tests.once import copy_of

DEMO_SIZE = 1_500


@pytest.fixture(scope="session")
def demo_instance(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A published demo, its truth beside it in the home."""
    with copy_of(demo_with_everything, server_url, tmp_path_factory.mktemp("instance")) as settings:
        yield settings


def demo_with_everything(instance: Settings) -> None:
    """FINESS, activities and zones."""
    engine = engine_for(instance.database_url)
    files = demo.generate(instance.home / "demo", size=DEMO_SIZE, seed=5)
    for flow, file in ((finess, files.finess), (activites, files.activites), (zones, files.zones)):
        report = flow.refresh(engine, instance.search_root, file, home=instance.home)
        assert report.state == "published", report
    engine.dispose()


@pytest.fixture(scope="session")
def client(demo_instance: Settings) -> Iterator[TestClient]:  # type: ignore[type-arg]
    with TestClient(create_app(demo_instance), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def truth(demo_instance: Settings) -> Path:
    return demo_instance.home / "demo" / "verite.parquet"
