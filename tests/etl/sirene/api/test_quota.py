"""No more questions in a minute than Insee allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.sirene.api import Quota
from geo.errors import Lum1Error


class Clock:
    """Sleeps may end early or late, as they do."""

    def __init__(self, accuracy: float = 1.0) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._accuracy = accuracy

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += max(seconds * self._accuracy, 0.001)


@given(
    per_minute=st.integers(1, 30),
    pauses=st.lists(st.floats(0, 90), max_size=120),
    accuracy=st.floats(0.5, 1.5),
)
def test_no_sliding_minute_holds_more_questions_than_allowed(
    per_minute: int, pauses: list[float], accuracy: float
) -> None:
    clock = Clock(accuracy)
    quota = Quota(per_minute, clock, clock.sleep)
    asked = []
    for pause in pauses:
        clock.now += pause
        quota.take()
        asked.append(clock.now)
    for moment in asked:
        assert sum(moment <= other < moment + 60 for other in asked) <= per_minute


@given(st.integers(1, 30))
def test_what_is_allowed_is_not_waited_for(per_minute: int) -> None:
    clock = Clock()
    quota = Quota(per_minute, clock, clock.sleep)
    for _ in range(per_minute):
        quota.take()
    assert clock.slept == []
    quota.take()
    assert sum(clock.slept) == pytest.approx(60.5)


def test_a_quota_of_nothing_is_said_to_be_wrong() -> None:
    with pytest.raises(Lum1Error, match="LUM1_SIRENE_PER_MINUTE"):
        Quota(0)
