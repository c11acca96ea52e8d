"""`export links`: what was found to belong together, and no number that must not be told, not even a score of it."""

from pathlib import Path

import polars as pl
import pytest

from etl.export import export, writers
from etl.registers import acts
from tests.etl.finess.test_history import DAY_1, DAY_2, a_day
from tests.etl.instance import Instance
from tests.etl.registers.people import Person, load_pages, load_stock
from tests.etl.registers.test_links import REST, SECOND, declaring

MASKED, WITHDRAWN, TOLD, LATER = map(Person, (12, 34, 56, 78))
THIRD = "590000040"


def written(instance: Instance, out: Path, format_: str) -> str:
    with instance.engine.connect() as connection:
        export(connection, "links", format_, out)
    return pl.read_parquet(out).write_csv() if format_ == "parquet" else out.read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", writers.FORMATS)
def test_links_hold_no_number_that_must_not_be_told_of_today_or_before(
    instance: Instance, tmp_path: Path, format_: str
) -> None:
    declared = (declaring(MASKED.siret), declaring(WITHDRAWN.siret, SECOND), declaring(TOLD.siret, THIRD))
    hidden = {MASKED.siren: {"statutDiffusionUniteLegale": "P"}}
    instance.refresh(a_day(tmp_path, DAY_1, *declared, *REST))
    assert load_stock(instance, tmp_path, MASKED, WITHDRAWN, TOLD, LATER, changed=hidden).state == "published"
    assert WITHDRAWN.siret in written(instance, tmp_path / "before", format_)
    acts.withdraw(acts.Instance(instance.engine, instance.home, instance.search), WITHDRAWN.siret, "sa lettre")
    load_pages(instance, tmp_path, LATER.hidden_entry())
    undeclared = (declaring(None), declaring(None, SECOND), declaring(TOLD.siret, THIRD))
    assert instance.refresh(a_day(tmp_path, DAY_2, *undeclared, *REST)).state == "published"
    assert instance.rows(f"SELECT count(*) > 0 FROM link WHERE siret = '{MASKED.siret}'") == [(True,)]
    told = written(instance, tmp_path / "links", format_)
    assert TOLD.siret in told
    assert [each.number for each in (MASKED, WITHDRAWN, LATER) if each.siret in told] == []
