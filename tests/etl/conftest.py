"""An instance without a server: a migrated database and a search folder of one test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.database import engine_for
from geo.migrate import migrate
from geo.reference.load import load_reference
from tests.conftest import fresh_database
from tests.etl.instance import Instance


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    with fresh_database(server_url) as url:
        migrate(url)
        engine = engine_for(url)
        with engine.begin() as connection:
            load_reference(connection)
        engine.dispose()
        yield url


@pytest.fixture
def instance(server_url: str, template: str, tmp_path: Path) -> Iterator[Instance]:
    with fresh_database(server_url, template=template) as url:
        engine = engine_for(url)
        yield Instance(engine, tmp_path / "search")
        engine.dispose()
