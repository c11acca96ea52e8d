"""Tiles of any question, counted on the server by integer cells: the same as those counted from every position found."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from elasticsearch import helpers

from api.dependencies import Reading
from api.tiles import areas
from geo.cells import CLUSTER_MAX_ZOOM, finest_of_tile, numbers, units
from geo.filters import Circle, Filters
from geo.nomenclatures import LabelReader
from search.query import Facet, SearchQuery
from search.results import Clusters
from tests.builders import a_structure
from tests.elastic.conftest import Both, Kept
from tests.places import BORDEAUX, FORT_DE_FRANCE, LILLE, NOUMEA, SAINT_DENIS_REUNION, WALLIS
from tiles import render
from tiles.grid import TileAddress

PLACES = (LILLE, BORDEAUX, FORT_DE_FRANCE, SAINT_DENIS_REUNION, WALLIS, NOUMEA)


def _rows() -> list[dict[str, Any]]:
    draw = np.random.default_rng(11)
    return [
        a_structure(
            finess=f"98{number:07d}",
            at=None if number % 50 == 7 else PLACES[number % len(PLACES)].moved(*draw.normal(0, 3_000, 2)),
            name=("PHARMACIE DU PORT", "CLINIQUE DU PARC", "FOYER DES LILAS")[number % 3],
            categorie_no=(620, 365, 382)[number % 3],
            open=number % 10 != 0,
            phones=["0300000000"] if number % 4 else [],
        )
        for number in range(400)
    ]


@pytest.fixture(scope="module")
def both(kept: Kept) -> Iterator[Both]:
    with kept.both("tuiles") as both:
        both.index(*_rows())
        yield both


QUESTIONS = {
    "pharmacie": Filters(),
    "clinique du parc lille": Filters(),
    "farmacie": Filters(open_only=False),
    "990000000000": Filters(),
    "foyer": Filters(telephone=True),
    "": Filters(telephone=False),
    " ": Filters(circle=Circle(LILLE.lon, LILLE.lat, 4_000)),
}
ADDRESSES = [(0, 0, 0), (3, 3, 2), (5, 16, 10), (8, 130, 86), (11, 1041, 688), (13, 4164, 2755), (9, 331, 235)]


def counted(both: Both, words: str, filters: Filters, tile: tuple[int, int, int]) -> Clusters:
    found = both.elastic.clusters(both.connection, words.strip(), filters, tile, both.publication)
    assert found is not None
    return found


def counted_here(both: Both, words: str, filters: Filters, tile: tuple[int, int, int]) -> Clusters:
    found = both.embedded.clusters(both.connection, words.strip(), filters, tile, both.publication)
    assert found is not None
    return found


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_tile_of_any_question_is_the_same_to_the_byte(both: Both, words: str) -> None:
    filters = QUESTIONS[words]
    for tile in ADDRESSES:
        ours, theirs = counted(both, words, filters, tile), counted_here(both, words, filters, tile)
        assert ours == theirs
        drawn = render.clusters(both.connection, ours)
        if not words.strip():
            assert drawn == render.tile(both.connection, TileAddress(*tile), filters)


def test_what_a_question_finds_is_counted_once_at_every_zoom(both: Both) -> None:
    found = both.placed(both.elastic, "pharmacie", Filters())
    x, y = units(np.array([lon for _, lon, _ in found]), np.array([lat for _, _, lat in found]))
    for zoom in range(CLUSTER_MAX_ZOOM + 1):
        shift = CLUSTER_MAX_ZOOM - zoom + 12
        addresses = {(zoom, int(a), int(b)) for a, b in zip(x >> shift, y >> shift, strict=True)}
        assert sum(sum(counted(both, "pharmacie", Filters(), tile).n) for tile in addresses) == len(found)


def test_the_server_s_own_tile_grid_counts_the_same(both: Both) -> None:
    """Its `geotile_grid` on points that it rounds to the centimetre: none of these stands so near an edge."""
    found = both.placed(both.elastic, "", Filters(telephone=True))
    index = f"{both.server.name}-geotuiles"
    both.client.indices.create(index=index, mappings={"properties": {"position": {"type": "geo_point"}}})
    points = ({"_index": index, "position": {"lon": lon, "lat": lat}} for _, lon, lat in found)
    helpers.bulk(both.client, points, refresh=True)
    for z, x, y in ADDRESSES:
        cells = {"geotile_grid": {"field": "position", "precision": z + 4, "size": 10_000}}
        buckets = both.client.search(index=index, size=0, aggs={"cells": cells})["aggregations"]["cells"]["buckets"]
        theirs = {}
        for each in buckets:
            _, column, row = map(int, each["key"].split("/"))
            if (column >> 4, row >> 4) == (x, y):
                theirs[int(numbers(np.array([(column & 15) << 8]), np.array([(row & 15) << 8]))[0])] = each["doc_count"]
        ours = counted(both, "", Filters(telephone=True), (z, x, y))
        assert ours.n == [theirs[place] for place in sorted(theirs)]


@pytest.mark.parametrize("facet", [Facet.DEPARTEMENT, Facet.COMMUNE])
@pytest.mark.parametrize("words", QUESTIONS)
def test_areas_count_the_same(both: Both, words: str, facet: Facet) -> None:
    view = Reading(both.connection, both.publication, LabelReader())
    question = SearchQuery(words=words.strip(), filters=QUESTIONS[words])
    ours, theirs = (areas.counted(engine, view, question, facet) for engine in (both.elastic, both.embedded))
    assert ours == theirs


def test_areas_keep_what_their_own_filter_leaves(both: Both) -> None:
    view = Reading(both.connection, both.publication, LabelReader())
    question = SearchQuery(words="pharmacie", filters=Filters(departements=(LILLE.departement,)))
    for engine in both.engines:
        assert areas.counted(engine, view, question, Facet.DEPARTEMENT).keys() == {LILLE.departement}


@pytest.mark.parametrize("tile", [(14, 8328, 5510), (16, 33315, 22041), (19, 266522, 176331)])
def test_points_are_asked_for_where_the_tile_is(both: Both, tile: tuple[int, int, int]) -> None:
    address = TileAddress(*tile)
    drawn = []
    for engine in (both.elastic, both.embedded):
        ids = engine.standing(both.connection, "pharmacie", Filters(), tile, both.publication)
        assert ids is not None
        assert len(ids) < len(both.placed(engine, "pharmacie", Filters()))
        drawn.append(render.tile(both.connection, address, Filters(), ids))
    assert drawn[0] == drawn[1]


def test_cells_are_numbered_so_that_a_tile_is_a_range_of_them() -> None:
    draw = np.random.default_rng(3)
    x, y = units(draw.uniform(-180, 180, 500), draw.uniform(-84, 84, 500))
    for zoom in (0, 4, 9, 13):
        shift = CLUSTER_MAX_ZOOM - zoom + 12
        for column, row, number in zip(
            (x >> shift).tolist(), (y >> shift).tolist(), numbers(x, y).tolist(), strict=True
        ):
            first, after = finest_of_tile(zoom, column, row)
            assert first <= number < after
