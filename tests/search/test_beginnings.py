"""Begun words, numbers and squares, against a reading of the documents one by one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.categories import categories_by_no
from search import ranking
from search.document import Document
from search.edits import a_letter_away
from search.embedded.beginnings import LEVELS, LONGEST, MANY_WORDS, Beginnings, BeginningsFiles
from search.embedded.columns import Columns
from search.embedded.numbers import Numbers, NumbersFiles
from search.query import Origin
from search.squares import FINEST, NOWHERE, around, squares_of
from tests.places import BORDEAUX, LILLE, PARIS_13, SAINT_DENIS_REUNION

WORDS = ("parc", "parcs", "paris", "pa", "p", "lilas", "59000", "lit", "a" * 50)
PLACES = [(each.lon, each.lat) for each in (LILLE, BORDEAUX, PARIS_13, SAINT_DENIS_REUNION)]
HOSPITAL, PHARMACY = 355, 620
PLACED = [*PLACES, (float("nan"), float("nan"))]

Row = tuple[list[str], bool, tuple[float, float], int, float]
ROWS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(WORDS), max_size=3),
        st.booleans(),
        st.sampled_from(PLACED),
        st.sampled_from([HOSPITAL, PHARMACY]),
        st.sampled_from([0.0, 0.5, 1.0]),
    ),
    max_size=20,
)


def a_document(**fields: str) -> Document:
    empty = dict.fromkeys(("exact", "name", "other", "categorie", "place", "entity", "typed", "numbers"), "")
    return Document(**(empty | fields), name_length=1)  # type: ignore[arg-type]


def columns_of(rows: Sequence[Row]) -> Columns:
    arrays: dict[str, Any] = {
        "ids": np.array([b"%d" % i for i in range(len(rows))], dtype="S8"),
        "open": np.array([row[1] for row in rows], dtype=bool),
        "lon": np.array([row[2][0] for row in rows]),
        "lat": np.array([row[2][1] for row in rows]),
        "categorie_no": np.array([row[3] for row in rows], dtype=np.int32),
        "completeness": np.array([row[4] for row in rows], dtype=np.float32),
    }
    return Columns(arrays, {})


def written(folder: Path, rows: Sequence[Row]) -> Beginnings:
    with BeginningsFiles(folder) as files:
        for first in range(0, len(rows), 3):
            batch = rows[first : first + 3]
            files.append(first, [a_document(typed=" ".join(row[0]) if row[1] else "") for row in batch])
        files.finish(columns_of(rows))
    return Beginnings.open(folder)


def ranks(beginnings: Beginnings, turns: Any) -> list[int]:
    return sorted(beginnings.arrays["ranks"][turns].tolist())


def everywhere(beginnings: Beginnings) -> Any:
    return np.array([[0, len(beginnings)]])


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, first=st.sampled_from(WORDS), last=st.sampled_from(["", "p", "pa", "par", "li", "5", "zz"]))
def test_a_whole_word_and_a_begun_one_find_the_open_structures_that_bear_both(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], first: str, last: str
) -> None:
    beginnings = written(tmp_path_factory.mktemp("beginnings"), rows)
    assert beginnings.are_complete()
    bearing = [
        rank
        for rank, (words, is_open, *_) in enumerate(rows)
        if is_open and first in words and any(word.startswith(last) for word in words)
    ]
    things = [beginnings.whole(first), beginnings.begun(last)]
    assert ranks(beginnings, beginnings.all_of(things, everywhere(beginnings))) == bearing
    assert ranks(beginnings, beginnings.first(things, len(rows))) == bearing


@settings(max_examples=100, deadline=None)
@given(
    rows=ROWS,
    at=st.sampled_from(PLACES),
    zoom=st.sampled_from([8, 11, 14]),
    levels=st.sampled_from([range(3), range(LEVELS)]),
)
def test_the_squares_around_a_point_hold_what_stands_in_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], at: tuple[float, float], zoom: int, levels: range
) -> None:
    """Told by the tile that each place is in, worked out one by one."""
    beginnings = written(tmp_path_factory.mktemp("beginnings"), rows)
    near = [
        rank
        for rank, (words, is_open, place, number, _) in enumerate(rows)
        if is_open and "parc" in words and place == at and (number == HOSPITAL or len(levels) == LEVELS)
    ]
    found = beginnings.all_of([beginnings.whole("parc")], beginnings.stretches(zoom, Origin(*at), levels))
    assert ranks(beginnings, found) == near


def test_hospitals_come_first_then_what_is_complete(tmp_path: Path) -> None:
    rows: list[Row] = [
        (["parc"], True, PLACES[0], PHARMACY, 0.0),
        (["parc"], True, PLACES[0], HOSPITAL, 0.0),
        (["parc"], True, PLACES[0], PHARMACY, 1.0),
        (["parc"], True, (float("nan"), float("nan")), HOSPITAL, 1.0),
    ]
    assert HOSPITAL in ranking.LOOKED_FOR_BY_NAME
    assert PHARMACY in categories_by_no()
    beginnings = written(tmp_path, rows)
    assert beginnings.arrays["ranks"][beginnings.first([beginnings.whole("parc")], 9)].tolist() == [3, 1, 2, 0]


def test_a_beginning_that_many_words_have_is_one_list(tmp_path: Path) -> None:
    words = [f"lit{number:03}" for number in range(MANY_WORDS + 1)]
    rows: list[Row] = [([word, words[0]], True, PLACES[0], PHARMACY, 0.0) for word in words]
    beginnings = written(tmp_path, rows)
    assert [len(each) for each in beginnings.begun("lit")] == [len(rows)]
    assert len(beginnings.begun("lit01")) == 10
    assert ranks(beginnings, beginnings.all_of([beginnings.begun("lit")], everywhere(beginnings))) == list(
        range(len(rows))
    )


def test_a_word_without_end_is_found_by_what_is_kept_of_it(tmp_path: Path) -> None:
    rows: list[Row] = [(["a" * 50], True, PLACES[0], PHARMACY, 0.0)]
    beginnings = written(tmp_path, rows)
    for beginning in ("a", "a" * LONGEST, "a" * 50):
        assert len(beginnings.begun(beginning)) == 1


@settings(max_examples=200, deadline=None)
@given(st.text("abcd", min_size=1, max_size=5), st.text("abcd", min_size=1, max_size=5))
def test_a_letter_away_is_one_edit_away(word: str, other: str) -> None:
    from rapidfuzz.distance import OSA

    assert (other in a_letter_away(word)) == (OSA.distance(word, other) <= 1)


def test_words_a_letter_away_are_those_that_stand_there(tmp_path: Path) -> None:
    rows: list[Row] = [([word], True, PLACES[0], PHARMACY, 0.0) for word in ("parc", "pard", "lilas", "part")]
    beginnings = written(tmp_path, rows)
    assert beginnings.known(a_letter_away("parx"), begun=False) == ["parc", "pard", "part"]
    assert beginnings.known(["lil", "lila", "lilas", "zz"], begun=True) == ["lil", "lila", "lilas"]
    assert beginnings.known(["zz"], begun=True) == []


@settings(max_examples=100, deadline=None)
@given(
    held=st.lists(
        st.lists(st.sampled_from(["590001234", "590001235", "33000123400015", "2A0000012"]), max_size=2), max_size=8
    ),
    begun=st.sampled_from(["59000", "590001234", "33000", "2A000", "33000123400015", "330001234000156", "99999"]),
)
def test_begun_numbers_are_those_that_begin_so(
    tmp_path_factory: pytest.TempPathFactory, held: list[list[str]], begun: str
) -> None:
    folder = tmp_path_factory.mktemp("numbers")
    files = NumbersFiles(folder)
    for first in range(0, len(held), 2):
        files.append(first, [a_document(numbers=" ".join(numbers)) for numbers in held[first : first + 2]])
    files.finish()
    numbers = Numbers.open(folder)
    assert numbers.are_complete()
    expected = [rank for rank, each in enumerate(held) if any(number.startswith(begun) for number in each)]
    assert numbers.begun(begun, 100) == expected
    assert len(numbers.begun(begun, 1)) == min(1, len(expected))


def test_squares_of_a_zoom_follow_one_another_and_hold_their_points() -> None:
    lon, lat = (
        np.array([2.35, -61.0, 55.45, float("nan"), 179.9999, 0.0]),
        np.array([48.85, 14.6, -20.9, 48.0, 0.0, -90.0]),
    )
    numbers = squares_of(lon, lat)
    assert numbers[3] == NOWHERE
    for at in (0, 1, 2, 4):
        for zoom in (0, 3, 8, 11, FINEST):
            stretches = around(zoom, float(lon[at]), float(lat[at]))
            assert ((stretches[:, 0] <= numbers[at]) & (numbers[at] < stretches[:, 1])).sum() == 1
            assert (stretches[1:, 0] >= stretches[:-1, 1]).all()


def test_the_squares_around_the_date_line_are_on_both_sides_of_it() -> None:
    east, west = squares_of(np.array([179.99, -179.99]), np.array([-17.0, -17.0]))
    stretches = around(8, 179.99, -17.0)
    assert any(first <= west < last for first, last in stretches.tolist())
    assert any(first <= east < last for first, last in stretches.tolist())


def test_words_that_sound_alike_are_heard(tmp_path: Path) -> None:
    rows: list[Row] = [([word], True, PLACES[0], PHARMACY, 0.0) for word in ("pharmacie", "farmacie", "ferme", "pharo")]
    beginnings = written(tmp_path, rows)
    assert sorted(beginnings.heard("farmacie", begun=False)) == ["farmacie", "pharmacie"]
    assert sorted(beginnings.heard("far", begun=True)) == ["farmacie", "pharmacie", "pharo"]
    assert beginnings.heard("xyz", begun=True) == beginnings.heard("hhhh", begun=True) == []
