"""What there is in the country: categories by frequency, who runs them, and how many establishments one entity has."""

import csv
from functools import cache
from importlib.resources import files
from itertools import groupby

import msgspec
import numpy as np

from geo.categories import categories

Indices = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

# One pharmacy, one owner (the law says so); everything else may be one of many.
ALONE = ("620", "627")
LARGEST_ENTITY = 300
SIZE_EXPONENT = 1.6  # establishments per entity: two thirds have one, a few have hundreds


class Sort(msgspec.Struct, frozen=True):
    """A category of establishment, and the words and codes that go with it."""

    code: str
    weight: int
    statuts: tuple[str, ...]  # legal statuses of those who run it, most frequent first
    tarifs: tuple[str, ...]
    apes: tuple[str, ...]
    names: tuple[str, ...]
    group: str  # level 2 of the nomenclature: an entity's establishments are of one


@cache
def sorts() -> tuple[Sort, ...]:
    """Open establishments by category in the national file of January 2021 (Licence Ouverte), rounded to tens."""
    with (files("etl.demo") / "categories.csv").open(encoding="utf-8") as table:
        found = [_sort(row) for row in csv.DictReader(table)]
    return tuple(sorted(found, key=lambda sort: (sort.group, sort.code)))


def draw_sorts(draw: np.random.Generator, count: int) -> Indices:
    """The category of the first establishment of each entity, as indices in `sorts()`.

    An entity of pharmacies counts once and another several times, so pharmacies are drawn more often than their share.
    """
    weights = np.array([s.weight * (mean_size() if s.code in ALONE else 1.0) for s in sorts()])
    drawn: Indices = draw.choice(len(weights), count, p=weights / weights.sum())
    return drawn


def draw_siblings(draw: np.random.Generator, heads: Indices) -> Indices:
    """Another category of the same group for each, often the same one."""
    cumulated = np.cumsum([0.0 if s.code in ALONE else s.weight for s in sorts()])
    first, last = _group_spans()
    low, high = np.concatenate(([0.0], cumulated))[first[heads]], cumulated[last[heads]]
    drawn = np.searchsorted(cumulated, low + draw.random(len(heads)) * (high - low), side="right")
    siblings: Indices = np.minimum(drawn, last[heads])
    return siblings


def draw_sizes(draw: np.random.Generator, heads: Indices) -> Indices:
    """How many establishments each entity has: a long tail, one for a pharmacist."""
    alone = np.array([s.code in ALONE for s in sorts()])[heads]
    sizes = np.minimum(draw.pareto(SIZE_EXPONENT, len(heads)) + 1, LARGEST_ENTITY).astype(np.int64)
    return np.where(alone, 1, sizes)


@cache
def mean_size() -> float:
    """Of the entities that may have several: the sum of P(size ≥ k) over k."""
    return float(sum(k**-SIZE_EXPONENT for k in range(1, LARGEST_ENTITY + 1)))


@cache
def _group_spans() -> tuple[Indices, Indices]:
    """First and last index of each sort's group; `sorts()` is ordered by group."""
    first, last = np.empty(len(sorts()), np.int64), np.empty(len(sorts()), np.int64)
    for _, members in groupby(range(len(sorts())), key=lambda index: sorts()[index].group):
        span = list(members)
        first[span], last[span] = span[0], span[-1]
    return first, last


def _sort(row: dict[str, str]) -> Sort:
    statuts, tarifs, apes = (tuple(row[name].split()) for name in ("statuts", "tarifs", "ape"))
    group = categories()[row["code"]].group
    return Sort(row["code"], int(row["poids"]), statuts, tarifs, apes, tuple(row["sortes"].split("|")), group)
