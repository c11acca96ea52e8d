"""Killed at any step and run again, a refresh ends where an undisturbed one does; meanwhile yesterday is served."""

import gc
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.ledger import LoadUnderWay
from etl.report import Report
from geo.progress import Silent
from geo.settings import REPOSITORY
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_pmej, an_address, an_ege, many
from tests.etl.finess.test_history import DAY_1, DAY_2, a_day
from tests.etl.instance import Instance
from tests.places import BORDEAUX

STEPS = (
    "lecture du registre",
    "portes",
    "fusion",
    "statistiques",
    "grille des tuiles",
    "index de recherche",
    "rangement",
)
PIECES = ("morceau 1", "morceau 2")
ROWS = 2_000
STATE = {
    "structure": "SELECT (to_jsonb(s) - 'load_id')::text FROM structure AS s ORDER BY id",
    "source_record": "SELECT (to_jsonb(r) - 'load_id' - 'ended_by')::text FROM source_record AS r ORDER BY kind, key, valid_from",
    "structure_change": "SELECT (to_jsonb(c) - 'load_id' - 'id')::text FROM structure_change AS c ORDER BY id",
    "tile_count": "SELECT t::text FROM tile_count AS t ORDER BY tile, layer, cell",
}


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two days of 2,000 establishments: on the second some move, close, change their name, leave and arrive."""
    folder = tmp_path_factory.mktemp("jours")
    first = a_day(folder, DAY_1, *many(ROWS))
    changed = [
        *many(40, adresse=[an_address(BORDEAUX)]),
        *many(40, first=41, etatObjet="I"),
        *many(40, first=81, about={"nomEgeLong": "NOUVEAU NOM"}),
        *many(ROWS - 140, first=121),
    ]
    arrived = a_pmej(*(an_ege(f"59900{n:04d}") for n in range(900)), finess="590999998")
    last = a_pmej(an_ege("599100001"), finess="590999997")  # in a piece of its own
    return first, a_day(folder, DAY_2, pmej=[a_pmej(*changed), arrived, last])


@pytest.fixture(scope="module")
def first_day(make_instance: MakeInstance, days: tuple[Path, Path]) -> Iterator[Instance]:
    """Loaded once; tests take copies."""
    with make_instance() as instance:
        assert instance.refresh(days[0]).state == "published"
        yield instance


@pytest.fixture(scope="module")
def undisturbed(make_instance: MakeInstance, first_day: Instance, days: tuple[Path, Path]) -> dict[str, list[Any]]:
    """Where two days end when nothing happens."""
    with make_instance(like=first_day) as instance:
        assert instance.refresh(days[1]).state == "published"
        return state(instance)


def state(instance: Instance) -> dict[str, list[Any]]:
    """Everything a refresh leaves, without the numbers of loads."""
    return {name: instance.rows(query) for name, query in STATE.items()}


def killed_at(instance: Instance, file: Path, step: str) -> bool:
    """Refresh in a process of its own; whether it died of the step rather than reached its end."""
    command = [sys.executable, "-m", "tests.etl.finess.dies", instance.url, str(instance.search), str(file), step]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def again(instance: Instance, file: Path) -> Report:
    """Run once the dead process's session has gone."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return instance.refresh(file)
        except LoadUnderWay:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("step", [*STEPS, *PIECES])
def test_killed_on_the_second_day_yesterday_stays_and_the_next_run_ends_like_any_other(
    instance_of_yesterday: Instance, days: tuple[Path, Path], undisturbed: dict[str, list[Any]], step: str
) -> None:
    instance, second = instance_of_yesterday, days[1]
    yesterday = state(instance)
    died = killed_at(instance, second, step)
    assert died
    if step != "rangement":  # tidying comes after the publication
        assert state(instance) == yesterday
    assert instance.differences() == []
    assert again(instance, second).state in ("published", "unchanged")
    assert state(instance) == undisturbed
    assert instance.differences() == []


@pytest.mark.parametrize("step", ["lecture du registre", "index de recherche", "morceau 1"])
def test_killed_on_the_first_day_nothing_is_served_and_the_next_run_is_a_first_load(
    instance: Instance, days: tuple[Path, Path], undisturbed: dict[str, list[Any]], step: str
) -> None:
    assert killed_at(instance, days[0], step)
    assert instance.served() is None
    for day in days:
        assert again(instance, day).state == "published"
    assert state(instance) == undisturbed


def test_what_a_dead_run_left_running_is_said_to_be_interrupted(instance: Instance, days: tuple[Path, Path]) -> None:
    killed_at(instance, days[0], "fusion")
    again(instance, days[0])
    assert instance.rows("SELECT state FROM load ORDER BY id") == [("interrupted",), ("published",)]


def test_a_run_that_is_interrupted_by_its_operator_says_so(instance: Instance, days: tuple[Path, Path]) -> None:
    class Impatient(Silent):
        def step(self, name: str) -> None:
            if name == "fusion":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        instance.refresh(days[0], progress=Impatient())
    assert instance.rows("SELECT state, error FROM load") == [("interrupted", "arrêt demandé")]
    assert gc.isenabled()
    assert instance.refresh(days[0]).state == "published"
