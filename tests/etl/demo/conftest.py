"""One small France for the whole session: tests only read it."""

import gzip
import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from etl import demo

SIZE = 2_000
DAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def france(tmp_path_factory: pytest.TempPathFactory) -> demo.DemoFiles:
    return demo.generate(tmp_path_factory.mktemp("france"), size=SIZE, seed=7, produced_on=DAY, sirene=True)


@pytest.fixture(scope="session")
def flow(france: demo.DemoFiles) -> dict[str, Any]:
    """The FINESS file, whole: at this size it fits."""
    with gzip.open(france.finess) as text:
        found: dict[str, Any] = json.load(text)
        return found


@pytest.fixture(scope="session")
def truth(france: demo.DemoFiles) -> pl.DataFrame:
    return pl.read_parquet(france.truth)


@pytest.fixture(scope="session")
def stock(france: demo.DemoFiles) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Establishments, legal units, positions."""
    assert france.sirene is not None
    establishments, units, positions, *_ = map(pl.read_parquet, france.sirene.all())
    return establishments, units, positions
