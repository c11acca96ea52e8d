"""Entities before any detail: which category, how many establishments, in which commune."""

import msgspec
import numpy as np

from etl.demo.mix import ALONE, Indices, draw_sizes, draw_sorts, sorts
from etl.demo.places import Places

EMPTY = 0.03  # entities whose establishments were given to others
# Of entities with one establishment: sold to another legal unit, sold once more, gone to another commune, numbered twice.
PHARMACY_SOLD, SOLD, SOLD_AGAIN, MOVED, NUMBERED_TWICE = 0.10, 0.015, 0.25, 0.01, 0.004

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


class Plan(msgspec.Struct, frozen=True):
    """What every entity of the country is, before any detail: a few bytes for each."""

    heads: Indices  # index of its sort
    sizes: Indices
    homes: Indices  # index of its commune
    sales: Indices  # how often its one establishment was sold
    moved: Flags
    numbered_twice: Flags

    @property
    def later_sirens(self) -> Indices:
        """How many SIREN beside its own each entity takes: its buyers', or the duplicate."""
        return self.sales + self.numbered_twice


def draw_plan(places: Places, size: int, seed: int) -> Plan:
    """Entities until they have `size` establishments; the last one has what is left."""
    draw = np.random.default_rng([seed, 0])
    heads = draw_sorts(draw, size + size // 20 + 10)
    sizes = np.where(draw.random(len(heads)) < EMPTY, 0, draw_sizes(draw, heads))
    total = np.cumsum(sizes)
    count = int(np.searchsorted(total, size)) + 1
    sizes[count - 1] -= total[count - 1] - size
    heads, sizes = heads[:count].copy(), sizes[:count].copy()
    return Plan(heads, sizes, places.draw(draw, count), *_fates(np.random.default_rng([seed, 5]), heads, sizes == 1))


def _fates(draw: np.random.Generator, heads: Indices, single: Flags) -> tuple[Indices, Flags, Flags]:
    """At most one fate each."""
    pharmacy = np.array([sort.code in ALONE for sort in sorts()])[heads]
    chance, again = draw.random((2, len(heads)))
    sold = single & (chance < np.where(pharmacy, PHARMACY_SOLD, SOLD))
    rest = single & ~sold
    return (
        np.where(sold, 1 + (again < SOLD_AGAIN), 0),
        rest & (chance > 1 - MOVED),
        rest & (chance < 0.5 + NUMBERED_TWICE) & (chance >= 0.5),
    )
