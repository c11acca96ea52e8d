"""SIRENE by itself: the month's stock once, each day of the API once, in order, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from etl.download import STRUCTURES, Unreachable
from etl.ledger import LoadUnderWay
from etl.outcome import REFRESH, Outcome
from etl.report import Report
from etl.sirene import live
from etl.sirene.files import STOCK_ETABLISSEMENT
from geo.progress import Silent
from geo.settings import REPOSITORY, Settings
from search.embedded.index import WordIndex
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, many
from tests.etl.instance import Instance
from tests.etl.producer import status
from tests.etl.sirene import published
from tests.etl.sirene.api import insee as answers
from tests.etl.sirene.test_download import a_zip
from tests.etl.sirene.world import DECEMBER, LAST_TREATED, Nurse, World, a_world, parquet

ZELIE = Nurse(1, "LEFEBVRE")
ODETTE = Nurse(2, "VANDAMME")
MARTHE = Nurse(3, "DELATTRE")
NOVEMBER_1, NOVEMBER_2, NOVEMBER_3, NOVEMBER_4 = (date(2026, 11, day) for day in (1, 2, 3, 4))
ON_THE_1ST, ON_THE_2ND, ON_THE_3RD, ON_THE_4TH = (datetime(2026, 11, day, 14, 30) for day in (1, 2, 3, 4))
STOCK = "StockEtablissement-2026-11.parquet"
STATE = {
    "structure": "SELECT (to_jsonb(s) - 'load_id')::text FROM structure AS s ORDER BY id",
    "sirene_establishment": "SELECT (to_jsonb(e) - 'load_id')::text FROM sirene_establishment AS e ORDER BY siret",
    "source_record": "SELECT (to_jsonb(r) - 'load_id' - 'ended_by')::text FROM source_record AS r ORDER BY kind, key, valid_from",
    "structure_change": "SELECT (to_jsonb(c) - 'load_id' - 'id')::text FROM structure_change AS c ORDER BY 1",
    "masked_siret": "SELECT (to_jsonb(m) - 'since')::text FROM masked_siret AS m ORDER BY siret",
    "tile_count": "SELECT t::text FROM tile_count AS t ORDER BY tile, layer, cell",
}


# Of a register of four people, whose days are of 2026 for ever.
LIMITS = {
    "LUM1_GATE_MAX_STOCK_AGE_DAYS": "100000",
    "LUM1_GATE_CLOSED": "0.6",
    "LUM1_GATE_REMOVED": "0.6",
}


@pytest.fixture(scope="module", autouse=True)
def limits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LIMITS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def world(instance: Instance, tmp_path: Path) -> Iterator[World]:
    with a_world(instance, tmp_path) as world:
        yield world


@pytest.fixture
def loaded(world: World) -> World:
    """November's stock, and the 1st and the 2nd on which nothing happened."""
    world.publish_stock(ZELIE, ODETTE)
    world.days_until(NOVEMBER_2)
    world.refresh()
    return world


def told(reports: list[Report]) -> list[tuple[str, str]]:
    return [(each.source.partition(", Stock")[0], each.state) for each in reports]


def day(of: date, state: str = "published") -> tuple[str, str]:
    return f"API Sirene, {of:%d/%m/%Y}", state


def state_of(world: World) -> dict[str, list[str]]:
    return {name: [row[0] for row in world.rows(statement)] for name, statement in STATE.items()}


def is_a_word_of(world: World, word: str) -> bool:
    """Whether any words index that is on disk holds it: what is purged leaves the older ones too."""
    indexes = [WordIndex(folder) for folder in world.instance.search.iterdir()]
    return any(index.words.frequency(word) for index in indexes)


def test_the_stock_then_each_day_since(world: World) -> None:
    world.publish_stock(ZELIE, ODETTE)
    world.days_until(NOVEMBER_2, MARTHE.but(treated=ON_THE_2ND))
    assert told(world.refresh()) == [(STOCK, "published"), day(NOVEMBER_1), day(NOVEMBER_2)]
    nurses = (ZELIE, ODETTE, MARTHE, LAST_TREATED)
    assert world.structures().keys() == {each.structure for each in nurses}
    assert world.instance.differences() == []
    assert world.files_left() == []


