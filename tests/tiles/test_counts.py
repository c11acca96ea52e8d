"""Clusters add up: every zoom, every category, every filter."""

from collections.abc import Sequence
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from sqlalchemy import Connection, text

from geo.cells import CLUSTER_MAX_ZOOM, units
from geo.filters import Filters
from tests.builders import a_structure, insert_structures
from tests.places import BORDEAUX, FORT_DE_FRANCE, LILLE, NOUMEA, SAINT_DENIS_REUNION, WALLIS, Place
from tiles import counts, render
from tiles.grid import ImpossibleTile, TileAddress

PLACES = (LILLE, BORDEAUX, FORT_DE_FRANCE, SAINT_DENIS_REUNION, WALLIS, NOUMEA)


@pytest.fixture
def country(connection: Connection) -> list[dict[str, Any]]:
    """Three hundred structures around six places, three categories, one in ten closed, some without a position."""
    draw = np.random.default_rng(7)
    rows = []
    for number in range(300):
        at = PLACES[number % len(PLACES)].moved(*(draw.normal(0, 3_000, 2)))
        fields: dict[str, Any] = {"categorie_no": (620, 500, 183)[number % 3], "open": number % 10 != 0}
        rows.append(a_structure(finess=f"99{number:07d}", at=None if number % 50 == 7 else at, **fields))
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, rows)
    counts.build(connection)
    return rows


def drawn(rows: Sequence[dict[str, Any]], categories: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    return [
        r for r in rows if r["open"] and r["lon"] is not None and (not categories or r["categorie_no"] in categories)
    ]


def addresses(rows: Sequence[dict[str, Any]], zoom: int) -> list[TileAddress]:
    x, y = units(np.array([r["lon"] for r in rows]), np.array([r["lat"] for r in rows]))
    shift = CLUSTER_MAX_ZOOM - zoom
    pairs = {(int(a) >> 12 >> shift, int(b) >> 12 >> shift) for a, b in zip(x, y, strict=True)}
    return [TileAddress(zoom, a, b) for a, b in sorted(pairs)]


def clusters(
    connection: Connection, zoom: int, rows: Sequence[dict[str, Any]], filters: Filters
) -> list[dict[str, Any]]:
    found = []
    for address in addresses(rows, zoom):
        encoded = render.tile(connection, address, filters)
        if encoded:
            layers = mapbox_vector_tile.decode(encoded, default_options={"y_coord_down": True})
            assert set(layers) == {"clusters"}
            found += [feature["properties"] for feature in layers["clusters"]["features"]]
    return found


@pytest.mark.parametrize("zoom", range(CLUSTER_MAX_ZOOM + 1))
def test_clusters_of_every_zoom_add_up_to_the_open_placed_structures(
    connection: Connection, country: list[Any], zoom: int
) -> None:
    shown = drawn(country)
    assert sum(c["n"] for c in clusters(connection, zoom, shown, Filters())) == len(shown)


@pytest.mark.parametrize("zoom", [0, 5, 9, 13])
@pytest.mark.parametrize("categories", [(620,), (620, 183)])
def test_they_do_for_categories_too(
    connection: Connection, country: list[Any], zoom: int, categories: tuple[int, ...]
) -> None:
    shown = drawn(country, categories)
    assert sum(c["n"] for c in clusters(connection, zoom, shown, Filters(categories=categories))) == len(shown)


@pytest.mark.parametrize("zoom", [3, 8, 12])
@pytest.mark.parametrize(
    "filters",
    [
        Filters(departements=("59",)),
        Filters(bbox=(-5.0, 44.0, 5.0, 45.5)),
        Filters(departements=("59", "974"), categories=(620,)),
    ],
    ids=["département", "box", "départements and category"],
)
def test_and_for_any_other_filter(connection: Connection, country: list[Any], zoom: int, filters: Filters) -> None:
    shown = [
        r
        for r in drawn(country, filters.categories)
        if (not filters.departements or r["departement"] in filters.departements)
        and (
            not filters.bbox
            or (filters.bbox[0] <= r["lon"] <= filters.bbox[2] and filters.bbox[1] <= r["lat"] <= filters.bbox[3])
        )
    ]
    assert shown
    assert sum(c["n"] for c in clusters(connection, zoom, drawn(country), filters)) == len(shown)


def test_closed_ones_are_added_on_demand(connection: Connection, country: list[Any]) -> None:
    placed = [r for r in country if r["lon"] is not None]
    assert sum(c["n"] for c in clusters(connection, 6, placed, Filters(open_only=False))) == len(placed)


def test_a_cluster_of_one_names_its_structure(connection: Connection) -> None:
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(finess="990000001", at=LILLE)])
    counts.build(connection)
    for zoom in (0, 7, 13):
        (alone,) = clusters(connection, zoom, [{"lon": LILLE.lon, "lat": LILLE.lat}], Filters())
        assert alone == {"n": 1, "id": "f990000001"}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_cluster_stands_where_its_members_are(connection: Connection, place: Place) -> None:
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(at=place.moved(d, d)) for d in (-50, 0, 50)])
    counts.build(connection)
    (address,) = addresses([{"lon": place.lon, "lat": place.lat}], 6)
    layers = mapbox_vector_tile.decode(
        render.tile(connection, address, Filters()), default_options={"y_coord_down": True}
    )
    (cluster,) = layers["clusters"]["features"]
    x, y = units(np.array([place.lon]), np.array([place.lat]), 6)
    assert cluster["geometry"]["coordinates"] == pytest.approx([int(x[0]) & 4095, int(y[0]) & 4095], abs=1)


