"""Killed at any step and run again, a load of SIRENE ends where an undisturbed one does, and nobody is half told."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import pytest

from etl.ledger import LoadUnderWay
from etl.registers import journal
from etl.report import Report
from etl.sirene.refresh import StockFiles, refresh_pages, refresh_stock
from geo.settings import REPOSITORY
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_ege, many
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import NOVEMBER, Person, how, pages_of, stock_files

LEAVES, STAYS, NEW = Person(12), Person(34), Person(56)
FIRST = [LEAVES, STAYS, *(Person(number) for number in range(100, 140))]
STEPS = (
    "lecture du registre",
    "portes",
    "fusion",
    "rapprochement des registres",
    "statistiques",
    "grille des tuiles",
    "index de recherche",
    "ménage",
)
COMMITTED = STEPS[-1]
# As readers see it: what a process that died before its last step left waiting, the next run takes in.
GRID = """(
    SELECT tile, layer, cell, sum(n) AS n, sum(sx) AS sx, sum(sy) AS sy, bit_xor(who) AS who
    FROM (SELECT * FROM tile_count UNION ALL SELECT * FROM tile_change) AS counted
    GROUP BY tile, layer, cell
    HAVING sum(n) > 0
)"""
# By table, without what tells one run from another: numbers of loads, moments of the clock.
STATE = {
    "structure": ("load_id", "id"),
    "structure_own": ("", "id"),
    "sirene_establishment": ("load_id", "siret"),
    "source_record": ("load_id,ended_by", "kind, key, valid_from"),
    "structure_change": ("load_id,id", "id"),
    "masked_siret": ("since", "siret"),
    "link": ("load_id,valid_from,valid_to", "finess, siret, valid_from"),
    GRID: ("", "tile, layer, cell"),
}


class Loads:
    """What is loaded first, then on top of it: a stock of November, or pages, that hide one, rename one and tell a new one."""

    def __init__(self, folder: Path) -> None:
        declaring = an_ege(
            about={"siret": FIRST[5].siret, "egeId": "590000001", "numFinessEge": "590000001", "nomEgeLong": "CABINET"}
        )
        self.finess = a_file(folder, declaring, *many(5, first=2))
        self.first = stock_files(folder, *FIRST)
        changed = {
            LEAVES.siren: {"statutDiffusionUniteLegale": "P"},
            STAYS.siret: {"enseigne1Etablissement": "CABINET NEUF"},
        }
        self.stock = stock_files(folder, *FIRST, NEW, day=NOVEMBER, changed=changed)
        renamed = STAYS.entry(enseigne1Etablissement="CABINET NEUF")
        self.pages = pages_of(folder, LEAVES.hidden_entry(), renamed, NEW.entry())

    def given(self, kind: str) -> list[str]:
        files = self.stock.given() if kind == "stock" else self.pages
        return [kind, *map(str, files)]

    def run(self, instance: Instance, kind: str) -> Report:
        if kind == "stock":
            return refresh_stock(instance.engine, self.stock, how(instance))
        return refresh_pages(instance.engine, self.pages, how(instance))


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Loads:
    return Loads(tmp_path_factory.mktemp("fichiers"))


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, loads: Loads) -> Iterator[Instance]:
    """What is loaded first."""
    with make_instance() as instance:
        assert instance.refresh(loads.finess).state == "published"
        assert refresh_stock(instance.engine, loads.first, how(instance)).state == "published"
        yield instance


@pytest.fixture
def loaded(october: Instance, make_instance: MakeInstance) -> Iterator[Instance]:
    with make_instance(like=october) as instance:
        yield instance


@pytest.fixture(scope="module")
def undisturbed(make_instance: MakeInstance, october: Instance, loads: Loads) -> dict[str, dict[str, list[Any]]]:
    """Where each load ends when nothing happens."""
    found = {}
    for kind in ("stock", "pages"):
        with make_instance(like=october) as instance:
            assert loads.run(instance, kind).state == "published"
            assert places(instance, LEAVES.secrets, [(LEAVES.lon, LEAVES.lat)]) == []
            found[kind] = state(instance)
    return found


def state(instance: Instance) -> dict[str, list[Any]]:
    found = {}
    for table, (without, order) in STATE.items():
        rows = instance.rows(f"SELECT (to_jsonb(t) - '{{{without}}}'::text[])::text FROM {table} AS t ORDER BY {order}")
        found[table] = [tuple(row) for row in rows]
    return found


def killed_at(instance: Instance, step: str, given: list[str]) -> bool:
    """Run in a process of its own; whether it died of the step rather than reached its end."""
    command = [
        sys.executable,
        "-m",
        "tests.etl.registers.dies",
        instance.url,
        str(instance.home),
        step,
        *given,
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


Whatever = TypeVar("Whatever")


def again(run: Callable[[], Whatever]) -> Whatever:
    """Run once the dead process's session has gone."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return run()
        except LoadUnderWay:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def left(instance: Instance) -> list[Path]:
    return list((instance.home / "travail").iterdir())


