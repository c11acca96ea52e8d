"""An engine on rows that each test writes."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from geo.filters import Filters, conditions
from geo.publication import Publication, served_publication
from geo.structures import structure
from search import embedded
from search.engine import SearchEngine
from search.query import SearchQuery
from search.results import Found
from tests.builders import insert_structures, publish


class Searchable:
    """Structures published and indexed, in the test's own transaction."""

    def __init__(self, connection: Connection, root: Path) -> None:
        self.connection = connection
        self.root = root
        self.engine = SearchEngine(root)

    def index(self, *rows: dict[str, Any]) -> None:
        self.connection.execute(text("DELETE FROM structure"))
        insert_structures(self.connection, rows)
        version = publish(self.connection)
        embedded.build(self.connection, self.root / str(version))

    @property
    def publication(self) -> Publication:
        found = served_publication(self.connection)
        assert found is not None
        return found

    def ask(self, query: SearchQuery) -> Found:
        return self.engine.search(self.connection, query, self.publication)

    def names(self, query: SearchQuery) -> list[str]:
        hits = [hit.id for hit in self.ask(query).hits]
        rows = self.connection.execute(text("SELECT id, name FROM structure"))
        named = {row.id: row.name for row in rows}
        return [named[each] for each in hits]

    def plan(self, filters: Filters) -> str:
        """How PostgreSQL would answer the filters."""
        query = select(structure.c.id).where(*conditions(filters, structure))
        compiled = query.compile(self.connection, compile_kwargs={"render_postcompile": True})
        return "\n".join(self.connection.exec_driver_sql(f"EXPLAIN {compiled}", compiled.params).scalars())


@pytest.fixture
def searchable(connection: Connection, tmp_path: Path) -> Searchable:
    return Searchable(connection, tmp_path / "search")
