"""What a killed process left of somebody who must not be told is finished by whatever comes next."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from etl.download.lock import alone_or_not
from etl.registers import acts, journal, settling
from etl.sirene.refresh import refresh_pages, refresh_stock
from geo.database import vacuum
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import (
    NOVEMBER,
    Person,
    beside_a_pharmacy,
    how,
    load_pages,
    load_stock,
    pages_of,
    stock_files,
)
from tests.etl.registers.test_kill import again, killed_at, left
from tests.etl.registers.test_withdrawn import REASON, acting
from tiles import counts

LEAVES, STAYS, OTHER = Person(12), Person(34), Person(56)
AT = [(LEAVES.lon, LEAVES.lat)]
COMMITTED = "ménage"
Next = Callable[[Instance, Path], object]


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Three practitioners beside a pharmacy, from the stock of October."""
    with beside_a_pharmacy(make_instance, tmp_path_factory.mktemp("octobre"), LEAVES, STAYS, OTHER) as instance:
        yield instance


def unfinished(instance: Instance) -> bool:
    return settling.is_unfinished(instance.home)


def starts(instance: Instance, _: Path) -> None:
    acts.reapply(acting(instance))


def is_withdrawn_again(instance: Instance, _: Path) -> None:
    with pytest.raises(acts.AlreadySo):
        acts.withdraw(acting(instance), LEAVES.siret, REASON)


def loads_finess(instance: Instance, folder: Path) -> None:
    report = instance.refresh(a_file(folder, an_ege(), generatedAt="2026-11-23T02:09:17Z"))
    assert report.state == "published"


def loads_what_a_gate_refuses(instance: Instance, folder: Path) -> None:
    assert load_stock(instance, folder, STAYS, day=NOVEMBER).state == "refused"


@pytest.mark.parametrize("then", [starts, is_withdrawn_again, loads_finess, loads_what_a_gate_refuses])
def test_withdrawn_by_a_process_that_dies_after_its_commit_she_is_nowhere_after_what_comes_next(
    told: Instance, tmp_path: Path, then: Next
) -> None:
    assert killed_at(told, COMMITTED, ["withdraw", LEAVES.siret])
    assert unfinished(told)
    assert places(told, LEAVES.secrets, AT) != []  # older words, samples of the planner
    again(lambda: then(told, tmp_path))
    assert places(told, LEAVES.secrets, AT) == []
    assert not unfinished(told)


def test_masked_by_a_load_that_dies_after_its_commit_she_is_nowhere_after_the_start(
    told: Instance, tmp_path: Path
) -> None:
    pages = pages_of(tmp_path, LEAVES.hidden_entry())
    assert killed_at(told, COMMITTED, ["pages", *map(str, pages)])
    assert unfinished(told)
    again(lambda: acts.reapply(acting(told)))
    assert places(told, LEAVES.secrets, AT) == []
    assert not unfinished(told)


def test_masked_by_refused_pages_of_a_load_that_dies_she_is_nowhere_after_the_same_pages(
    told: Instance, tmp_path: Path
) -> None:
    closed = {"etatAdministratifEtablissement": "F"}
    pages = pages_of(tmp_path, LEAVES.hidden_entry(), STAYS.entry(**closed), OTHER.entry(**closed))
    assert killed_at(told, COMMITTED, ["pages", *map(str, pages)])
    assert unfinished(told)
    assert again(lambda: refresh_pages(told.engine, pages, how(told))).state == "refused"
    assert places(told, LEAVES.secrets, AT) == []
    assert not unfinished(told)


def test_what_is_finished_is_not_done_again_by_a_file_that_is_served_already(told: Instance, tmp_path: Path) -> None:
    pages = pages_of(tmp_path, LEAVES.hidden_entry())
    assert refresh_pages(told.engine, pages, how(told)).counts["purged"]["structures"] == 1
    assert not unfinished(told)
    report = refresh_pages(told.engine, pages, how(told))
    assert (report.state, report.counts) == ("unchanged", {})


def test_a_load_that_purges_nobody_leaves_nothing_to_finish(told: Instance, tmp_path: Path) -> None:
    pages = pages_of(tmp_path, STAYS.entry(enseigne1Etablissement="CABINET NEUF"))
    assert killed_at(told, COMMITTED, ["pages", *map(str, pages)])
    assert not unfinished(told)


@pytest.mark.parametrize("then", [starts, is_withdrawn_again])
def test_what_a_killed_stock_had_read_of_her_leaves_with_her(told: Instance, tmp_path: Path, then: Next) -> None:
    files = stock_files(tmp_path, LEAVES, STAYS, OTHER, day=NOVEMBER)
    if then is is_withdrawn_again:
        acts.withdraw(acting(told), LEAVES.siret, REASON)
    assert killed_at(told, "fusion", ["stock", *map(str, files.given())])
    assert left(told)
    again(lambda: then(told, tmp_path))
    assert left(told) == []


