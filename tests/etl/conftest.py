"""An instance without a server: a migrated database and a search folder of one test's own."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import pytest

from geo.database import engine_for
from tests.conftest import fresh_database
from tests.etl.instance import Instance


class MakeInstance(Protocol):
    """Makes an instance of one's own, for as long as its context: empty, or holding all that another one holds."""

    def __call__(self, like: Instance | None = None) -> AbstractContextManager[Instance]: ...


@pytest.fixture(scope="session")
def make_instance(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> MakeInstance:
    @contextmanager
    def made(like: Instance | None = None) -> Iterator[Instance]:
        home = tmp_path_factory.mktemp("instance")
        if like:
            like.engine.dispose()  # a database is copied while nobody uses it
            shutil.copytree(like.home, home, dirs_exist_ok=True)
        with fresh_database(server_url, template=like.url if like else template) as url:
            engine = engine_for(url)
            yield Instance(engine, home / "search")
            engine.dispose()

    return made


@pytest.fixture
def instance(make_instance: MakeInstance) -> Iterator[Instance]:
    with make_instance() as made:
        yield made


@pytest.fixture
def instance_of_yesterday(first_day: Instance, make_instance: MakeInstance) -> Iterator[Instance]:
    """The same of a module's own `first_day`."""
    with make_instance(like=first_day) as instance:
        yield instance


@pytest.fixture
def told(october: Instance, make_instance: MakeInstance) -> Iterator[Instance]:
    """What a module's own `october` loaded once, for one test to change."""
    with make_instance(like=october) as instance:
        yield instance
