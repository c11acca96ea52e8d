"""Going back to an earlier load of SIRENE and forward again: what was served is served, to the row, and told once."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from etl.report import Report
from etl.rollback import rollback
from etl.sirene.lineage import DUPLICATES, SUCCESSIONS
from etl.sirene.refresh import refresh_stock
from tests.etl.conftest import MakeInstance
from tests.etl.finess.test_history import DAY_1, DAY_2, a_day
from tests.etl.instance import Instance
from tests.etl.registers.people import NOVEMBER, Person, how, load_pages, load_stock, stock_files
from tests.etl.registers.test_links import EGE, REST, SECOND, changes, declaring

LINKED, CLOSES_LINKED, RENAMED, CLOSES, OPENS, MOVES, REOPENS = map(Person, (12, 23, 34, 45, 56, 67, 78))
THIRD = "590000040"
ELSEWHERE = {"numeroVoieEtablissement": "9", "libelleVoieEtablissement": "DU NOUVEAU QUAI"}
NEXT = datetime(2026, 11, 14, 8, 12, 30)
LATER = "2026-11-21T21:52:02.598"
ACCEPTED = ["closed", "removed"]

SERVED = {
    "structure": "SELECT (to_jsonb(s) - 'load_id')::text FROM structure AS s ORDER BY id",
    "structure_own": "SELECT to_jsonb(o)::text FROM structure_own AS o ORDER BY id",
    "link": """
        SELECT finess, siret, score, parts::text, source, status, reason
        FROM link WHERE valid_to IS NULL ORDER BY finess, siret
    """,
    "sirene_establishment": "SELECT (to_jsonb(e) - 'load_id' - 'treated_at')::text FROM sirene_establishment AS e ORDER BY siret",
    "absorbed_siret": "SELECT siret, survivor, why FROM absorbed_siret ORDER BY siret",
}
TOLD_TWICE = """
SELECT number FROM structure AS s CROSS JOIN LATERAL unnest(s.siret) AS number GROUP BY number HAVING count(*) > 1
"""


def served(instance: Instance) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(each) for each in instance.rows(query)] for name, query in SERVED.items()}


def finess(instance: Instance, folder: Path, day: str, second: Person | None = None) -> Report:
    declared = declaring(LINKED.siret), declaring(CLOSES_LINKED.siret, THIRD)
    return instance.refresh(
        a_day(folder, day, *declared, declaring(second.siret if second else None, SECOND), *REST),
        accept=("closed", "removed"),
    )


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Two practitioners that FINESS declares, four that SIRENE alone knows, one of whom has closed."""
    folder = tmp_path_factory.mktemp("octobre")
    closed = {REOPENS.siret: {"etatAdministratifEtablissement": "F"}}
    with make_instance() as instance:
        assert finess(instance, folder, DAY_1).state == "published"
        report = load_stock(instance, folder, LINKED, CLOSES_LINKED, RENAMED, CLOSES, MOVES, REOPENS, changed=closed)
        assert report.state == "published", report
        yield instance


@pytest.fixture
def stocked(october: Instance, make_instance: MakeInstance) -> Iterator[Instance]:
    with make_instance(like=october) as instance:
        yield instance


def pages(instance: Instance, folder: Path) -> Report:
    """Of a day on which everything happens."""
    report = load_pages(
        instance,
        folder,
        LINKED.entry(**ELSEWHERE),
        CLOSES_LINKED.entry(etatAdministratifEtablissement="F"),
        RENAMED.entry(enseigne1Etablissement="CABINET NEUF"),
        CLOSES.entry(etatAdministratifEtablissement="F"),
        OPENS.entry(),
        MOVES.entry(**ELSEWHERE),
        REOPENS.entry(),
        accept=ACCEPTED,
    )
    assert report.state == "published", report
    return report


def newest(instance: Instance, pipeline: str = "sirene") -> int:
    [(found,)] = instance.rows(f"SELECT max(id) FROM load WHERE pipeline = '{pipeline}' AND state = 'published'")
    return int(found)


def test_what_was_served_after_the_stock_is_served_again_to_the_row(stocked: Instance, tmp_path: Path) -> None:
    stock, before = newest(stocked), served(stocked)
    pages(stocked, tmp_path)
    assert served(stocked) != before
    rollback(stocked.engine, stocked.search, stock, home=stocked.home)
    assert served(stocked) == before
    assert stocked.rows(TOLD_TWICE) == []
    assert stocked.differences() == []


def test_the_same_pages_again_give_what_they_gave_and_tell_nothing_twice(stocked: Instance, tmp_path: Path) -> None:
    stock = newest(stocked)
    pages(stocked, tmp_path)
    after, told = served(stocked), changes(stocked)
    rollback(stocked.engine, stocked.search, stock, home=stocked.home)
    pages(stocked, tmp_path)
    assert served(stocked) == after
    assert changes(stocked) == told
    assert stocked.rows(TOLD_TWICE) == []
    assert stocked.differences() == []


