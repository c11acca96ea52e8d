"""Coverage by département, counted on rows that are there to be read."""

import pytest
from sqlalchemy import Connection, text

from etl.counts import counts_of, total
from etl.coverage import coverage, worst_placed
from tests.builders import a_structure, insert_structures
from tests.places import AJACCIO, BORDEAUX, LILLE, SAINT_DENIS_REUNION


@pytest.fixture
def empty(connection: Connection) -> Connection:
    connection.execute(text("DELETE FROM structure"))
    return connection


def test_only_open_structures_count_by_what_one_can_do_with_them(empty: Connection) -> None:
    insert_structures(
        empty,
        [
            a_structure(at=LILLE, phones=["03 20 00 00 00"]),
            a_structure(at=LILLE, precision="commune", position_source="commune"),
            a_structure(at=LILLE, open=False, phones=["03 20 00 00 01"]),
            a_structure(departement="59"),
            a_structure(at=AJACCIO, precision="street"),
            a_structure(),
        ],
    )
    counted = coverage(empty)
    assert counted["coverage"] == {
        "2A": {"open": 1, "placed": 1, "precise": 1, "phone": 0},
        "59": {"open": 3, "placed": 2, "precise": 1, "phone": 1},
        "?": {"open": 1, "placed": 0, "precise": 0, "phone": 0},
    }
    assert counted["precision"] == {"housenumber": 1, "street": 1, "locality": 0, "commune": 1, "none": 2}


def test_the_sum_over_départements_is_the_country(empty: Connection) -> None:
    insert_structures(empty, [a_structure(at=place) for place in (LILLE, LILLE, AJACCIO, SAINT_DENIS_REUNION)])
    counted = counts_of(coverage(empty))
    assert total(counted.coverage).open == sum(counted.precision.values()) == 4


def test_a_pin_placed_by_hand_is_a_class_of_its_own(empty: Connection) -> None:
    insert_structures(empty, [a_structure(at=LILLE, precision="pin")])
    counted = coverage(empty)
    assert counted["precision"]["pin"] == counted["coverage"]["59"]["precise"] == 1


def test_nothing_open_is_an_empty_coverage(empty: Connection) -> None:
    assert coverage(empty)["coverage"] == {}


def test_the_worst_placed_come_first_without_nowhere_and_without_those_that_are_all_well_placed(
    empty: Connection,
) -> None:
    lille = [a_structure(at=LILLE), a_structure(at=LILLE, precision="commune")]
    elsewhere = [a_structure(at=AJACCIO, precision="commune"), a_structure(at=BORDEAUX), a_structure()]
    insert_structures(empty, [*lille, *elsewhere])
    assert worst_placed(counts_of(coverage(empty)).coverage, 5) == ["2A", "59"]
