"""Counting with the columns: the rows that pass every filter, and each facet without the filter of its own parameter."""

from collections.abc import Iterable

import msgspec
import numpy as np

from geo.filters import Filters
from search.embedded.columns import EVERY, Array, Columns, Rows
from search.facets import DIMENSIONS, values
from search.query import Facet
from search.results import FacetValue


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
    size = len(columns) if isinstance(among, slice) else len(among)
    held = np.ones(size, dtype=bool)  # by what no facet loosens
    for name in tests.keys() - loosened:
        held &= tests[name]
    failed = np.zeros(size, dtype=np.uint8)
    for name in loosened:
        failed += ~tests[name]
    passing = held & (failed == 0)
    once = held & (failed <= 1) if loosened else passing
    rows: dict[str, Array] = {"": _ranks(passing, among)}
    numbers: dict[tuple[str, str], dict[str, int]] = {}  # several facets may count one column
    counted = {}
    for facet in wanted:
        column, own = DIMENSIONS[facet].column, DIMENSIONS[facet].filter
        name = own if own in loosened else ""
        if name not in rows:
            rows[name] = _ranks(once & (passing | ~tests[name]), among)
        if (column, name) not in numbers:
            numbers[column, name] = columns.counts(column, rows[name])
        counted[facet.value] = values(facet, numbers[column, name])
    return Tally(passing, counted)


def _ranks(flags: Array, among: Rows) -> Array:
    return np.flatnonzero(flags) if isinstance(among, slice) else among[flags]
