"""An address that was given leads to who goes on at its door, through every succession and double that Insee's files tell."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import msgspec
import polars as pl
import pytest

from etl.registers import acts
from etl.report import Report
from etl.rollback import rollback
from etl.sirene.lineage import DUPLICATES, SUCCESSIONS
from etl.sirene.refresh import refresh_stock
from geo.whereabouts import told_as
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import many
from tests.etl.finess.test_history import DAY_1, DAY_2, a_day
from tests.etl.instance import Instance
from tests.etl.registers.people import NOVEMBER, OCTOBER, Person, how, load_stock, stock_files
from tests.etl.registers.test_links import EGE, SECOND, acting, declaring

A, B, C, X, Y = map(Person, (12, 34, 56, 91, 92))
OTHERS = [Person(number) for number in range(100, 106)]
ONE_DOOR = {each.siret: A.address for each in (B, C)}
TRADE = {"activitePrincipaleEtablissement": "56.10A", "activitePrincipaleNAF25Etablissement": "56.11H"}
CLOSED = {"etatAdministratifEtablissement": "F"}
DECEMBER = datetime(2026, 11, 24, 8, 12, 30)
REST = many(30, first=3)
Pairs = list[tuple[str, str]]


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A, B and C at one door, and others elsewhere."""
    folder = tmp_path_factory.mktemp("octobre")
    with make_instance() as instance:
        day = a_day(folder, DAY_1, declaring(None), declaring(None, SECOND), *REST)
        assert instance.refresh(day).state == "published"
        report = load_stock(instance, folder, A, B, C, *OTHERS, day=OCTOBER, changed=ONE_DOOR)
        assert report.state == "published", report
        yield instance


@pytest.fixture
def stocked(october: Instance, make_instance: MakeInstance) -> Iterator[Instance]:
    with make_instance(like=october) as instance:
        yield instance


def month(
    instance: Instance,
    folder: Path,
    *people: Person,
    successions: Pairs | None = None,
    doubles: Pairs | None = None,
    closed: tuple[Person, ...] = (),
    goes_on: bool | None = None,
    day: datetime = NOVEMBER,
    changed: Mapping[str, Mapping[str, str]] = {},
) -> Report:
    """The next stock of A, B, C, the others and these people, with the files of who went on after whom that are given."""
    rows = {
        each.siret: {**A.address, **(CLOSED if each in closed else {}), **changed.get(each.siret, {})}
        for each in (A, B, C, *people)
    }
    files = stock_files(folder, A, B, C, *people, *OTHERS, day=day, changed=rows)
    beside = files.establishments.parent
    if successions is not None:
        links = [(*pair, date(2026, 10, 20), None, goes_on) for pair in successions]
        files = msgspec.structs.replace(files, successions=beside / "StockEtablissementLiensSuccession.parquet")
        pl.DataFrame(links, SUCCESSIONS.read, orient="row").write_parquet(str(files.successions))
    if doubles is not None:
        files = msgspec.structs.replace(files, duplicates=beside / "StockDoublons.parquet")
        pl.DataFrame(doubles, DUPLICATES.read, orient="row").write_parquet(str(files.duplicates))
    return refresh_stock(instance.engine, files, how(instance, ("removed", "closed")))


def published(report: Report) -> None:
    assert report.state == "published", report


def leads(instance: Instance, *people: Person) -> list[str | None]:
    """Where the address of each leads."""
    with instance.engine.connect() as connection:
        return [told_as(connection, each.siret) for each in people]


def structures(instance: Instance) -> set[str]:
    found = {row[0] for row in instance.rows("SELECT id FROM structure WHERE register = 'sirene'")}
    return found - {each.id for each in OTHERS}


def test_one_whose_successor_is_the_double_of_another_leads_to_who_is_told(stocked: Instance, tmp_path: Path) -> None:
    of_unit = [(B.siren, C.siren)]
    published(month(stocked, tmp_path, successions=[(A.siret, C.siret)], doubles=of_unit, closed=(A,)))
    assert leads(stocked, A, B, C) == [B.id, B.id, B.id]
    assert structures(stocked) == {B.id}
    assert stocked.differences() == []


def test_doubles_in_a_chain_lead_to_one_structure(stocked: Instance, tmp_path: Path) -> None:
    published(month(stocked, tmp_path, doubles=[(A.siren, B.siren), (B.siren, C.siren)]))
    assert leads(stocked, A, B, C) == [A.id, A.id, A.id]
    assert structures(stocked) == {A.id}


def test_a_pair_of_doubles_told_both_ways_leaves_one_structure(stocked: Instance, tmp_path: Path) -> None:
    published(month(stocked, tmp_path, doubles=[(A.siren, B.siren), (B.siren, A.siren)]))
    assert leads(stocked, A, B) == [A.id, A.id]
    assert structures(stocked) == {A.id, C.id}


