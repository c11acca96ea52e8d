"""The reference once loaded: nothing else has to be done for the planner to know it."""

import pytest
from sqlalchemy import Connection, text

from geo.reference.load import REFERENCE


@pytest.mark.parametrize("table", REFERENCE)
def test_the_planner_knows_it_before_any_load(connection: Connection, table: str) -> None:
    there = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    known = connection.execute(
        text("SELECT reltuples, relallvisible = relpages FROM pg_class WHERE relname = :table"), {"table": table}
    ).one()
    columns = connection.execute(
        text("SELECT count(*) FROM pg_stats WHERE tablename = :table"), {"table": table}
    ).scalar_one()
    assert (*known, columns > 2) == (there, True, True)
    assert there
