"""Counting on the server: what passes every filter, and each facet without the filter of its own parameter (search/facets.py)."""

from collections.abc import Iterable, Mapping
from typing import Any

from search.elastic.conditions import Query, all_of
from search.facets import DIMENSIONS, values
from search.query import Facet
from search.results import FacetValue

MOST = 60_000  # values of one facet: more than communes; asked for whole, shards count exactly
IN_ORDER = {"_key": "asc"}  # as they stand in the index: thirty thousand communes need not be sorted by the server


def loosened(tests: Mapping[str, Query], facets: Iterable[Facet]) -> frozenset[str]:
    """The filters in force that some facet leaves out: they pass after counting."""
    return frozenset(DIMENSIONS[facet].filter for facet in facets) & frozenset(tests)


def counted(tests: Mapping[str, Query], facets: Iterable[Facet]) -> dict[str, Any]:
    """The aggregations; several facets may count one column in the same way."""
    wanted = tuple(facets)
    apart = loosened(tests, wanted)
    return {
        _name(facet, apart): {
            "filter": all_of(tests[name] for name in sorted(apart) if name != DIMENSIONS[facet].filter),
            "aggs": {"values": {"terms": {"field": DIMENSIONS[facet].column, "size": MOST, "order": IN_ORDER}}},
        }
        for facet in wanted
    }


def read(
    tests: Mapping[str, Query], facets: Iterable[Facet], answered: Mapping[str, Any]
) -> dict[str, list[FacetValue]]:
    """The facets of an answer."""
    wanted = tuple(facets)
    apart = loosened(tests, wanted)
    return {facet.value: values(facet, _counts(answered[_name(facet, apart)])) for facet in wanted}


def _name(facet: Facet, apart: frozenset[str]) -> str:
    dimension = DIMENSIONS[facet]
    return f"{dimension.column}:{dimension.filter if dimension.filter in apart else ''}"


def _counts(answered: Mapping[str, Any]) -> dict[str, int]:
    return {str(bucket["key"]): bucket["doc_count"] for bucket in answered["values"]["buckets"]}
