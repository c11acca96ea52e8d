"""A setting that is not understood stops the command in one sentence: nobody's « non » is taken for a yes."""

import pytest

from etl.thresholds import Thresholds
from geo.errors import Lum1Error
from geo.settings import Settings


@pytest.mark.parametrize("name", ["LUM1_LIVE", "LUM1_POSITIONS", "LUM1_SCHEDULE", "LUM1_SIRENE"])
@pytest.mark.parametrize("value", ["non", "oui", "false", "2"])
def test_a_switch_is_0_or_1(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Lum1Error, match=f"{name} vaut « {value} » : 0 ou 1 est attendu."):
        Settings.from_environment()


@pytest.mark.parametrize(("value", "expected"), [("", True), ("1", True), ("0", False)])
def test_left_empty_it_has_its_default(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("LUM1_LIVE", value)
    assert Settings.from_environment().live is expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("LUM1_GATE_MASKED", "beaucoup", "un nombre"), ("LUM1_GATE_MIN_BYTES", "1.5", "un nombre entier")],
)
def test_a_threshold_that_is_no_number_is_said_in_french(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Lum1Error, match=f"^{name} vaut « {value} » : {expected}"):
        Thresholds.from_environment()