# The steps are the pipeline's own, whatever it reads: of pages, before anything is written and with everything written.
@pytest.mark.parametrize(
    ("kind", "step"), [*(("stock", step) for step in STEPS), ("pages", STEPS[0]), ("pages", "index de recherche")]
)
def test_killed_the_load_before_is_served_and_the_next_run_ends_like_any_other(
    loaded: Instance, loads: Loads, undisturbed: dict[str, dict[str, list[Any]]], step: str, kind: str
) -> None:
    before = state(loaded)
    assert killed_at(loaded, step, loads.given(kind))
    assert state(loaded) == (undisturbed[kind] if step == COMMITTED else before)
    assert loaded.differences() == []
    report = again(lambda: loads.run(loaded, kind))
    assert report.state == ("unchanged" if step == COMMITTED else "published")
    assert state(loaded) == undisturbed[kind]
    assert loaded.rows("SELECT count(*) FROM tile_change") == [(0,)]
    (version,) = loaded.rows("SELECT version FROM current_publication")[0]
    assert [folder.name for folder in loaded.search.iterdir()] == [str(version)]
    noted = json.loads((loaded.home / journal.FOLDER / journal.NAME).read_bytes())["masked"]
    assert [each["siret"] for each in noted] == [LEAVES.siret]
    assert left(loaded) == []


def test_a_first_stock_that_is_killed_leaves_finess_alone_and_its_folder_to_the_next_run(
    instance: Instance, loads: Loads
) -> None:
    instance.refresh(loads.finess)
    before = state(instance)
    files = [str(path) for path in loads.first.given()]
    assert killed_at(instance, "fusion", ["stock", *files])
    assert state(instance) == before
    assert left(instance)  # persons, until a run comes
    assert again(lambda: refresh_stock(instance.engine, loads.first, how(instance))).state == "published"
    assert left(instance) == []


def test_the_same_stock_again_changes_nothing(loaded: Instance, loads: Loads) -> None:
    before = state(loaded), loaded.served()
    assert refresh_stock(loaded.engine, loads.first, how(loaded)).state == "unchanged"
    assert (state(loaded), loaded.served()) == before


def test_entries_in_another_order_make_the_same_rows(
    loaded: Instance, loads: Loads, undisturbed: dict[str, dict[str, list[Any]]], tmp_path: Path
) -> None:
    renamed = STAYS.entry(enseigne1Etablissement="CABINET NEUF")
    turned = pages_of(tmp_path, NEW.entry(), renamed, LEAVES.hidden_entry())
    assert refresh_pages(loaded.engine, turned, how(loaded)).state == "published"
    assert state(loaded) == undisturbed["pages"]


def test_a_stock_made_before_what_the_api_said_takes_nothing_back(loaded: Instance, loads: Loads) -> None:
    """Insee publishes a stock some days into its month, when the API has told those days already."""
    loads.run(loaded, "pages")
    before = told(loaded), loaded.served()
    assert refresh_stock(loaded.engine, loads.stock, how(loaded)).state == "published"
    assert (told(loaded), loaded.served()) == before
    assert left(loaded) == []


def told(instance: Instance) -> dict[str, list[Any]]:
    """But for Insee's technical touches."""
    return {table: rows for table, rows in state(instance).items() if table != "sirene_establishment"}


def test_a_stock_older_than_the_last_one_is_refused_and_changes_nothing(loaded: Instance, loads: Loads) -> None:
    loads.run(loaded, "stock")
    before = state(loaded), loaded.served()
    report = refresh_stock(loaded.engine, loads.first, how(loaded))
    assert report.state == "refused"
    assert "older" in [verdict.gate for verdict in report.gates if verdict.refuses]
    assert (state(loaded), loaded.served()) == before
    assert left(loaded) == []


def test_a_refused_stock_hides_nobody_and_says_how_many_it_would(
    loaded: Instance, loads: Loads, tmp_path: Path
) -> None:
    """A stock without its legal units would hide everyone: what refuses it must refuse its masks too."""
    before = state(loaded)
    broken = StockFiles(loads.stock.establishments, nobody(tmp_path), loads.stock.positions)
    report = refresh_stock(loaded.engine, broken, how(loaded))
    assert report.state == "refused"
    assert report.counts["noticed"]["tenus_a_l_ecart"] == len(FIRST) + 1
    assert state(loaded) == before


def nobody(folder: Path) -> Path:
    """The file of legal units, without a row."""
    files = stock_files(folder, Person(999))
    pl.read_parquet(files.units).clear().write_parquet(files.units)
    return files.units


def test_an_error_of_the_database_is_told_without_a_row(loaded: Instance, loads: Loads, tmp_path: Path) -> None:
    with loaded.engine.begin() as connection:  # as a constraint of a later version may refuse a row
        connection.exec_driver_sql(f"ALTER TABLE sirene_establishment ADD CHECK (siret <> '{NEW.siret}')")
    with pytest.raises(Exception, match="sirene_establishment"):
        loads.run(loaded, "stock")
    (error,) = loaded.rows("SELECT error FROM load WHERE state = 'failed'")
    assert tuple(error) == ("CheckViolation (23514)",)
    assert places(loaded, NEW.secrets) == []
