"""What all of these tests share: every log is listened to, and searched with the other places."""

import logging
from collections.abc import Iterator

import pytest

from tests.etl.registers import nowhere


@pytest.fixture(autouse=True)
def listened() -> Iterator[None]:
    """To the last word of our loggers; of libraries what they say unasked: SQLAlchemy's last word is each row."""
    ours, everyone, listening = logging.getLogger("lum1"), logging.getLogger(), nowhere.Listening()
    nowhere.LOGGED.clear()
    before = ours.level
    ours.setLevel(logging.DEBUG)
    everyone.addHandler(listening)
    yield
    everyone.removeHandler(listening)
    ours.setLevel(before)
