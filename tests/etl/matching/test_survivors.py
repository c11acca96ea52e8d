"""Who is told in place of whom: the last of a chain, one for all of a circle, whatever the order of rows."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from etl.matching.survivors import STEPS, Door, Establishment, absorbed

DOOR = ("59350", "12 RUE DU PORT")
ELSEWHERE = ("59350", "9 RUE NEUVE")


def siret(letter: str) -> str:
    """A, B, C…: in the order of their numbers, each of another legal unit."""
    return f"{ord(letter):09}00001"


def an_establishment(letter: str, *, tells: bool | None = None, door: Door | None = DOOR) -> Establishment:
    """`tells`: unless told, whether it is open."""
    active = letter.isupper()
    return Establishment(siret(letter), active=active, tells=active if tells is None else tells, door=door)


def told(
    known: Sequence[Establishment], successions: Sequence[str] = (), doubles: Sequence[str] = ()
) -> dict[str, str]:
    """Letter by letter: small ones are closed; "aB": B went on after a, or is the other number of a's unit."""
    found = absorbed(known, [_pair(each) for each in successions], [_of_units(each) for each in doubles])
    return {_letter(each.siret): _letter(each.survivor) for each in found}


def _pair(letters: str) -> tuple[str, str]:
    before, after = letters
    return siret(before), siret(after)


def _of_units(letters: str) -> tuple[str, str]:
    one, other = _pair(letters)
    return one[:9], other[:9]


def _letter(number: str) -> str:
    return chr(int(number[:9]))


def of(letters: str) -> list[Establishment]:
    return [an_establishment(each) for each in letters]


def test_a_chain_leads_to_its_last() -> None:
    assert told(of("abC"), ["ab", "bC"]) == {"a": "C", "b": "C"}
    assert told(of("aBC"), ["aB", "BC"]) == {"a": "C"}


def test_the_last_of_a_chain_that_closed_after_it_was_told_is_still_told() -> None:
    assert told([*of("a"), an_establishment("b", tells=True)], ["ab"]) == {"a": "b"}


def test_one_that_is_open_is_told_rather_than_one_that_closed_after_it() -> None:
    b_closed = an_establishment("b", tells=True)
    assert told([*of("aC"), b_closed], ["aC", "Cb"]) == {"a": "C"}
    a_closed = Establishment(siret("A"), active=False, tells=True, door=DOOR)
    assert told([a_closed, *of("C")], doubles=["AC"]) == {"A": "C"}


def test_a_successor_whose_unit_has_another_number_leads_there() -> None:
    assert told(of("aBC"), ["aC"], ["BC"]) == {"a": "B", "C": "B"}
    assert told(of("aBC"), ["aB"], ["CB"]) == {"a": "B", "C": "B"}


def test_a_double_that_closed_and_was_taken_over_leads_to_who_goes_on() -> None:
    assert told(of("abC"), ["bC"], ["ab"]) == {"a": "C", "b": "C"}


@pytest.mark.parametrize("doubles", [["AB"], ["BA"], ["AB", "BA"], ["BA", "AB"]])
def test_of_two_numbers_of_one_unit_the_smallest_tells_whichever_is_called_the_double(doubles: list[str]) -> None:
    assert told(of("AB"), doubles=doubles) == {"B": "A"}


@pytest.mark.parametrize("doubles", [["AB", "BC"], ["CB", "BA"], ["BC", "AB"], ["AB", "BC", "CA"]])
def test_doubles_in_a_chain_are_one_unit(doubles: list[str]) -> None:
    assert told(of("ABC"), doubles=doubles) == {"B": "A", "C": "A"}


def test_of_the_numbers_of_a_unit_one_that_is_closed_tells_nobody() -> None:
    assert told(of("aBC"), doubles=["aB", "aC"]) == {"a": "B", "C": "B"}


def test_the_other_number_of_a_unit_at_another_door_is_another_place() -> None:
    assert told([*of("A"), an_establishment("B", door=ELSEWHERE)], doubles=["AB"]) == {}
    assert told([an_establishment("A", door=None), an_establishment("B", door=None)], doubles=["AB"]) == {}


def test_a_successor_at_another_door_is_another_place_and_may_come_back() -> None:
    elsewhere = an_establishment("B", door=ELSEWHERE)
    assert told([*of("a"), elsewhere], ["aB"]) == {}
    assert told([*of("aC"), elsewhere], ["aB", "BC"]) == {"a": "C"}


def test_a_chain_is_followed_through_numbers_that_nobody_knows() -> None:
    assert told(of("aC"), ["ax", "xy", "yC"]) == {"a": "C"}


def test_all_of_a_circle_lead_to_one_whatever_the_order_of_rows() -> None:
    for links in permutations(["aB", "Bc", "cD", "Da"]):
        assert told(of("aBcD"), links) == {"a": "B", "c": "B"}


def test_a_circle_of_closed_ones_leads_nowhere() -> None:
    assert told(of("ab"), ["ab", "ba"]) == {}


def test_of_two_successors_the_smallest_number_is_told() -> None:
    for links in permutations(["aC", "aB"]):
        assert told(of("aBC"), links) == {"a": "B"}


def test_nobody_is_sent_to_one_that_no_structure_tells() -> None:
    assert told([*of("a"), an_establishment("B", tells=False)], ["aB"]) == {}
    assert told([*of("aB"), an_establishment("C", tells=False)], ["aB", "BC"]) == {"a": "B"}


def test_a_chain_ends_after_ten_steps() -> None:
    letters = [chr(ord("a") + each) for each in range(STEPS)]
    links = [f"{before}{after}" for before, after in zip(letters, [*letters[1:], "Z"], strict=True)]
    assert told(of("aZ"), links) == {"a": "Z"}
    assert told(of("aZ"), [*links[:-1], f"{letters[-1]}z", "zZ"]) == {}
