"""An instance without a server: a migrated database and a search folder of one test's own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from geo.database import engine_for
from geo.migrate import migrate
from geo.reference.load import load_reference
from tests.conftest import fresh_database
from tests.etl.instance import Instance

MakeInstance = Callable[[], AbstractContextManager[Instance]]


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    with fresh_database(server_url) as url:
        migrate(url)
        engine = engine_for(url)
        with engine.begin() as connection:
            load_reference(connection)
        engine.dispose()
        yield url


@pytest.fixture(scope="session")
def make_instance(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> MakeInstance:
    """Makes an instance of one's own, for as long as its context."""

    @contextmanager
    def made() -> Iterator[Instance]:
        with fresh_database(server_url, template=template) as url:
            engine = engine_for(url)
            yield Instance(engine, tmp_path_factory.mktemp("instance") / "search")
            engine.dispose()

    return made


@pytest.fixture
def instance(make_instance: MakeInstance) -> Iterator[Instance]:
    with make_instance() as made:
        yield made