def received(instance: Instance) -> Path:
    """As a live refresh that was killed leaves it: the stock of a month and a page of a day."""
    folder = instance.home / "sirene"
    for name in ("stock/StockEtablissement-2026-11.parquet.part", "jours/2026-11-20-siret/00001.json"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(LEAVES.street)
    return folder


def test_what_a_killed_refresh_had_received_leaves_with_a_withdrawal(told: Instance) -> None:
    received(told)
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    assert places(told, LEAVES.secrets, AT) == []


def test_what_a_refresh_at_work_receives_is_left_to_it(told: Instance) -> None:
    folder = received(told)
    with alone_or_not(folder) as alone:
        assert alone
        acts.withdraw(acting(told), LEAVES.siret, REASON)
    assert len([path for path in folder.rglob("*.*") if path.is_file()]) == 3  # with its lock
    acts.reapply(acting(told))
    assert [path.name for path in folder.iterdir()] == [".lock"]


def test_a_number_that_a_load_showed_as_rejected_leaves_the_ledger_with_her(told: Instance, tmp_path: Path) -> None:
    unreadable = LEAVES.entry(dateDebut="hier"), OTHER.entry(dateDebut="hier")
    report = load_pages(told, tmp_path, *unreadable, STAYS.entry(), accept=["anomalies"])
    samples = f"SELECT counts -> 'samples' FROM load WHERE id = {report.load}"
    (shown,) = told.rows(samples)[0][0].values()
    assert shown == [LEAVES.siret, OTHER.siret]
    load_pages(told, tmp_path, LEAVES.hidden_entry("2026-11-21T08:00:00"))
    (shown,) = told.rows(samples)[0][0].values()
    assert shown == [OTHER.siret]
    assert places(told, LEAVES.secrets, AT) == []


def test_a_rejected_number_of_somebody_withdrawn_is_shown_by_no_later_load(told: Instance, tmp_path: Path) -> None:
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    spaced = f"{LEAVES.siret[:9]} {LEAVES.siret[9:]}"
    for number in (LEAVES.siret, spaced):
        entry = LEAVES.entry(dateDebut="hier") | {"siret": number}
        report = load_pages(told, tmp_path, entry, STAYS.entry(), accept=["anomalies"])
        assert report.counts["rejected"]
        assert numbers_of(told) & {LEAVES.siret, spaced} == set()


def test_a_rejected_number_is_all_that_was_kept_of_somebody_and_leaves_with_a_withdrawal(
    told: Instance, tmp_path: Path
) -> None:
    stranger = Person(90)
    load_pages(told, tmp_path, stranger.entry(dateDebut="hier"), STAYS.entry(), accept=["anomalies"])
    assert stranger.siret in numbers_of(told)
    acts.withdraw(acting(told), stranger.siret, REASON)
    assert stranger.siret not in numbers_of(told)
    found = {each.partition(" : ")[0] for each in places(told, [stranger.siret])}
    assert found == {"table withdrawal", f"fichier {journal.FOLDER}/{journal.NAME}"}


def numbers_of(instance: Instance) -> set[str]:
    """Which the ledger shows."""
    shown = "SELECT jsonb_path_query(counts, '$.samples.*[*]') #>> '{}' AS number FROM load"
    return {row.number for row in instance.rows(shown)}


def test_the_mark_is_beside_the_registers(told: Instance) -> None:
    killed_at(told, COMMITTED, ["withdraw", LEAVES.siret])
    folder = told.home / journal.FOLDER
    assert sorted(path.name for path in folder.iterdir()) == sorted([journal.NAME, settling.UNFINISHED])


def test_a_stock_killed_after_its_commit_is_finished_by_the_very_same_stock(told: Instance, tmp_path: Path) -> None:
    hidden = {LEAVES.siren: {"statutDiffusionUniteLegale": "P"}}
    files = stock_files(tmp_path, LEAVES, STAYS, OTHER, day=NOVEMBER, changed=hidden)
    assert killed_at(told, COMMITTED, ["stock", *map(str, files.given())])
    assert again(lambda: refresh_stock(told.engine, files, how(told))).state == "unchanged"
    assert places(told, LEAVES.secrets, AT) == []


def test_who_reads_an_empty_table_whose_samples_tell_of_her_delays_their_end_and_nobody_else(
    told: Instance, tmp_path: Path
) -> None:
    with told.engine.begin() as connection:
        noted = {"leaves": LEAVES.id, "stays": STAYS.id}
        connection.execute(text("INSERT INTO to_draw VALUES (:leaves), (:stays)"), noted)
    vacuum(told.engine, "to_draw", options="ANALYZE")
    with told.engine.connect() as reader:
        reader.execute(text("LOCK TABLE to_draw IN ACCESS SHARE MODE"))
        acts.withdraw(acting(told), LEAVES.siret, REASON)
        assert unfinished(told)
        assert places(told, LEAVES.secrets, AT) == [f"statistiques de to_draw.id : {LEAVES.id}"]
    starts(told, tmp_path)
    assert places(told, LEAVES.secrets, AT) == []
    assert not unfinished(told)


@pytest.mark.parametrize("then", [starts, loads_finess, loads_what_a_gate_refuses])
def test_what_a_publication_left_beside_the_grid_is_taken_in_by_what_comes_next(
    told: Instance, tmp_path: Path, then: Next
) -> None:
    """As of a process that dies between its commit and its last step."""
    with told.engine.begin() as connection:
        connection.execute(text("UPDATE structure SET open = NOT open WHERE id = :id"), {"id": STAYS.id})
        counts.build(connection)
    waiting = "SELECT count(*) FROM tile_change"
    assert told.rows(waiting)[0][0] > 0
    then(told, tmp_path)
    assert told.rows(waiting) == [(0,)]
    with told.engine.connect() as connection:
        assert counts.verify(connection) == []
