"""How good one ordered answer is, from the grades of its rows: nDCG@10, reciprocal rank, hit at one."""

import math
from collections.abc import Sequence

DEPTH = 10  # what a first screen shows


def ndcg(given: Sequence[int], possible: Sequence[int]) -> float:
    """The gain of the first ten rows beside that of the best ten possible (Järvelin and Kekäläinen 2002, gain 2^grade - 1).

    `given`: grades of the rows answered, in order; `possible`: the positive grades of everything judged, in any order.

    >>> ndcg([3, 0, 1], [3, 1]), ndcg([], [3])
    (0.9828422279067397, 0.0)
    """
    best = _gain(sorted(possible, reverse=True))
    return _gain(given) / best if best else 0.0


def reciprocal_rank(given: Sequence[int], best: int) -> float:
    """One over the rank of the first row that has the best grade, 0 when none of the first ten has.

    >>> reciprocal_rank([1, 3, 3], best=3), reciprocal_rank([1], best=3)
    (0.5, 0.0)
    """
    return next((1 / rank for rank, grade in enumerate(given[:DEPTH], start=1) if grade == best), 0.0)


def hit(given: Sequence[int], best: int) -> float:
    """1 when the first row has the best grade."""
    return float(bool(given) and given[0] == best)


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades[:DEPTH], start=1))