def test_a_chain_through_closed_numbers_that_nobody_names_is_followed(stocked: Instance, tmp_path: Path) -> None:
    chain = [(A.siret, X.siret), (X.siret, Y.siret), (Y.siret, C.siret)]
    published(month(stocked, tmp_path, X, Y, successions=chain, closed=(A, X, Y)))
    assert stocked.rows(f"SELECT siret FROM sirene_establishment WHERE siret IN ('{X.siret}', '{Y.siret}')") == []
    assert leads(stocked, A, C) == [C.id, C.id]
    assert structures(stocked) == {B.id, C.id}


def test_links_between_strangers_are_not_kept(stocked: Instance, tmp_path: Path) -> None:
    links = [(A.siret, B.siret), (X.siret, Y.siret)]
    published(month(stocked, tmp_path, successions=links, closed=(A,)))
    assert stocked.rows("SELECT predecessor, successor FROM succession") == [(A.siret, B.siret)]


@pytest.mark.parametrize(("goes_on", "expected"), [(None, B.id), (True, B.id), (False, A.id)])
def test_a_door_where_insee_says_that_nothing_goes_on_keeps_its_closed_structure(
    stocked: Instance, tmp_path: Path, goes_on: bool | None, expected: str
) -> None:
    published(month(stocked, tmp_path, successions=[(A.siret, B.siret)], closed=(A,), goes_on=goes_on))
    assert leads(stocked, A) == [expected]


def test_nobody_is_sent_to_an_establishment_that_no_structure_tells(stocked: Instance, tmp_path: Path) -> None:
    """Of another trade, and known because FINESS names it: only FINESS's structure may tell it."""
    published(stocked.refresh(a_day(tmp_path, DAY_2, declaring(X.siret), declaring(None, SECOND), *REST)))
    published(month(stocked, tmp_path, X, changed={X.siret: TRADE}))
    acts.decide(acting(stocked), EGE, X.siret, "rejected", "A. Vérificateur", "une autre porte")
    sold = [(A.siret, X.siret)]
    published(month(stocked, tmp_path, X, successions=sold, closed=(A,), changed={X.siret: TRADE}, day=DECEMBER))
    assert leads(stocked, A) == [A.id]
    acts.undo_decision(acting(stocked), EGE, X.siret)
    assert leads(stocked, A) == [f"f{EGE}"]


def test_whom_it_leads_to_may_close_in_turn(stocked: Instance, tmp_path: Path) -> None:
    sold = [(A.siret, B.siret)]
    published(month(stocked, tmp_path, successions=sold, closed=(A,)))
    published(month(stocked, tmp_path, successions=sold, closed=(A, B), day=DECEMBER))
    assert leads(stocked, A, B) == [B.id, B.id]
    assert stocked.rows(f"SELECT open FROM structure WHERE id = '{B.id}'") == [(False,)]
    assert stocked.differences() == []


def test_going_back_and_forth_its_address_leads_where_it_led(stocked: Instance, tmp_path: Path) -> None:
    first = stocked.rows("SELECT max(id) FROM load WHERE pipeline = 'sirene'")[0][0]
    sold = [(A.siret, B.siret)]
    published(month(stocked, tmp_path, successions=sold, closed=(A,)))
    last = month(stocked, tmp_path, successions=sold, closed=(A, B), day=DECEMBER)
    published(last)
    for load, expected in ((first, [A.id, B.id]), (last.load, [B.id, B.id])):
        published(rollback(stocked.engine, stocked.search, load, home=stocked.home))
        assert leads(stocked, A, B) == expected


@pytest.mark.parametrize("what", ["successions", "doubles"])
def test_a_file_without_a_row_does_not_replace_what_is_known(stocked: Instance, tmp_path: Path, what: str) -> None:
    of_unit, links = [(B.siren, C.siren)], [(A.siret, B.siret)]
    published(month(stocked, tmp_path, successions=links, doubles=of_unit, closed=(A,)))
    before = leads(stocked, A, B, C)
    given: dict[str, Pairs] = {"successions": links, "doubles": of_unit, what: []}
    report = month(stocked, tmp_path, **given, closed=(A,), day=DECEMBER)  # type: ignore[arg-type]
    assert report.state == "refused"
    assert "alors que 1 sont connus" in str(report.error)
    assert leads(stocked, A, B, C) == before
    published(month(stocked, tmp_path, closed=(A,), day=DECEMBER))
    assert leads(stocked, A, B, C) == before


def test_what_one_told_leaves_with_the_other_number_of_her_unit(stocked: Instance, tmp_path: Path) -> None:
    """A went on as C, which is told as B: who withdraws C withdraws all three."""
    of_unit = [(B.siren, C.siren)]
    published(month(stocked, tmp_path, successions=[(A.siret, C.siret)], doubles=of_unit, closed=(A,)))
    acts.withdraw(acting(stocked), C.siret, "Sa lettre")
    assert structures(stocked) == set()
    kept = "SELECT siret FROM withheld_with ORDER BY siret"
    assert [row[0] for row in stocked.rows(kept)] == [A.siret, B.siret]
