"""Tiles of any question, counted on the server by integer cells: the same as those counted from every position found."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from elasticsearch import helpers

from geo.cells import CLUSTER_MAX_ZOOM, finest_of_tile, numbers, place_in_tile, units
from geo.filters import Circle, Filters
from search.results import Clusters
from tests.builders import a_structure
from tests.elastic.conftest import Both, Kept
from tests.places import BORDEAUX, FORT_DE_FRANCE, LILLE, NOUMEA, SAINT_DENIS_REUNION, WALLIS
from tiles import counts, render
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


def drawn(both: Both, words: str, filters: Filters, tile: tuple[int, int, int]) -> bytes:
    """As it is where every position is at hand."""
    if words.strip():
        placed = both.embedded.placed(both.connection, words.strip(), filters, both.publication)
        return render.tile(
            both.connection, TileAddress(*tile), filters, render.Points(placed.ids, placed.lon, placed.lat)
        )
    return render.tile(both.connection, TileAddress(*tile), filters)


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_tile_of_any_question_is_the_same_to_the_byte(both: Both, words: str) -> None:
    filters = QUESTIONS[words]
    for tile in ADDRESSES:
        assert render.clusters(both.connection, counted(both, words, filters, tile)) == drawn(
            both, words, filters, tile
        )


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
                theirs[(row & 15) * 16 + (column & 15)] = each["doc_count"]
        ours = counted(both, "", Filters(telephone=True), (z, x, y))
        assert ours.n == [theirs[place] for place in sorted(theirs)]


def test_points_are_asked_for_where_the_tile_is(both: Both) -> None:
    address = TileAddress(14, 8328, 5510)
    near = both.elastic.placed(both.connection, "pharmacie", Filters(), both.publication, within=address.degrees(0.1))
    everywhere = both.elastic.placed(both.connection, "pharmacie", Filters(), both.publication)
    assert not near.whole
    assert 0 < len(near.ids) < len(everywhere.ids)
    drawn = [
        render.tile(both.connection, address, Filters(), render.Points(each.ids, each.lon, each.lat))
        for each in (near, everywhere)
    ]
    assert drawn[0] == drawn[1]


def test_cells_are_numbered_so_that_a_tile_is_a_range_of_them() -> None:
    draw = np.random.default_rng(3)
    lon, lat = draw.uniform(-180, 180, 500), draw.uniform(-84, 84, 500)
    x, y = units(lon, lat)
    frame = counts.frame_of(lon, lat, [0] * 500, [str(each) for each in range(500)])
    for zoom in (0, 4, 9, 13):
        for row, number in zip(frame.iter_rows(named=True), numbers(x, y).tolist(), strict=True):
            shift = CLUSTER_MAX_ZOOM - zoom
            tx, ty = row["x"] >> shift >> 12, row["y"] >> shift >> 12
            first, after = finest_of_tile(zoom, tx, ty)
            assert first <= number < after
            own = counts.cells(frame.filter(id=row["id"]), zoom)
            assert place_in_tile(zoom, number) == own["cell"][0]
