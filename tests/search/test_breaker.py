"""A server that fails is left alone, tried by one question after a pause, and asked by all once it answers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from search.breaker import FAILURES, LONGEST_PAUSE_S, PAUSE_S, Breaker


class Clock:
    """Goes forward when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def opened(breaker: Breaker) -> None:
    assert breaker.lets_through()
    assert breaker.failed(at_once=True)


def test_while_the_server_answers_every_question_goes(breaker: Breaker) -> None:
    for _ in range(10):
        assert breaker.lets_through()
        assert not breaker.answered()
    assert breaker.is_closed


def test_a_server_that_is_absent_is_left_alone_at_once(breaker: Breaker) -> None:
    opened(breaker)
    assert not breaker.is_closed
    assert not breaker.lets_through()


def test_one_that_is_slow_is_left_alone_after_some_failures_in_a_row(breaker: Breaker) -> None:
    for _ in range(FAILURES - 1):
        assert breaker.lets_through()
        assert not breaker.failed(at_once=False)
    assert breaker.lets_through()
    assert breaker.failed(at_once=False)
    assert not breaker.lets_through()


def test_an_answer_between_two_failures_forgives_the_first(breaker: Breaker) -> None:
    for _ in range(FAILURES):
        breaker.failed(at_once=False)
        breaker.answered()
    assert breaker.is_closed


def test_the_change_is_told_once_however_many_questions_were_waiting(breaker: Breaker) -> None:
    opened(breaker)
    assert not any(breaker.failed(at_once=True) for _ in range(10))


def test_after_a_pause_one_question_tries_and_the_others_go_elsewhere(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += PAUSE_S - 0.001
    assert not breaker.would_let_through
    clock.now += 0.001
    assert breaker.would_let_through
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: breaker.lets_through(), range(100))) == 1
    assert not breaker.would_let_through
    assert not breaker.is_closed


def test_its_answer_sends_every_question_again(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += PAUSE_S
    assert breaker.lets_through()
    assert breaker.answered()
    assert breaker.lets_through()
    assert breaker.lets_through()


def test_its_failure_lengthens_the_pause_up_to_a_minute(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    pauses = []
    for _ in range(6):
        before = clock.now
        while not breaker.would_let_through:
            clock.now += PAUSE_S
        pauses.append(clock.now - before)
        assert breaker.lets_through()
        assert not breaker.failed(at_once=False)
    assert pauses == [PAUSE_S, 2 * PAUSE_S, 4 * PAUSE_S, 8 * PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_once_it_answered_the_pause_is_short_again(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    for _ in range(3):
        clock.now += LONGEST_PAUSE_S
        assert breaker.lets_through()
        breaker.failed(at_once=True)
    clock.now += LONGEST_PAUSE_S
    assert breaker.lets_through()
    breaker.answered()
    opened(breaker)
    clock.now += PAUSE_S
    assert breaker.would_let_through


def test_an_answer_to_what_was_asked_before_says_nothing_of_now(breaker: Breaker) -> None:
    opened(breaker)
    assert not breaker.answered()
    assert not breaker.lets_through()


def test_one_who_tried_without_asking_leaves_its_turn(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += PAUSE_S
    assert breaker.lets_through()
    breaker.learnt_nothing()
    assert not breaker.is_closed
    assert breaker.lets_through()
