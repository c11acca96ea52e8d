"""Entities before any detail: which category, how many establishments, in which commune."""

import msgspec
import numpy as np

from etl.demo.mix import Indices, draw_sizes, draw_sorts
from etl.demo.places import Places

EMPTY = 0.03  # entities whose establishments were given to others


class Plan(msgspec.Struct, frozen=True):
    """What every entity of the country is, before any detail: a few bytes for each."""

    heads: Indices  # index of its sort
    sizes: Indices
    homes: Indices  # index of its commune


def draw_plan(places: Places, size: int, seed: int) -> Plan:
    """Entities until they have `size` establishments; the last one has what is left."""
    draw = np.random.default_rng([seed, 0])
    heads = draw_sorts(draw, size + size // 20 + 10)
    sizes = np.where(draw.random(len(heads)) < EMPTY, 0, draw_sizes(draw, heads))
    total = np.cumsum(sizes)
    count = int(np.searchsorted(total, size)) + 1
    sizes[count - 1] -= total[count - 1] - size
    return Plan(heads[:count].copy(), sizes[:count].copy(), places.draw(draw, count))
