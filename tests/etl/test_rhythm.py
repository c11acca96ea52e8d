"""The hour of the refresh: Paris time all year round, the same minute for every worker of an instance."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from etl.rhythm import InvalidHour, Rhythm
from etl.schedule import OnParisTime

PARIS = ZoneInfo("Europe/Paris")


def runs_after(moment: str, cron: str, count: int) -> list[str]:
    """The next runs, as procrastinate asks for them: from a moment in seconds."""
    periodic = OnParisTime(task=None, cron=cron, periodic_id="", configure_kwargs={})  # type: ignore[arg-type]
    at, runs = datetime.fromisoformat(moment).timestamp(), []
    for _ in range(count):
        at = periodic.croniter.get_next(ret_type=float, start_time=at)
        runs.append(f"{datetime.fromtimestamp(at, UTC):%d/%m %H:%M}")
    return runs


def test_the_hour_stays_paris_s_when_clocks_change() -> None:
    cron = Rhythm(refresh_at="04:30", jitter_min=0).refresh_cron("")
    assert runs_after("2026-03-27T12:00:00+00:00", cron, 3) == ["28/03 03:30", "29/03 02:30", "30/03 02:30"]
    assert runs_after("2026-10-23T12:00:00+00:00", cron, 3) == ["24/10 02:30", "25/10 03:30", "26/10 03:30"]


def test_every_worker_of_an_instance_finds_the_same_minute_and_instances_spread() -> None:
    rhythm = Rhythm(refresh_at="23:45", jitter_min=30)
    assert rhythm.refresh_cron("une") == rhythm.refresh_cron("une")
    minutes = {cron.split()[0] for cron in map(rhythm.refresh_cron, map(str, range(500)))}
    assert minutes == {str(minute % 60) for minute in range(45, 76)}  # 23:45 to 00:15, past midnight too


def test_without_jitter_it_is_the_minute_asked_for() -> None:
    assert Rhythm(refresh_at="04:07", jitter_min=0).refresh_cron("une") == "7 4 * * *"


@pytest.mark.parametrize(
    ("setting", "value"),
    [("LUM1_REFRESH_AT", "24:00"), ("LUM1_REFRESH_AT", "4h30"), ("LUM1_REFRESH_JITTER", "31"),
     ("LUM1_REFRESH_JITTER", "-1"), ("LUM1_REFRESH_JITTER", "x")],
)  # fmt: skip
def test_a_setting_that_is_no_hour_is_refused_with_its_name(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(setting, value)
    with pytest.raises(InvalidHour, match=f"{setting}={value}"):
        Rhythm.from_environment()


def test_tries_are_over_before_the_next_day_s_refresh() -> None:
    rhythm = Rhythm()
    assert sum(rhythm.retries_s) < 23 * 3_600
