"""Counting with the columns: the rows that pass every filter, and each facet without the filter of its own parameter."""

from collections.abc import Iterable

import msgspec
import numpy as np

from geo.filters import Filters, bounds_of
from search.embedded.arrays import Array
from search.embedded.columns import EVERY, Columns, Rows, those
from search.facets import DIMENSIONS, values
from search.query import Facet
from search.results import FacetValue

REMEMBERED = 1_000


class Tally(msgspec.Struct, frozen=True):
    """`passing`: a flag for each of the rows counted."""

    passing: Array
    facets: dict[str, list[FacetValue]]

    @property
    def total(self) -> int:
        return int(np.count_nonzero(self.passing))


def tally(columns: Columns, filters: Filters, facets: Iterable[Facet], among: Rows = EVERY) -> Tally:
    """What passes among these rows. One pass over the filters serves every facet: a row that fails one filter alone counts
    in the facet whose own that filter is."""
    tests = columns.tests(filters, among)
    wanted = tuple(facets)
    loosened = {DIMENSIONS[facet].filter for facet in wanted} & tests.keys()
    held = columns.all_of([flags for name, flags in tests.items() if name not in loosened], among)
    passing, once = held, held
    if loosened:
        failed = np.sum([~tests[name] for name in loosened], axis=0, dtype=np.uint8)
        passing, once = held & (failed == 0), held & (failed <= 1)
    rows: dict[str, Array] = {}
    numbers: dict[tuple[str, str], dict[str, int]] = {}  # several facets may count one column
    counted = {}
    for facet in wanted:
        column, own = DIMENSIONS[facet].column, DIMENSIONS[facet].filter
        name = own if own in loosened else ""
        if name not in rows:
            rows[name] = those(once & (passing | ~tests[name]) if name else passing, among)
        if (column, name) not in numbers:
            numbers[column, name] = columns.counts(column, rows[name])
        counted[facet.value] = values(facet, numbers[column, name])
    return Tally(passing, counted)


def total_of(columns: Columns, filters: Filters) -> int:
    """How many pass, of all. What no place narrows is as many wherever one asks from, and is counted once a version."""
    if bounds_of(filters) is not None:
        return tally(columns, filters, (), columns.candidates(filters)).total
    found = columns.totals.get(filters)
    if found is None:
        found = tally(columns, filters, ()).total
        if len(columns.totals) >= REMEMBERED:
            columns.totals.clear()
        columns.totals[filters] = found
    return found
