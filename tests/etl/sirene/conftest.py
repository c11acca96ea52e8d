"""A small fictitious France for the session: tests only read it."""

from datetime import date

import pytest

from etl import demo

DAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def france(tmp_path_factory: pytest.TempPathFactory) -> demo.DemoFiles:
    return demo.generate(tmp_path_factory.mktemp("france"), size=600, seed=11, produced_on=DAY, sirene=True)
