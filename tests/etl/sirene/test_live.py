"""SIRENE by itself: the month's stock once, each day of the API once, in order, whatever happens meanwhile."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from etl.report import Report
from etl.sirene.api import KeyRefused  # noqa: F401
from tests.conftest import fresh_database  # noqa: F401
from tests.etl.conftest import MakeInstance
from tests.etl.instance import Instance
from tests.etl.sirene.world import LAST_TREATED, Nurse, World, a_world

ZELIE = Nurse(1, "LEFEBVRE")
ODETTE = Nurse(2, "VANDAMME")
MARTHE = Nurse(3, "DELATTRE")
NOVEMBER_1, NOVEMBER_2, NOVEMBER_3 = (date(2026, 11, day) for day in (1, 2, 3))


@pytest.fixture
def world(instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("LUM1_GATE_MAX_STOCK_AGE_DAYS", "100000")
    monkeypatch.setenv("LUM1_GATE_CLOSED", "0.5")
    monkeypatch.setenv("LUM1_GATE_REMOVED", "0.5")
    with a_world(instance, tmp_path / "home", tmp_path) as world:
        yield world


def states(reports: list[Report]) -> list[tuple[str, str]]:
    return [(each.source.partition(",")[0] if "Stock" in each.source else each.source, each.state) for each in reports]


def test_the_stock_then_each_day_since(world: World) -> None:
    world.publish_stock(ZELIE, ODETTE)
    world.days_until(NOVEMBER_2)
    reports = world.refresh()
    assert states(reports) == [
        ("StockEtablissement-2026-11.parquet", "published"),
        ("API Sirene, 01/11/2026", "published"),
        ("API Sirene, 02/11/2026", "published"),
    ]
    assert world.structures().keys() == {ZELIE.structure, ODETTE.structure, LAST_TREATED.structure}
    assert world.instance.differences() == []
    assert world.files_left() == []
