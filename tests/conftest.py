"""Real parts for every test: a migrated PostGIS database, a transaction rolled back, a served instance."""

import os
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from geo.database import engine_for
from tests.relevance import summary
from tests.template import url as template_url

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def server_url() -> str:
    """The PostgreSQL server that tests may create databases on; `./lum1 test` starts one and says where."""
    url = os.environ.get("LUM1_TEST_DATABASE_URL")
    if not url:
        pytest.exit("LUM1_TEST_DATABASE_URL manque : lancez les tests par ./lum1 test.", returncode=2)
    return url


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """A database to copy: migrated, with the reference loaded."""
    return template_url(server_url)


@pytest.fixture(scope="session")
def database_url(server_url: str, template: str) -> Iterator[str]:
    """One of this session's own."""
    with fresh_database(server_url, template=template) as url:
        yield url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    engine = engine_for(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A transaction that is rolled back when the test ends."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real open data beside the repository; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data est absent : essai sur données réelles sauté")
    return SHARED_DATA


class fresh_database:
    """A database created on entry (as a copy of `template`, quick) and dropped on exit."""

    def __init__(self, server_url: str, template: str | None = None) -> None:
        self._server_url = server_url
        self._template = template or "/template1"
        self._name = f"lum1_test_{uuid.uuid4().hex[:12]}"

    def __enter__(self) -> str:
        return copy_database(self._server_url, self._template, self._name)

    def __exit__(self, *_: object) -> None:
        _tell(self._server_url, f'DROP DATABASE "{self._name}" WITH (FORCE)')


def copy_database(server_url: str, template: str, name: str) -> str:
    """A copy of a database that nobody uses, in the place of any of this name; its address."""
    _tell(
        server_url,
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        # its files rather than its journal: a quarter of the time, on a server that does not wait for its disk
        f'CREATE DATABASE "{name}" TEMPLATE "{template.rpartition("/")[2]}" STRATEGY FILE_COPY',
    )
    return f"{server_url.rpartition('/')[0]}/{name}"


def _tell(server_url: str, *statements: str) -> None:
    server = create_engine(
        server_url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    server.dispose()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those of a cluster only when asked for, and then only those: they take minutes, and the memory of three nodes.

    Browser tests come last: the browser's client keeps an event loop that others could not start theirs beside. Of their files
    the one with most tests comes first, so that neither of two processes waits long for the other's end.
    """
    chosen: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        chosen[("tests/cluster/" in item.nodeid) is config.getoption("--cluster")].append(item)
    config.hook.pytest_deselected(items=chosen[False])
    items[:] = chosen[True]
    tests = Counter(item.path for item in items if "tests/e2e/" in item.nodeid)
    items.sort(key=lambda item: (item.path in tests, -tests[item.path]))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cluster", action="store_true", help="les essais sur trois nœuds, et eux seuls (tests/cluster)")
    parser.addoption(
        "--new-baseline", action="store_true", help="écrit la pertinence mesurée dans tests/relevance/baseline.json"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How relevant answers are, whatever else was tested."""
    summary.write(terminalreporter)