def test_points_are_all_there_once_from_zoom_14(connection: Connection, country: list[Any]) -> None:
    shown = drawn(country)
    x, y = units(np.array([r["lon"] for r in shown]), np.array([r["lat"] for r in shown]), 14)
    inside: list[str] = []
    for a, b in sorted({(int(i) >> 12, int(j) >> 12) for i, j in zip(x, y, strict=True)}):
        layers = mapbox_vector_tile.decode(
            render.tile(connection, TileAddress(14, a, b), Filters()), default_options={"y_coord_down": True}
        )
        for feature in layers["structures"]["features"]:
            column, row = feature["geometry"]["coordinates"]
            if 0 <= column < 4096 and 0 <= row < 4096:
                inside.append(feature["properties"]["id"])
    assert len(inside) == pytest.approx(len(shown), abs=1)  # a point on an edge rounds into either tile
    assert set(inside) <= {r["id"] for r in shown}


def test_names_come_with_zoom_16(connection: Connection) -> None:
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(name="PHARMACIE DU PORT", at=LILLE)])
    for zoom, properties in ((14, {"id", "categorie"}), (16, {"id", "categorie", "name"})):
        x, y = units(np.array([LILLE.lon]), np.array([LILLE.lat]), zoom)
        address = TileAddress(zoom, int(x[0]) >> 12, int(y[0]) >> 12)
        layers = mapbox_vector_tile.decode(render.tile(connection, address, Filters()))
        (feature,) = layers["structures"]["features"]
        assert set(feature["properties"]) == properties


def test_only_cells_that_changed_are_written(connection: Connection, country: list[Any]) -> None:
    assert counts.build(connection) == 0
    connection.execute(text("UPDATE structure SET open = false WHERE id = 'f990000001'"))
    zooms = CLUSTER_MAX_ZOOM + 1
    assert 0 < counts.build(connection) <= 2 * zooms  # its cell of each zoom, in its category and in all
    assert counts.verify(connection) == []


def test_verify_names_the_zoom_that_is_wrong(connection: Connection, country: list[Any]) -> None:
    assert counts.verify(connection) == []
    connection.execute(text("UPDATE tile_count SET n = n + 1 WHERE z = 4 AND categorie_no = 0"))
    (difference,) = counts.verify(connection)
    assert difference.startswith("zoom 4, catégorie toutes")


@pytest.mark.parametrize("impossible", [(-1, 0, 0), (0, 1, 0), (3, 8, 0), (3, 0, -1), (23, 0, 0)])
def test_an_impossible_tile_is_refused(impossible: tuple[int, int, int]) -> None:
    with pytest.raises(ImpossibleTile):
        TileAddress(*impossible)


def test_the_same_data_give_the_same_bytes(connection: Connection, country: list[Any]) -> None:
    address = addresses(drawn(country), 5)[0]
    first = render.tile(connection, address, Filters())
    assert first == render.tile(connection, address, Filters())
