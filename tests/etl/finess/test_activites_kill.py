"""Killed at any step and run again, a load of activities ends where an undisturbed one does; meanwhile yesterday is served."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.finess.activites.pipeline import refresh
from etl.ledger import LoadUnderWay
from geo.settings import REPOSITORY
from tests.etl.conftest import MakeInstance
from tests.etl.finess import published
from tests.etl.finess.activities import a_file, an_activity, an_ege, an_entity, many
from tests.etl.finess.test_kill import STATE
from tests.etl.instance import Instance

STEPS = (
    "lecture des activités",
    "morceau 1",
    "morceau 2",
    "portes",
    "activités des structures",
    "grille des tuiles",
    "index de recherche",
)
ROWS = 2_000


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Structures, and two days of their activities: on the second some change, leave and arrive."""
    folder = tmp_path_factory.mktemp("jours")
    structures = published.a_file(folder, *published.many(ROWS))
    others = [an_entity(numFiness=f"59{n:07d}", authorised=tuple(an_activity() for _ in range(900))) for n in range(9)]
    first = a_file(folder, an_entity(*many(ROWS)), *others)
    changed = [an_ege(f"59{n:07d}", an_activity("EML", {"typeEmlId": "05602"})) for n in range(1, 40)]
    second = a_file(
        folder,
        an_entity(*changed, *many(ROWS - 80, first=40)),
        *others,
        name="finess-activites-journalier-20261122.json.gz",
        generatedAt="2026-11-22T02:31:00Z",
    )
    return structures, first, second


@pytest.fixture(scope="module")
def first_day(make_instance: MakeInstance, days: tuple[Path, Path, Path]) -> Iterator[Instance]:
    """Loaded once; tests take copies."""
    with make_instance() as instance:
        instance.refresh(days[0])
        assert load(instance, days[1]) == "published"
        yield instance


@pytest.fixture(scope="module")
def undisturbed(
    make_instance: MakeInstance, first_day: Instance, days: tuple[Path, Path, Path]
) -> dict[str, list[Any]]:
    """Where two days end when nothing happens."""
    with make_instance(like=first_day) as instance:
        assert load(instance, days[2]) == "published"
        return state(instance)


def state(instance: Instance) -> dict[str, list[Any]]:
    return {name: instance.rows(query) for name, query in STATE.items()}


def load(instance: Instance, file: Path) -> str:
    """Load once the dead process's session has gone."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return refresh(instance.engine, instance.search, file, home=instance.home).state
        except LoadUnderWay:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def killed_at(instance: Instance, file: Path, step: str) -> bool:
    command = [
        sys.executable,
        "-m",
        "tests.etl.finess.dies",
        instance.url,
        str(instance.search),
        str(file),
        step,
        "activites",
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("step", STEPS)
def test_killed_on_the_second_day_yesterday_stays_and_the_next_run_ends_like_any_other(
    instance_of_yesterday: Instance, days: tuple[Path, Path, Path], undisturbed: dict[str, list[Any]], step: str
) -> None:
    instance, second = instance_of_yesterday, days[2]
    yesterday = state(instance)
    assert killed_at(instance, second, step)
    assert state(instance) == yesterday
    assert instance.differences() == []
    assert load(instance, second) == "published"
    assert state(instance) == undisturbed
    assert instance.differences() == []
