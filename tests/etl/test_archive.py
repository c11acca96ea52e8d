"""What is kept of the producer's files, and what is not."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from etl import archive
from etl.download import ACTIVITES, ANCIEN_CSV, STRUCTURES, Flow
from etl.download.lock import alone_in
from tests.etl.producer import TITLES


def keep(folder: Path, flow: Flow, *days: date, suffix: str = "") -> list[Path]:
    """Files of these days, with what is remembered of them."""
    files = [folder / (TITLES[flow.name].format(day) + suffix) for day in days]
    for file in files:
        file.write_bytes(b"x")
        file.with_name(file.name + ".memory.json").write_text("{}")
    return files


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def days_left(folder: Path, flow: Flow = STRUCTURES) -> list[date]:
    return [day for file in archive.copies(folder, flow) if (day := flow.day_of(file.name))]


def test_the_copy_of_a_day_is_found_again(tmp_path: Path) -> None:
    first, second = keep(tmp_path, STRUCTURES, date(2026, 11, 20), date(2026, 11, 21))
    assert archive.archived(tmp_path, STRUCTURES, date(2026, 11, 20)) == first
    assert archive.archived(tmp_path, STRUCTURES, date(2026, 11, 19)) is None
    assert archive.archived(tmp_path, ACTIVITES, date(2026, 11, 20)) is None
    assert archive.latest(tmp_path, STRUCTURES) == second
    assert archive.latest(tmp_path, ACTIVITES) is None


def test_an_archive_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert archive.latest(tmp_path / "rien", STRUCTURES) is None
    assert archive.prune(tmp_path / "rien", STRUCTURES) == []


def test_a_part_is_not_a_copy(tmp_path: Path) -> None:
    keep(tmp_path, STRUCTURES, date(2026, 11, 20), suffix=".partial")
    assert archive.archived(tmp_path, STRUCTURES, date(2026, 11, 20)) is None
    assert archive.latest(tmp_path, STRUCTURES) is None


def test_of_several_hours_of_a_day_the_last_is_that_day(tmp_path: Path) -> None:
    for hour in ("0339", "1712", "0900"):
        (tmp_path / f"etalab-cs1100507-stock-20260504-{hour}.csv").write_bytes(b"x")
    last = tmp_path / "etalab-cs1100507-stock-20260504-1712.csv"
    assert archive.archived(tmp_path, ANCIEN_CSV, date(2026, 5, 4)) == last
    archive.prune(tmp_path, ANCIEN_CSV)
    assert archive.copies(tmp_path, ANCIEN_CSV) == [last]


def test_the_last_days_and_the_first_of_each_month_stay(tmp_path: Path) -> None:
    keep(tmp_path, STRUCTURES, *every_day(date(2026, 7, 20), date(2026, 11, 24)))
    removed = archive.prune(tmp_path, STRUCTURES, keep_days=10)
    firsts = [date(2026, 7, 20), *(date(2026, month, 1) for month in (8, 9, 10, 11))]
    assert days_left(tmp_path) == firsts + every_day(date(2026, 11, 15), date(2026, 11, 24))
    assert len(removed) == 128 - 15
    assert sum(1 for _ in tmp_path.glob("*.memory.json")) == 15


def test_pruned_every_day_or_once_the_same_is_left(tmp_path: Path) -> None:
    days = [day for day in every_day(date(2026, 7, 20), date(2026, 11, 24)) if day.day != 1]
    daily, once = tmp_path / "daily", tmp_path / "once"
    daily.mkdir()
    once.mkdir()
    for day in days:
        keep(daily, STRUCTURES, day)
        archive.prune(daily, STRUCTURES, keep_days=10)
    keep(once, STRUCTURES, *days)
    archive.prune(once, STRUCTURES, keep_days=10)
    assert days_left(daily) == days_left(once)
    assert date(2026, 9, 2) in days_left(daily)


def test_a_month_is_kept_unless_the_operator_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, STRUCTURES, *every_day(date(2026, 9, 1), date(2026, 11, 24)))
    archive.prune(tmp_path, STRUCTURES)
    assert days_left(tmp_path) == [
        date(2026, 9, 1),
        date(2026, 10, 1),
        *every_day(date(2026, 10, 25), date(2026, 11, 24)),
    ]
    monkeypatch.setenv("LUM1_ARCHIVE_DAYS", "0")
    archive.prune(tmp_path, STRUCTURES)
    assert days_left(tmp_path) == [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1), date(2026, 11, 24)]


def test_a_producer_that_falls_silent_does_not_empty_the_archive(tmp_path: Path) -> None:
    days = every_day(date(2019, 3, 5), date(2019, 3, 14))
    keep(tmp_path, STRUCTURES, *days)
    assert archive.prune(tmp_path, STRUCTURES, keep_days=10) == []
    assert days_left(tmp_path) == days


def test_a_flow_is_pruned_without_touching_another_or_a_stranger(tmp_path: Path) -> None:
    keep(tmp_path, STRUCTURES, *every_day(date(2026, 9, 1), date(2026, 11, 24)))
    keep(tmp_path, ACTIVITES, *every_day(date(2026, 9, 1), date(2026, 11, 24)))
    (tmp_path / "finess-structures-mensuel-202609.json.gz").write_bytes(b"x")
    archive.prune(tmp_path, STRUCTURES, keep_days=1)
    assert len(days_left(tmp_path, ACTIVITES)) == 85
    assert (tmp_path / "finess-structures-mensuel-202609.json.gz").exists()


def test_abandoned_parts_go_but_not_while_someone_downloads(tmp_path: Path) -> None:
    keep(tmp_path, STRUCTURES, date(2026, 11, 24))
    old, new = keep(tmp_path, STRUCTURES, date(2026, 11, 23), date(2026, 11, 25), suffix=".partial")
    with alone_in(tmp_path):
        archive.prune(tmp_path, STRUCTURES)
        assert old.exists()
    archive.prune(tmp_path, STRUCTURES)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_title_of_a_day_to_come_empties_nothing(tmp_path: Path) -> None:
    today = date.today()
    month = every_day(today - timedelta(days=20), today)
    keep(tmp_path, STRUCTURES, *month, date(today.year + 73, 11, 21))
    assert archive.prune(tmp_path, STRUCTURES) == []
    assert days_left(tmp_path) == [*month, date(today.year + 73, 11, 21)]