def test_what_is_loaded_is_not_asked_for_again(loaded: World) -> None:
    files, pages = len(loaded.producer.files_asked), len(loaded.insee.pages_asked)
    assert loaded.refresh() == []
    assert (len(loaded.producer.files_asked), len(loaded.insee.pages_asked)) == (files, pages)


def test_a_day_closes_one_opens_another_and_renames_a_third_whose_legal_unit_alone_was_treated(loaded: World) -> None:
    loaded.days_until(
        NOVEMBER_3,
        ZELIE.but(open=False, treated=ON_THE_3RD),
        MARTHE.but(treated=ON_THE_3RD),
        units=(ODETTE.but(surname="DESMET", unit_treated=ON_THE_3RD),),
    )
    assert told(loaded.refresh()) == [day(NOVEMBER_3)]
    assert loaded.structures() == {
        ZELIE.structure: ("Zelie Lefebvre", False),
        ODETTE.structure: ("Zelie Desmet", True),
        MARTHE.structure: ("Zelie Delattre", True),
        LAST_TREATED.structure: ("Zelie Dernier", True),
    }
    changes = loaded.rows("SELECT structure, kind, seen_on FROM structure_change ORDER BY kind")
    assert [tuple(row) for row in changes] == [
        (ZELIE.structure, "closed", NOVEMBER_3),
        (MARTHE.structure, "opened", NOVEMBER_3),
        (ODETTE.structure, "renamed", NOVEMBER_3),
    ]
    assert loaded.instance.differences() == []


def test_a_renamed_legal_unit_leaves_its_establishments_where_they_are(loaded: World) -> None:
    where = f"SELECT lon, lat, precision, address_lines FROM structure WHERE id = '{ODETTE.structure}'"
    before = loaded.rows(where)
    loaded.days_until(NOVEMBER_3, units=(ODETTE.but(surname="DESMET", unit_treated=ON_THE_3RD),))
    loaded.refresh()
    assert loaded.rows(where) == before


def test_a_legal_unit_that_is_treated_without_a_change_changes_nothing(loaded: World) -> None:
    before = state_of(loaded)
    loaded.days_until(NOVEMBER_3, units=(ODETTE.but(unit_treated=ON_THE_3RD), ZELIE.but(unit_treated=ON_THE_3RD)))
    assert told(loaded.refresh()) == [day(NOVEMBER_3)]
    assert state_of(loaded) == before


def test_a_legal_unit_that_ceases_closes_its_establishments_on_a_day_that_nobody_gives(loaded: World) -> None:
    loaded.days_until(NOVEMBER_3, units=(ODETTE.but(unit_open=False, unit_treated=ON_THE_3RD),))
    loaded.refresh()
    ((closed, closed_on),) = loaded.rows(f"SELECT NOT open, closed_on FROM structure WHERE id = '{ODETTE.structure}'")
    assert (closed, closed_on) == (True, None)


def test_a_legal_unit_that_asks_not_to_be_told_leaves_nothing_behind(loaded: World) -> None:
    loaded.days_until(NOVEMBER_3, units=(ODETTE.but(surname="VERMEERSCH", unit_treated=ON_THE_3RD),))
    loaded.refresh()
    assert is_a_word_of(loaded, "vermeersch")
    loaded.days_until(
        date(2026, 11, 4),
        units=(ODETTE.but(surname="[ND]", unit_status="P", unit_treated=datetime(2026, 11, 4, 9)),),
    )
    loaded.refresh()
    assert ODETTE.structure not in loaded.structures()
    told_of_her = {
        "sirene_establishment": f"SELECT 1 FROM sirene_establishment WHERE siret = '{ODETTE.siret}'",
        "source_record": f"SELECT 1 FROM source_record WHERE key = '{ODETTE.siret}'",
        "structure_change": f"SELECT 1 FROM structure_change WHERE structure = '{ODETTE.structure}'",
    }
    assert {name: loaded.rows(statement) for name, statement in told_of_her.items()} == {
        name: [] for name in told_of_her
    }
    assert not is_a_word_of(loaded, "vermeersch")
    assert [tuple(row) for row in loaded.rows("SELECT siret, said_by FROM masked_siret")] == [(ODETTE.siret, "api")]


