"""How long to insist."""

import pytest

from geo.errors import Lum1Error, Unreachable
from geo.patience import Effort, Interrupted, Patience


def test_waits_double_and_chance_takes_up_to_half_of_each() -> None:
    for chance, expected in ((0.0, [0.5, 1, 2, 4, 8]), (1.0, [1, 2, 4, 8, 16])):
        waits: list[float] = []
        effort = Effort(Patience(sleep=waits.append, clock=lambda: 0.0, chance=lambda drawn=chance: drawn))
        for _ in expected:
            effort.wait_after(Interrupted("coupé"))
        with pytest.raises(Unreachable, match="abandon après 6 essais"):
            effort.wait_after(Interrupted("coupé"))
        assert waits == expected


def test_no_wait_is_longer_than_a_minute_unless_the_server_asks() -> None:
    waits: list[float] = []
    effort = Effort(Patience(attempts=20, sleep=waits.append, clock=lambda: 0.0, chance=lambda: 1.0))
    for _ in range(15):
        effort.wait_after(Interrupted("coupé"))
    assert max(waits) == 60


def test_a_trickle_that_never_stops_is_stopped() -> None:
    clock = iter(range(0, 10_000, 100))
    effort = Effort(Patience(total_s=500, clock=lambda: next(clock)))
    for _ in range(5):
        effort.rewarded()
    with pytest.raises(Unreachable, match="Trop lent : abandon après 500 s"):
        effort.rewarded()


def test_the_operator_sets_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUM1_DOWNLOAD_PATIENCE_S", "90")
    assert Patience.from_environment().total_s == 90
    monkeypatch.setenv("LUM1_DOWNLOAD_PATIENCE_S", "une heure")
    with pytest.raises(Lum1Error, match="LUM1_DOWNLOAD_PATIENCE_S vaut « une heure »"):
        Patience.from_environment()
