"""What tests of loads do with an instance: refresh it, look into it."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from etl.finess.pipeline import refresh
from etl.report import Report
from geo.publication import served_publication
from search import embedded
from tiles import counts


class Instance:
    """A database and a search folder of one test's own."""

    def __init__(self, engine: Engine, search: Path) -> None:
        self.engine = engine
        self.search = search

    @property
    def home(self) -> Path:
        return self.search.parent

    @property
    def url(self) -> str:
        return self.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")

    def refresh(self, file: Path, **how: Any) -> Report:
        return refresh(self.engine, self.search, file, home=self.home, **how)

    def rows(self, statement: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement)))

    def served(self) -> tuple[int, int] | None:
        """Version and structures served."""
        with self.engine.connect() as connection:
            publication = served_publication(connection)
            return (publication.version, publication.structures) if publication else None

    def differences(self) -> list[str]:
        with self.engine.connect() as connection:
            publication = served_publication(connection)
            assert publication is not None
            folder = self.search / str(publication.version)
            return counts.verify(connection) + embedded.verify(connection, folder)