def test_back_and_forth_by_rollbacks_is_the_same(stocked: Instance, tmp_path: Path) -> None:
    stock, before = newest(stocked), served(stocked)
    pages(stocked, tmp_path)
    day, after = newest(stocked), served(stocked)
    for load, expected in ((stock, before), (day, after), (stock, before)):
        rollback(stocked.engine, stocked.search, load, home=stocked.home)
        assert served(stocked) == expected


def test_the_next_day_keeps_the_days_that_were_rolled_back_and_tells_its_own_news_alone(
    stocked: Instance, tmp_path: Path
) -> None:
    stock = newest(stocked)
    pages(stocked, tmp_path)
    told = changes(stocked)
    rollback(stocked.engine, stocked.search, stock, home=stocked.home)
    renamed = RENAMED.entry(LATER, enseigne1Etablissement="CABINET PLUS NEUF")
    assert load_pages(stocked, tmp_path, renamed).state == "published"
    assert [(each[0], each[1]) for each in changes(stocked)[len(told) :]] == [(RENAMED.id, "renamed")]
    assert "Neuf" in changes(stocked)[-1][2]  # what it was called the day before, not in the stock
    told_of = dict(stocked.rows("SELECT id, open FROM structure WHERE register = 'sirene'"))
    assert (told_of[CLOSES.id], told_of[OPENS.id], told_of[REOPENS.id]) == (False, True, True)
    assert stocked.rows(TOLD_TWICE) == []


def test_one_whom_a_stock_no_longer_holds_is_closed_then_and_again_after_a_return(
    stocked: Instance, tmp_path: Path
) -> None:
    stock, before = newest(stocked), served(stocked)
    everyone = (LINKED, CLOSES_LINKED, RENAMED, MOVES)
    assert load_stock(stocked, tmp_path, *everyone, day=NOVEMBER, accept=ACCEPTED).state == "published"
    month, after = newest(stocked), served(stocked)
    rollback(stocked.engine, stocked.search, stock, home=stocked.home)
    assert served(stocked) == before
    rollback(stocked.engine, stocked.search, month, home=stocked.home)
    assert served(stocked) == after


def test_one_who_opened_and_closed_since_is_a_closed_structure_again(stocked: Instance, tmp_path: Path) -> None:
    stock = newest(stocked)
    pages(stocked, tmp_path)
    load_pages(stocked, tmp_path, OPENS.entry(LATER, etatAdministratifEtablissement="F"), accept=ACCEPTED)
    after, told = served(stocked), changes(stocked)
    rollback(stocked.engine, stocked.search, stock, home=stocked.home)
    assert load_pages(stocked, tmp_path, LINKED.entry(**ELSEWHERE)).state == "published"
    assert (served(stocked), changes(stocked)) == (after, told)


def test_a_day_of_finess_while_sirene_is_rolled_back_is_linked_with_what_is_served(
    stocked: Instance, tmp_path: Path, make_instance: MakeInstance
) -> None:
    stock = newest(stocked)
    pages(stocked, tmp_path)
    rollback(stocked.engine, stocked.search, stock, home=stocked.home)
    assert finess(stocked, tmp_path, DAY_2, second=CLOSES).state == "published"
    with make_instance() as alone:
        closed = {REOPENS.siret: {"etatAdministratifEtablissement": "F"}}
        finess(alone, tmp_path, DAY_1)
        load_stock(alone, tmp_path, LINKED, CLOSES_LINKED, RENAMED, CLOSES, MOVES, REOPENS, changed=closed)
        finess(alone, tmp_path, DAY_2, second=CLOSES)
        assert served(stocked) == served(alone)


def test_a_return_of_finess_finds_the_links_of_what_it_declared_then(stocked: Instance, tmp_path: Path) -> None:
    first, before = newest(stocked, "finess"), served(stocked)
    assert finess(stocked, tmp_path, DAY_2, second=CLOSES).state == "published"
    assert served(stocked) != before
    rollback(stocked.engine, stocked.search, first, home=stocked.home)
    assert served(stocked) == before
    assert stocked.rows(TOLD_TWICE) == []
    assert load_pages(stocked, tmp_path, CLOSES.entry(enseigne1Etablissement="CABINET NEUF")).state == "published"
    assert stocked.rows(f"SELECT open FROM structure WHERE id = '{CLOSES.id}'") == [(True,)]


def test_an_older_file_of_finess_is_linked_by_what_it_declares(stocked: Instance, tmp_path: Path) -> None:
    before = served(stocked)
    assert finess(stocked, tmp_path, DAY_2, second=CLOSES).state == "published"
    again = finess(stocked, tmp_path, DAY_1)
    assert again.state == "published", again
    assert served(stocked)["link"] == before["link"]
    assert stocked.rows(TOLD_TWICE) == []
    assert EGE in {each[0] for each in served(stocked)["link"]}


