"""What two engines must share of an answer: everything but their names, numbers to what a double may err."""

import pytest

from search.query import SearchQuery
from search.results import Found, Hit

MILLIMETRE = 0.001


def assert_same(ours: Found, theirs: Found, query: SearchQuery) -> None:
    """The same hits in the same order, with the same keys and parts; the same total, facets and words left out."""
    assert [hit.id for hit in theirs.hits] == [hit.id for hit in ours.hits], query
    assert theirs.total == ours.total, query
    assert theirs.more == ours.more, query
    assert theirs.facets == ours.facets, query
    assert theirs.left_out == ours.left_out, query
    assert theirs.corrected == ours.corrected, query
    assert theirs.around == ours.around, query
    for one, other in zip(ours.hits, theirs.hits, strict=True):
        assert_same_hit(one, other)


def assert_same_hit(one: Hit, other: Hit) -> None:
    """Keys and scores may be as far apart as rounding; distances, less than anybody measures."""
    if isinstance(one.key, str):
        assert other.key == one.key
    else:
        assert other.key == pytest.approx(one.key, abs=MILLIMETRE if one.score is None else 3e-5, rel=1e-9)
    assert (other.distance_m is None) is (one.distance_m is None)
    if one.distance_m is not None:
        assert other.distance_m == pytest.approx(one.distance_m, abs=MILLIMETRE)
    assert (other.score is None) is (one.score is None)
    if one.score is not None:
        assert other.score == pytest.approx(one.score, abs=3e-5)
    assert (other.explanation is None) is (one.explanation is None)
    if one.explanation is not None:
        assert other.explanation == pytest.approx(one.explanation, abs=3e-5)
        assert sum(other.explanation.values()) == pytest.approx(other.score, abs=3e-5)
