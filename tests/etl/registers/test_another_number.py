"""One who is withheld is not told under another number either: the same legal unit twice, the same place before."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from etl.registers import acts
from etl.report import Report
from etl.rollback import rollback
from etl.sirene.lineage import DUPLICATES, SUCCESSIONS
from etl.sirene.refresh import refresh_stock
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import NOVEMBER, Person, how, load_pages, load_stock, stock_files

HEIR, OLD, STAYS = Person(70), Person(71), Person(34)
REASON = "Sa lettre du 3 novembre"
# OLD is HEIR under an earlier number: the same name, door and sign.
AS_HEIR = {
    OLD.siret: {**HEIR.address, "enseigne1Etablissement": HEIR.sign},
    OLD.siren: {"nomUniteLegale": HEIR.surname},
}
CLOSED = AS_HEIR | {OLD.siret: AS_HEIR[OLD.siret] | {"etatAdministratifEtablissement": "F"}}
THREE, FOUR = datetime(2026, 10, 6), datetime(2026, 10, 8)
DECEMBER = datetime(2026, 12, 4, 8, 12, 30)
ACCEPTED = ["closed", "removed"]


def withdrawn(instance: Instance, folder: Path) -> None:
    acts.withdraw(acts.Instance(instance.engine, instance.home, instance.search), HEIR.siret, REASON)


def hidden(instance: Instance, folder: Path) -> None:
    assert load_pages(instance, folder, HEIR.hidden_entry()).state == "published"


@pytest.fixture(scope="module")
def pharmacy(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with make_instance() as instance:
        assert instance.refresh(a_file(tmp_path_factory.mktemp("finess"), an_ege())).state == "published"
        yield instance


@pytest.fixture
def told(pharmacy: Instance, make_instance: MakeInstance) -> Iterator[Instance]:
    with make_instance(like=pharmacy) as instance:
        yield instance


def stock(instance: Instance, folder: Path, day: datetime, changed: Any, *, succession: bool = False) -> Report:
    """HEIR, OLD and another, with what ties the first two."""
    files = stock_files(folder, HEIR, OLD, STAYS, day=day, changed=changed)
    beside = files.establishments.parent
    follows = {
        "siretEtablissementPredecesseur": OLD.siret,
        "siretEtablissementSuccesseur": HEIR.siret,
        "dateLienSuccession": date(2026, 10, 20),
    }
    twice = {"siren": HEIR.siren, "sirenDoublon": OLD.siren}
    successions, duplicates = beside / "successions.parquet", beside / "doublons.parquet"
    pl.DataFrame([follows] if succession else [], schema=SUCCESSIONS.columns).write_parquet(successions)
    pl.DataFrame([] if succession else [twice], schema=DUPLICATES.columns).write_parquet(duplicates)
    both = msgspec.structs.replace(files, successions=successions, duplicates=duplicates)
    report = refresh_stock(instance.engine, both, how(instance, ACCEPTED))
    assert report.state == "published", report
    return report


def structures(instance: Instance) -> list[str]:
    return [row[0] for row in instance.rows("SELECT id FROM structure WHERE register = 'sirene' ORDER BY id")]


def secrets() -> list[str]:
    return [HEIR.surname, HEIR.street, HEIR.sign, HEIR.id, OLD.id]


@pytest.mark.parametrize("leaves", [withdrawn, hidden], ids=["withdrawn", "hidden"])
def test_a_double_leaves_with_the_number_that_told_them_both(
    told: Instance, tmp_path: Path, leaves: Callable[[Instance, Path], None]
) -> None:
    stock(told, tmp_path, NOVEMBER, AS_HEIR)
    assert structures(told) == [STAYS.id, HEIR.id]
    leaves(told, tmp_path)
    assert structures(told) == [STAYS.id]
    assert places(told, secrets(), [(HEIR.lon, HEIR.lat)]) == []
    assert told.differences() == []


def test_no_later_stock_tells_the_double_and_undone_it_may(told: Instance, tmp_path: Path) -> None:
    stock(told, tmp_path, NOVEMBER, AS_HEIR)
    withdrawn(told, tmp_path)
    stock(told, tmp_path, DECEMBER, AS_HEIR)
    assert structures(told) == [STAYS.id]
    acts.undo_withdrawal(acts.Instance(told.engine, told.home, told.search), HEIR.siret)
    stock(told, tmp_path, datetime(2027, 1, 4, 8, 12, 30), AS_HEIR)
    assert structures(told) == [STAYS.id, HEIR.id]


def test_a_double_is_withheld_from_the_first_stock_on(told: Instance, tmp_path: Path) -> None:
    stock(told, tmp_path, NOVEMBER, AS_HEIR | {HEIR.siren: {"statutDiffusionUniteLegale": "P"}})
    assert structures(told) == [STAYS.id]


def test_a_place_that_she_took_over_does_not_come_back_by_a_return(told: Instance, tmp_path: Path) -> None:
    assert load_stock(told, tmp_path, OLD, STAYS, day=THREE, changed=AS_HEIR).state == "published"
    closed = load_stock(told, tmp_path, OLD, STAYS, day=FOUR, changed=CLOSED, accept=ACCEPTED)
    assert closed.state == "published"
    stock(told, tmp_path, NOVEMBER, CLOSED, succession=True)
    assert told.rows("SELECT siret, why FROM absorbed_siret") == [(OLD.siret, "succession")]
    withdrawn(told, tmp_path)
    rollback(told.engine, told.search, closed.load, home=told.home)
    assert structures(told) == [STAYS.id]
    assert places(told, secrets(), [(HEIR.lon, HEIR.lat)]) == []