def test_days_already_applied_are_still_known_after_a_return(stocked: Instance, tmp_path: Path) -> None:
    """The stock that is served is not read again by itself, nor is a day lost."""
    stock = newest(stocked)
    pages(stocked, tmp_path)
    rollback(stocked.engine, stocked.search, stock, home=stocked.home)
    records = stocked.rows("SELECT count(*) FROM source_record WHERE kind = 'siret' AND valid_to IS NULL")
    report = pages(stocked, tmp_path)
    assert report.counts["records"]["siret"]["new"] == report.counts["records"]["siret"]["changed"] == 0
    assert stocked.rows("SELECT count(*) FROM source_record WHERE kind = 'siret' AND valid_to IS NULL") == records


DOUBLES = {MOVES.siret: CLOSES.address}
SECOND_STOCK = (LINKED, CLOSES_LINKED, RENAMED, CLOSES, MOVES, REOPENS)


def lineage(folder: Path, *, double: bool, taken_over: bool) -> tuple[Path, Path]:
    """RENAMED went on after REOPENS always, after CLOSES_LINKED when that is taken over; MOVES is a double of CLOSES or not."""
    links = [(REOPENS.siret, RENAMED.siret)] + ([(CLOSES_LINKED.siret, RENAMED.siret)] if taken_over else [])
    units = [(OPENS.siren, LINKED.siren)] + ([(CLOSES.siren, MOVES.siren)] if double else [])
    successions, duplicates = folder / "liens.parquet", folder / "doublons.parquet"
    rows = [(*link, date(2026, 10, 20), None, None) for link in links]
    pl.DataFrame(rows, SUCCESSIONS.read, orient="row").write_parquet(successions)
    pl.DataFrame(units, DUPLICATES.read, orient="row").write_parquet(duplicates)
    return successions, duplicates


def month(instance: Instance, folder: Path, day: datetime, *, double: bool, taken_over: bool) -> int:
    changed = DOUBLES | {REOPENS.siret: {"etatAdministratifEtablissement": "F"}}
    files = stock_files(folder, *SECOND_STOCK, day=day, changed=changed)
    successions, duplicates = lineage(files.establishments.parent, double=double, taken_over=taken_over)
    files = msgspec.structs.replace(files, successions=successions, duplicates=duplicates)
    report = refresh_stock(instance.engine, files, how(instance, ACCEPTED))
    assert report.state == "published", report
    return newest(instance)


STANDING = """
SELECT predecessor, successor FROM succession WHERE ended_by IS NULL
UNION ALL SELECT siren, duplicate FROM duplicate_siren WHERE ended_by IS NULL ORDER BY 1, 2
"""


def test_what_was_served_before_a_double_was_known_is_served_again_to_the_row(
    stocked: Instance, tmp_path: Path
) -> None:
    without = month(stocked, tmp_path, NOVEMBER, double=False, taken_over=False)
    before = served(stocked)
    assert {CLOSES.id, MOVES.id} <= told(stocked)
    with_it = month(stocked, tmp_path, NEXT, double=True, taken_over=True)
    after, known = served(stocked), stocked.rows(STANDING)
    assert MOVES.id not in told(stocked)
    for load, expected in ((without, before), (with_it, after), (without, before)):
        rollback(stocked.engine, stocked.search, load, home=stocked.home)
        assert served(stocked) == expected
    assert finess(stocked, tmp_path, DAY_2).state == "published"
    assert {CLOSES.id, MOVES.id} <= told(stocked)
    assert stocked.rows(STANDING) == known
    assert load_pages(stocked, tmp_path, RENAMED.entry(LATER)).state == "published"
    assert MOVES.id not in told(stocked)
    assert stocked.differences() == []


def test_a_double_that_insee_unsays_is_a_structure_again_and_a_return_to_it_makes_them_one(
    stocked: Instance, tmp_path: Path
) -> None:
    with_it = month(stocked, tmp_path, NOVEMBER, double=True, taken_over=True)
    before = served(stocked)
    without = month(stocked, tmp_path, NEXT, double=False, taken_over=False)
    after = served(stocked)
    assert {CLOSES.id, MOVES.id} <= told(stocked)
    for load, expected in ((with_it, before), (without, after)):
        rollback(stocked.engine, stocked.search, load, home=stocked.home)
        assert served(stocked) == expected


def test_the_same_files_again_make_no_version(stocked: Instance, tmp_path: Path) -> None:
    first = month(stocked, tmp_path, NOVEMBER, double=True, taken_over=True)
    month(stocked, tmp_path, NEXT, double=True, taken_over=True)
    versions = "SELECT load_id, ended_by FROM succession UNION SELECT load_id, ended_by FROM duplicate_siren"
    assert stocked.rows(versions) == [(first, None)]


def told(instance: Instance) -> set[str]:
    return {row[0] for row in instance.rows("SELECT id FROM structure WHERE register = 'sirene'")}