def test_an_entry_of_a_masked_legal_unit_is_masked_though_it_says_otherwise(loaded: World) -> None:
    loaded.days_until(
        NOVEMBER_3,
        MARTHE.but(treated=ON_THE_3RD),
        ODETTE.but(treated=ON_THE_3RD),
        units=tuple(each.but(unit_status="P", unit_treated=ON_THE_3RD) for each in (MARTHE, ODETTE)),
    )
    loaded.refresh()
    assert loaded.structures().keys() == {ZELIE.structure, LAST_TREATED.structure}


def test_a_day_that_a_gate_refuses_stops_the_days_after_it_and_is_asked_for_again(
    loaded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUM1_GATE_CLOSED", "0.1")
    loaded.days_until(
        NOVEMBER_4, ZELIE.but(open=False, treated=ON_THE_3RD), MARTHE.but(treated=datetime(2026, 11, 4, 9))
    )
    assert told(loaded.refresh()) == [day(NOVEMBER_3, "refused"), day(NOVEMBER_4, "refused")]
    assert loaded.structures()[ZELIE.structure] == ("Zelie Lefebvre", True)
    assert MARTHE.structure not in loaded.structures()
    assert loaded.files_left() == []
    assert told(loaded.refresh(accept=["closed"])) == [day(NOVEMBER_3), day(NOVEMBER_4)]


def test_a_dry_run_says_what_would_be_and_does_nothing(loaded: World) -> None:
    before = state_of(loaded)
    loaded.days_until(NOVEMBER_3, ZELIE.but(open=False, treated=ON_THE_3RD))
    assert told(loaded.refresh(dry_run=True)) == [day(NOVEMBER_3, "tried")]
    assert state_of(loaded) == before
    assert loaded.files_left() == []


def test_without_a_key_the_stock_alone_is_loaded_and_a_line_says_what_is_missing(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.publish_stock(ZELIE)
    assert told(world.refresh(settings=replace(world.settings, sirene_api_key=""))) == [(STOCK, "published")]
    assert world.insee.asked == []
    assert "sans LUM1_SIRENE_API_KEY" in capfd.readouterr().err


def test_a_key_that_is_refused_is_a_report_and_the_stock_stays(world: World) -> None:
    world.publish_stock(ZELIE)
    reports = world.refresh(settings=replace(world.settings, sirene_api_key="une-autre"))
    assert told(reports) == [(STOCK, "published"), ("API Sirene", "refused")]
    assert "Clé refusée" in (reports[1].error or "")
    assert "une-autre" not in str(world.rows("SELECT * FROM load"))
    assert ZELIE.structure in world.structures()


def test_an_insee_that_does_not_answer_leaves_the_stock_and_the_day_is_taken_up_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish_stock(ZELIE)
    world.days_until(NOVEMBER_1, MARTHE.but(treated=ON_THE_1ST))
    world.insee.next_answers(*[answers.status(503)] * 40)
    reports = live.refreshes(world.settings, Silent())
    assert told([next(reports)]) == [(STOCK, "published")]
    monkeypatch.setenv("LUM1_DOWNLOAD_PATIENCE_S", "1")
    with pytest.raises(Unreachable):
        next(reports)
    assert ZELIE.structure in world.structures()
    world.insee._next.clear()
    assert told(world.refresh()) == [day(NOVEMBER_1)]
    assert MARTHE.structure in world.structures()


def test_a_catalogue_that_does_not_answer_leaves_the_days(
    loaded: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded.days_until(NOVEMBER_3)
    monkeypatch.setenv("LUM1_DOWNLOAD_PATIENCE_S", "1")
    loaded.producer.catalogue = status(503)
    loaded.producer.next_stables(*[status(503)] * 40)
    assert told(loaded.refresh()) == [day(NOVEMBER_3)]
    assert "Le stock connu est gardé." in capfd.readouterr().err


def test_who_is_masked_on_a_day_after_one_that_is_refused_leaves_and_the_rest_of_that_day_waits(loaded: World) -> None:
    gone = [each.but(open=False, treated=ON_THE_3RD) for each in (ZELIE, ODETTE, LAST_TREATED)]
    loaded.days_until(NOVEMBER_4, *gone[1:], ZELIE.but(status="P", treated=ON_THE_4TH), MARTHE.but(treated=ON_THE_4TH))
    assert told(loaded.refresh()) == [day(NOVEMBER_3, "refused"), day(NOVEMBER_4, "refused")]
    assert loaded.structures().keys() == {ODETTE.structure, LAST_TREATED.structure}
    assert all(is_open for _, is_open in loaded.structures().values())


def test_what_a_day_of_millions_changed_awaits_the_next_stock_and_the_days_after_it_do_not(
    loaded: World, capfd: pytest.CaptureFixture[str]
) -> None:
    loaded.days_until(NOVEMBER_3, MARTHE.but(treated=ON_THE_3RD))
    loaded.insee.mass_treated = ON_THE_3RD
    assert loaded.refresh() == []
    assert "le 03/11/2026 : ce qui a changé jusqu’à ce jour viendra avec le prochain stock" in capfd.readouterr().err
    loaded.days_until(NOVEMBER_4, MARTHE.but(treated=ON_THE_3RD), ZELIE.but(status="P", treated=ON_THE_4TH))
    assert told(loaded.refresh()) == [day(NOVEMBER_4)]
    assert not {ZELIE.structure, MARTHE.structure} & loaded.structures().keys()
    loaded.publish_stock(ZELIE, ODETTE, MARTHE, month=DECEMBER, last_treated=datetime(2026, 11, 30, 22))
    loaded.days_until(date(2026, 12, 1))
    assert told(loaded.refresh()) == [("StockEtablissement-2026-12.parquet", "published"), day(date(2026, 12, 1))]
    assert MARTHE.structure in loaded.structures()


def test_a_stock_that_comes_after_its_days_takes_nothing_back(loaded: World) -> None:
    loaded.days_until(
        date(2026, 12, 1),
        MARTHE.but(treated=datetime(2026, 12, 1, 9)),
        ZELIE.but(open=False, treated=datetime(2026, 12, 1, 9)),
        units=(ODETTE.but(surname="DESMET", unit_treated=ON_THE_3RD),),
    )
    loaded.refresh()
    loaded.publish_stock(ZELIE, ODETTE.but(surname="DEVOS"), month=DECEMBER, last_treated=datetime(2026, 11, 30, 22))
    assert told(loaded.refresh()) == [("StockEtablissement-2026-12.parquet", "published")]
    structures = loaded.structures()
    assert structures[MARTHE.structure] == ("Zelie Delattre", True)
    assert structures[ZELIE.structure] == ("Zelie Lefebvre", False)
    assert structures[ODETTE.structure] == ("Zelie Devos", True)  # of the 3rd: the stock knows better since
    versions = loaded.rows(f"SELECT valid_to FROM source_record WHERE key = '{MARTHE.siret}'")
    assert [row.valid_to for row in versions] == [None]


def test_what_the_api_masks_a_stock_that_lags_does_not_show(loaded: World) -> None:
    loaded.days_until(NOVEMBER_3, ODETTE.but(status="P", treated=ON_THE_3RD))
    loaded.refresh()
    loaded.publish_stock(ZELIE, ODETTE, month=DECEMBER, last_treated=datetime(2026, 11, 30, 22))
    loaded.refresh()
    assert ODETTE.structure not in loaded.structures()


def test_months_that_are_half_published_are_awaited(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.publish_stock(ZELIE)
    establishments = parquet(published.establishments(ZELIE.in_stock()))
    world.producer.published = [p for p in world.producer.published if p.flow.name != STOCK_ETABLISSEMENT.name]
    world.put_online(STOCK_ETABLISSEMENT, establishments, DECEMBER)
    assert world.refresh() == []
    assert "ne sont pas tous publiés" in capfd.readouterr().err
    assert world.producer.files_asked == []


def test_a_stock_whose_columns_changed_is_refused_deleted_and_not_downloaded_every_day(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.publish_stock(ZELIE)
    drifted = published.establishments(ZELIE.in_stock()).drop("statutDiffusionEtablissement")
    world.producer.published = [p for p in world.producer.published if p.flow.name != STOCK_ETABLISSEMENT.name]
    world.put_online(STOCK_ETABLISSEMENT, parquet(drifted))
    world.put_online(STOCK_ETABLISSEMENT, a_zip("siret", "siren"), zipped=True)
    [report] = world.refresh()
    assert (report.source, report.state) == ("StockEtablissement-2026-11", "refused")
    assert "la colonne «\u202fstatutDiffusionEtablissement\u202f» manque" in (report.error or "")
    assert world.files_left() == []
    asked = len(world.producer.files_asked)
    assert world.refresh() == []
    assert len(world.producer.files_asked) == asked
    assert "a été refusé (chargement" in capfd.readouterr().err
    assert [each.state for each in world.refresh(accept=["closed"])] == ["refused"]


def test_a_stock_that_a_gate_refuses_is_deleted_and_loaded_once_it_is_accepted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUM1_GATE_MAX_STOCK_AGE_DAYS", "0")
    world.publish_stock(ZELIE)
    world.days_until(NOVEMBER_1)
    assert told(world.refresh()) == [(STOCK, "refused")]
    assert (world.files_left(), world.structures()) == ([], {})
    assert told(world.refresh(accept=["age"])) == [(STOCK, "published"), day(NOVEMBER_1)]


def test_two_refreshes_at_once_are_one(loaded: World) -> None:
    loaded.days_until(NOVEMBER_3)
    with ExitStack() as stack:
        stack.enter_context(live.alone_or_not(loaded.settings.sirene_folder))
        with pytest.raises(LoadUnderWay):
            loaded.refresh()


def test_the_folder_of_what_passes_by_is_the_owner_s(loaded: World) -> None:
    assert loaded.settings.sirene_folder.stat().st_mode & 0o777 == 0o700


KILLS = [
    ("index de recherche", 1),  # of the stock, whose files are whole on disk
    ("API Sirene : unités légales du 02/11/2026", 1),
    ("lecture du registre", 3),  # between two days
]


def a_story(world: World) -> None:
    world.publish_stock(ZELIE, ODETTE)
    world.days_until(
        NOVEMBER_3,
        MARTHE.but(treated=ON_THE_2ND),
        ZELIE.but(open=False, treated=ON_THE_1ST),
        units=(
            ODETTE.but(surname="DESMET", unit_treated=ON_THE_2ND),
            MARTHE.but(unit_status="P", unit_treated=ON_THE_3RD),
        ),
    )


@pytest.fixture(scope="module")
def undisturbed(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    with make_instance() as instance:
        files = tmp_path_factory.mktemp("calme")
        with a_world(instance, files) as world:
            a_story(world)
            world.refresh()
            return state_of(world)


@pytest.mark.parametrize(("step", "rank"), KILLS)
def test_killed_anywhere_and_run_again_it_ends_where_an_undisturbed_one_does(
    world: World, undisturbed: dict[str, list[str]], step: str, rank: int
) -> None:
    a_story(world)
    assert killed_at(world, step, rank) == -signal.SIGKILL
    world.refresh()
    assert state_of(world) == undisturbed
    assert world.instance.differences() == []
    assert world.files_left() == []


def killed_at(world: World, step: str, rank: int) -> int:
    settings: dict[str, Any] = asdict(world.settings) | {"home": str(world.home)}
    command = [sys.executable, "-m", "tests.etl.sirene.lives", json.dumps(settings), step, str(rank)]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode


@pytest.mark.parametrize(
    ("set_to", "key", "asked"), [("", "", False), ("", "cle", True), ("0", "cle", False), ("1", "", True)]
)
def test_it_is_refreshed_by_itself_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, set_to: str, key: str, asked: bool
) -> None:
    monkeypatch.setenv("LUM1_SIRENE", set_to)
    monkeypatch.setenv("LUM1_SIRENE_API_KEY", key)
    assert Settings.from_environment().sirene is asked


def test_a_stock_out_of_reach_loses_nothing_of_finess_and_fails_nothing(world: World, tmp_path: Path) -> None:
    world.producer.publish(STRUCTURES, date(2026, 11, 24), a_file(tmp_path, *many(4)))
    environment = {
        "PYTHONPATH": str(REPOSITORY),
        "LUM1_HOME": str(world.home),
        "LUM1_DATABASE_URL": world.settings.database_url,
        "LUM1_DATAGOUV_URL": world.producer.url,
        "LUM1_SIRENE": "1",
        "LUM1_GATE_MIN_BYTES": "0",
        "LUM1_GATE_MIN_ACTIVE": "0",
        "LUM1_GATE_MAX_AGE_DAYS": "100000",
    }
    done = subprocess.run(REFRESH, cwd=REPOSITORY, env=os.environ | environment, capture_output=True, check=True)
    assert msgspec.json.decode(done.stdout, type=Outcome).state == "done"
    assert "SIRENE : Le stock de SIRENE n’est plus annoncé nulle part" in done.stderr.decode()
    assert world.rows("SELECT count(*) FROM structure") == [(4,)]
