"""What several files of tests begin from is made by the first that asks, whichever process runs it; each takes a copy."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.database import engine_for
from geo.settings import Settings
from tests import template
from tests.conftest import copy_database, fresh_database
from tiles import basemap

Fill = Callable[[Settings], None]


@contextmanager
def copy_of(fill: Fill, server_url: str, home: Path) -> Iterator[Settings]:
    """An instance of one's own, home and database, of what `fill` makes of an instance without structures; it has a base map."""
    made = _made(fill, server_url)
    shutil.copytree(made.home, home, dirs_exist_ok=True)
    with fresh_database(server_url, template=made.database_url) as url:
        yield Settings(home=home, database_url=url)


def _made(fill: Fill, server_url: str) -> Settings:
    """As `fill` left it: nobody opens it, a database is copied while nobody uses it."""
    name = f"made_{fill.__name__.strip('_')}"
    home = Path(tempfile.gettempdir()) / name  # of this run alone (tests/memory.py)
    complete = home.with_suffix(".complete")
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            like = template.url(server_url) if fill is _base_map else base_map(server_url).database_url
            made = Settings(home=home, database_url=copy_database(server_url, like, name))
            fill(made)
            complete.write_text(made.database_url)
    return Settings(home=home, database_url=complete.read_text())


def base_map(server_url: str) -> Settings:
    """The template, and the map's shapes."""
    return _made(_base_map, server_url)


def _base_map(instance: Settings) -> None:
    engine = engine_for(instance.database_url)
    with engine.begin() as connection:
        basemap.build(connection)
    engine.dispose()
