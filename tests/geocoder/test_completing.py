"""Addresses while somebody types: a real addok completes them, and a geocoder in trouble costs who types nothing."""

import logging

import pytest

from api.search.addresses import LEAST_SCORE
from geo.geocoder import Completer, Kind
from tests.geocoder.conftest import Calm
from tests.geocoder.faulty import Behaviour, FaultyGeocoder, cut, redirect, shortened, silent, status

TYPED = "12 rue des l"


@pytest.fixture
def completer(server: FaultyGeocoder, calm: Calm) -> Completer:
    return Completer(server.url, per_second=100, answer_s=2.0, clock=calm.clock)


def test_a_beginning_is_completed_and_the_map_says_where(addok_url: str) -> None:
    completer = Completer(addok_url, per_second=100, answer_s=10.0)
    [found, *_] = completer.complete("12 rue des lil", (3.06, 50.63), 3)
    assert (found.kind, found.label) == (Kind.HOUSENUMBER, "12 Rue des Lilas 59000 Lille")
    assert (found.lon, found.lat) == (3.0701, 50.6401)
    assert found.score is not None
    assert found.score >= LEAST_SCORE
    assert all((each.score or 0) < LEAST_SCORE for each in completer.complete("zzzz rue qqqq", None, 3))


def test_what_is_sent_is_the_words_and_the_map_to_ten_kilometres(server: FaultyGeocoder, completer: Completer) -> None:
    [found] = completer.complete(TYPED, (3.05731, 50.62921), 3)
    assert found.label == TYPED
    [asked] = server.asked
    assert asked.fields == {"q": [TYPED], "limit": ["3"], "autocomplete": ["1"], "lon": ["3.1"], "lat": ["50.6"]}


@pytest.mark.parametrize(
    "trouble",
    [status(500), status(429, retry_after="60"), status(404), cut(20), shortened(30), silent, redirect("http://localhost/")],
    ids=["500", "429", "404", "cut", "shortened", "silent", "elsewhere"],
)  # fmt: skip
def test_in_trouble_it_is_left_alone_for_a_while_and_nobody_reads_what_was_typed(
    server: FaultyGeocoder, completer: Completer, calm: Calm, caplog: pytest.LogCaptureFixture, trouble: Behaviour
) -> None:
    server.next_answers(trouble)
    with caplog.at_level(logging.DEBUG, logger="lum1"):
        assert completer.complete(TYPED, None, 3) == []
    assert completer.complete(TYPED, None, 3) == []
    assert len(server.asked) == 1
    assert "lilas" not in caplog.text
    assert "des l" not in caplog.text
    calm.sleep(20)
    assert len(completer.complete(TYPED, None, 3)) == 1


def test_words_that_it_takes_for_no_address_are_no_trouble(server: FaultyGeocoder, completer: Completer) -> None:
    server.next_answers(status(400))
    assert completer.complete(TYPED, None, 3) == []
    assert len(completer.complete(TYPED, None, 3)) == 1


def test_beyond_its_share_of_a_second_nobody_waits(server: FaultyGeocoder, calm: Calm) -> None:
    completer = Completer(server.url, per_second=2, answer_s=20.0, clock=calm.clock)
    assert [len(completer.complete(TYPED, None, 3)) for _ in range(4)] == [1, 1, 0, 0]
    assert len(server.asked) == 2
