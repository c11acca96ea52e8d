"""What a tile shows of a question, counted on the server by integer cells; nothing that a question finds travels."""

from typing import Any

from geo.cells import CELLS_BITS, CLUSTER_MAX_ZOOM, EXTENT, finest_of_cell, finest_of_tile
from search.elastic.conditions import Query
from search.elastic.scripts import script
from search.engine import Tile
from search.results import Clusters

MOST = 256  # cells of a tile
FINEST_CELLS = CLUSTER_MAX_ZOOM + CELLS_BITS  # the zoom whose tiles are the finest cells


def in_tile(tile: Tile) -> Query:
    """Standing in it, or in the finest cell that holds it: one range of cells."""
    z, x, y = tile
    finer = max(0, z - FINEST_CELLS)
    first, after = finest_of_tile(z - finer, x >> finer, y >> finer)
    return {"range": {"cell": {"gte": first, "lt": after}}}


def counted(tile: Tile) -> dict[str, Any]:
    """For each cell of its zoom that holds something: how many, and the sums of their units in the tile."""
    z = tile[0]
    sums = {
        axis: {"sum": {"script": script("unit", field=axis, wide=1 << (CLUSTER_MAX_ZOOM - z), extent=EXTENT)}}
        for axis in "xy"
    }
    return {"cells": {"histogram": {"field": "cell", "interval": finest_of_cell(z), "min_doc_count": 1}, "aggs": sums}}


def alone(tile: Tile, buckets: list[Any]) -> Query | None:
    """Standing alone in its cell; None where nothing does."""
    wide = finest_of_cell(tile[0])
    firsts = [int(each["key"]) for each in buckets if each["doc_count"] == 1]
    if not firsts:
        return None
    ranges = [{"range": {"cell": {"gte": first, "lt": first + wide}}} for first in firsts]
    return {"bool": {"should": ranges, "minimum_should_match": 1}}


def read(tile: Tile, buckets: list[Any], ids: dict[int, str]) -> Clusters:
    """In the order of cells, as the server gives them; `ids`: of those that stand alone, by their finest cell."""
    wide = finest_of_cell(tile[0])
    by_place = {first // wide: each for first, each in ids.items()}
    return Clusters(
        x=[int(each["x"]["value"]) // each["doc_count"] for each in buckets],
        y=[int(each["y"]["value"]) // each["doc_count"] for each in buckets],
        n=[each["doc_count"] for each in buckets],
        ids=[by_place.get(int(each["key"]) // wide) if each["doc_count"] == 1 else None for each in buckets],
    )
