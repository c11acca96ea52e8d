"""Clusters add up: every zoom, every category, every filter."""

from collections.abc import Sequence
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from sqlalchemy import Connection, text

from geo.categories import categories, categories_by_no, domaine_members, family_members
from geo.cells import CLUSTER_MAX_ZOOM, FINEST_ZOOM, tile_number, units
from geo.errors import InvalidIdentifier
from geo.filters import NONE, Filters
from geo.structures import structure
from tests.builders import a_structure, insert_structures
from tests.places import BORDEAUX, FORT_DE_FRANCE, LILLE, NOUMEA, SAINT_DENIS_REUNION, WALLIS, Place
from tiles import counts, layers, points, render
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
    x, y = units(np.array([r["lon"] for r in rows]), np.array([r["lat"] for r in rows]), zoom)
    pairs = {(int(a) >> 12, int(b) >> 12) for a, b in zip(x, y, strict=True)}
    return [TileAddress(zoom, a, b) for a, b in sorted(pairs)]


def clusters(
    connection: Connection, zoom: int, rows: Sequence[dict[str, Any]], filters: Filters
) -> list[dict[str, Any]]:
    found = []
    for address in addresses(rows, zoom):
        encoded = render.tile(connection, address, filters)
        if encoded:
            decoded = mapbox_vector_tile.decode(encoded, default_options={"y_coord_down": True})
            assert set(decoded) == {"clusters"}
            found += [feature["properties"] for feature in decoded["clusters"]["features"]]
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
    (cluster,) = features(connection, address)["clusters"]
    x, y = units(np.array([place.lon]), np.array([place.lat]), 6)
    assert cluster["geometry"]["coordinates"] == pytest.approx([int(x[0]) & 4095, int(y[0]) & 4095], abs=1)


def test_points_are_all_there_once_from_zoom_14(connection: Connection, country: list[Any]) -> None:
    shown = drawn(country)
    x, y = units(np.array([r["lon"] for r in shown]), np.array([r["lat"] for r in shown]), 14)
    inside: list[str] = []
    for a, b in sorted({(int(i) >> 12, int(j) >> 12) for i, j in zip(x, y, strict=True)}):
        for feature in features(connection, TileAddress(14, a, b))["structures"]:
            inside.append(feature["properties"]["id"])
    assert sorted(inside) == sorted(r["id"] for r in shown)


def test_names_come_with_zoom_16(connection: Connection) -> None:
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(name="PHARMACIE DU PORT", at=LILLE)])
    counts.build(connection)
    for zoom, properties in ((14, {"id", "categorie"}), (16, {"id", "categorie", "name"})):
        x, y = units(np.array([LILLE.lon]), np.array([LILLE.lat]), zoom)
        address = TileAddress(zoom, int(x[0]) >> 12, int(y[0]) >> 12)
        (feature,) = features(connection, address)["structures"]
        assert set(feature["properties"]) == properties


def test_only_cells_that_changed_are_written(connection: Connection, country: list[Any]) -> None:
    assert counts.build(connection) == 0
    connection.execute(text("UPDATE structure SET open = false WHERE id = 'f990000001'"))
    together = [layer for layer, members in layers.together().items() if 500 in members]
    written = counts.build(connection)  # its cell of each zoom, in its category and in all, and in its families
    assert written == (2 + len(together)) * (CLUSTER_MAX_ZOOM + 1)
    assert counts.verify(connection) == []


def test_verify_names_the_zoom_that_is_wrong(connection: Connection, country: list[Any]) -> None:
    assert counts.verify(connection) == []
    connection.execute(text("UPDATE tile_count SET n = n + 1 WHERE zoom = 4 AND layer = 0"))
    (difference,) = counts.verify(connection)
    assert difference.startswith("zoom 4, toutes catégories")


def test_verify_sees_a_cluster_that_stands_elsewhere(connection: Connection, country: list[Any]) -> None:
    connection.execute(text("UPDATE tile_count SET sx = sx + 1 WHERE zoom = 9 AND layer = 620"))
    (difference,) = counts.verify(connection)
    assert difference.startswith("zoom 9")


def test_verify_sees_a_point_that_is_not_where_its_structure_is(connection: Connection, country: list[Any]) -> None:
    connection.execute(text("UPDATE structure SET lon = lon + 0.001 WHERE id = 'f990000001'"))
    assert counts.verify(connection) == ["points des tuiles : f990000001 diffère"]


def kept(connection: Connection) -> dict[str, list[Any]]:
    asked = {
        "tile_count": "SELECT * FROM tile_count ORDER BY tile, layer, cell",
        "drawn": "SELECT * FROM drawn ORDER BY id",
    }
    return {table: connection.execute(text(query)).all() for table, query in asked.items()}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_changes_the_grid_ends_as_one_made_anew(connection: Connection, country: list[Any], seed: int) -> None:
    draw = np.random.default_rng(seed)
    changes = (
        "UPDATE structure SET open = NOT open WHERE id = :id",
        "UPDATE structure SET categorie_no = 365 WHERE id = :id",
        "UPDATE structure SET lon = lon + 0.02, lat = lat - 0.01 WHERE id = :id",
        "UPDATE structure SET lon = NULL, lat = NULL WHERE id = :id",
        "UPDATE structure SET name = name || ' BIS' WHERE id = :id",
        "DELETE FROM structure WHERE id = :id",
    )
    for _ in range(3):
        for number in draw.choice(300, 40, replace=False).tolist():
            connection.execute(text(changes[draw.integers(len(changes))]), {"id": f"f99{number:07d}"})
        added = [
            a_structure(finess=f"98{draw.integers(9_999_999):07d}", at=PLACES[each].moved(10, 10)) for each in (0, 4)
        ]
        insert_structures(connection, added)
        counts.build(connection)
        if draw.integers(2):
            counts.take_in(connection)
    assert counts.verify(connection) == []
    counts.take_in(connection)
    brought_up = kept(connection)
    connection.execute(text("UPDATE grid SET form = 'une autre'"))
    counts.build(connection)
    assert kept(connection) == brought_up


ASKED = (NONE, Filters(categories=(620,)), Filters(categories=(620, 183)), Filters(domaines=("SAN",)))


def test_tiles_are_the_same_to_the_byte_while_changes_wait_and_once_they_are_taken_in(
    connection: Connection, country: list[Any]
) -> None:
    connection.execute(text("UPDATE structure SET open = NOT open WHERE id < 'f990000040'"))
    connection.execute(text("UPDATE structure SET categorie_no = 183, lat = lat + 0.3 WHERE id > 'f990000260'"))
    assert counts.build(connection) > 0
    moved = [row | {"lat": row["lat"] + 0.3} for row in country if row["lat"]]
    asked = [
        (address, filters)
        for zoom in counts.ZOOMS
        for address in addresses(drawn([*country, *moved]), zoom)
        for filters in ASKED
    ]
    waiting = [render.tile(connection, *each) for each in asked]
    assert counts.take_in(connection) > 0
    assert [render.tile(connection, *each) for each in asked] == waiting
    connection.execute(text("UPDATE grid SET form = 'une autre'"))
    counts.build(connection)
    assert [render.tile(connection, *each) for each in asked] == waiting


def test_what_comes_to_nothing_changes_no_cell(connection: Connection, country: list[Any]) -> None:
    before = kept(connection)["tile_count"]
    for _ in range(2):
        connection.execute(text("UPDATE structure SET open = NOT open WHERE id < 'f990000040'"))
        assert counts.build(connection) > 0
        assert counts.verify(connection) == []
    assert counts.take_in(connection) == 0
    assert kept(connection)["tile_count"] == before


def test_verify_sees_what_waits_and_should_not(connection: Connection, country: list[Any]) -> None:
    connection.execute(text("UPDATE structure SET open = false WHERE id = 'f990000001'"))
    counts.build(connection)
    assert counts.verify(connection) == []
    connection.execute(text("DELETE FROM tile_change WHERE zoom = 3 AND layer = 0"))
    (difference,) = counts.verify(connection)
    assert difference.startswith("zoom 3, toutes catégories")


def test_who_takes_the_place_of_another_is_named(connection: Connection, country: list[Any]) -> None:
    """As where a register's structure turns out to be another's: the counts do not change, the one member does."""
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(finess="990000001", at=LILLE)])
    counts.build(connection)
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(finess="990000002", at=LILLE)])
    counts.build(connection)
    assert counts.verify(connection) == []
    for zoom in (0, 7, 13):
        (alone,) = clusters(connection, zoom, [{"lon": LILLE.lon, "lat": LILLE.lat}], Filters())
        assert alone == {"n": 1, "id": "f990000002"}


@pytest.mark.parametrize("finess", ["590000519", "2A0022596", "2BZ000007", "01Z000007"])
def test_whoever_stands_alone_is_named_whatever_the_number(connection: Connection, finess: str) -> None:
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(finess=finess, at=LILLE)])
    counts.build(connection)
    assert clusters(connection, 9, [{"lon": LILLE.lon, "lat": LILLE.lat}], Filters()) == [{"n": 1, "id": f"f{finess}"}]


def test_and_a_siret_that_begins_with_zeros(connection: Connection) -> None:
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(at=LILLE) | {"id": "s00564001200019"}])
    counts.build(connection)
    (alone,) = clusters(connection, 9, [{"lon": LILLE.lon, "lat": LILLE.lat}], Filters())
    assert alone["id"] == "s00564001200019"


def test_what_an_operator_wrote_under_no_id_of_a_structure_is_named(connection: Connection) -> None:
    insert_structures(connection, [a_structure(at=LILLE) | {"id": "f1"}])
    with pytest.raises(InvalidIdentifier, match="« f1 »"):
        counts.build(connection)


def test_a_country_counted_stretch_by_stretch_is_the_same(
    connection: Connection, country: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = kept(connection)
    monkeypatch.setattr(counts, "FEW", 0)
    connection.execute(text("UPDATE grid SET form = 'une autre'"))
    counts.build(connection)
    assert kept(connection) == at_once


def test_verify_sees_what_is_counted_where_nothing_stands(connection: Connection, country: list[Any]) -> None:
    stray = "INSERT INTO tile_count (tile, layer, cell, n, sx, sy, who, zoom) VALUES (:tile, 0, 5, 1, 9, 9, 7, :zoom)"
    for zoom, x, y in ((3, 0, 0), (9, 3, 3), (13, 8_000, 8_000)):
        connection.execute(text(stray), {"tile": tile_number(zoom, x, y), "zoom": zoom})
    assert [each.split(",")[0] for each in counts.verify(connection)] == ["zoom 3", "zoom 9", "zoom 13"]


def unnoticed(connection: Connection, change: str) -> None:
    """As a restore of data alone writes: without triggers."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    connection.execute(text(change))
    connection.execute(text("SET LOCAL session_replication_role = origin"))


def test_what_is_compared_is_what_was_noted_unless_all_of_it_is_asked_for(
    connection: Connection, country: list[Any]
) -> None:
    unnoticed(connection, "UPDATE structure SET open = false WHERE id = 'f990000001'")
    assert counts.build(connection) == 0
    assert counts.verify(connection) == ["points des tuiles : f990000001 diffère"]
    assert counts.build(connection, whole=True) > 0
    assert counts.verify(connection) == []


MANY = 50_001  # rows of one statement: more than are noted by name


def test_a_statement_that_writes_a_large_part_of_the_country_has_all_of_it_compared(connection: Connection) -> None:
    connection.execute(text("DELETE FROM structure"))
    insert_structures(connection, [a_structure(finess="990000001", at=LILLE)])
    counts.build(connection)
    columns = ", ".join(each.name for each in structure.c if each.name not in ("id", "geom"))
    copies = f"INSERT INTO structure (id, {columns}) SELECT 's' || lpad(n::text, 14, '0'), {columns} FROM structure, "
    connection.execute(text(f"{copies} generate_series(1, {MANY}) AS n"))
    assert connection.execute(text("SELECT DISTINCT id FROM to_draw")).scalars().all() == [""]
    counts.build(connection)
    (all_of_them,) = clusters(connection, 5, [{"lon": LILLE.lon, "lat": LILLE.lat}], Filters())
    assert all_of_them["n"] == MANY + 1
    connection.execute(text("TRUNCATE structure CASCADE"))
    counts.build(connection)
    counts.take_in(connection)
    assert kept(connection) == {"tile_count": [], "drawn": []}


def test_what_changes_nothing_that_is_drawn_is_not_noted(connection: Connection, country: list[Any]) -> None:
    connection.execute(text("UPDATE structure SET phones = '{}', postcode = '59000'"))
    assert connection.execute(text("SELECT count(*) FROM to_draw")).scalar_one() == 0


def test_a_name_changes_no_cell(connection: Connection, country: list[Any]) -> None:
    connection.execute(text("UPDATE structure SET name = name || ' BIS'"))
    assert counts.build(connection) == 0
    assert counts.verify(connection) == []


def test_a_grid_of_another_program_is_no_grid(connection: Connection, country: list[Any]) -> None:
    connection.execute(text("UPDATE grid SET form = 'une autre'"))
    assert not counts.is_current(connection)
    (difference,) = counts.verify(connection)
    assert "search rebuild" in difference


@pytest.mark.parametrize("code", ["SAN", "SOC"])
@pytest.mark.parametrize("zoom", [0, 6, 10, 13])
def test_a_domain_is_the_sum_of_its_categories(
    connection: Connection, country: list[Any], code: str, zoom: int
) -> None:
    shown = drawn(country, domaine_members(code))
    found = clusters(connection, zoom, drawn(country), Filters(domaines=(code,)))
    assert sum(c["n"] for c in found) == len(shown) > 0


@pytest.mark.parametrize("seed", range(10))
def test_layers_add_up_to_what_is_asked_and_to_nothing_else(seed: int) -> None:
    draw = np.random.default_rng(seed)
    known = sorted(categories_by_no())
    members = {**layers.together(), **{number: (number,) for number in known}}
    for asked in (domaine_members("SAN"), known, draw.choice(known, 30, replace=False).tolist(), [620]):
        found = [number for layer in layers.layers_of(asked) for number in members[layer]]
        assert sorted(found) == sorted(asked)


def test_a_family_is_one_layer(connection: Connection) -> None:
    numbers = [categories()[code].no for code in family_members("lib")]
    assert layers.layers_of(numbers) == [layers.FAMILY_LAYERS["lib"]]


def features(connection: Connection, address: TileAddress, filters: Filters = NONE) -> dict[str, list[Any]]:
    decoded = mapbox_vector_tile.decode(
        render.tile(connection, address, filters), default_options={"y_coord_down": True}
    )
    return {name: layer["features"] for name, layer in decoded.items()}


def test_structures_of_one_place_say_how_many_they_are(connection: Connection) -> None:
    connection.execute(text("DELETE FROM structure"))
    rows = [a_structure(finess=f"99000000{n}", at=LILLE) for n in range(3)]
    insert_structures(connection, [*rows, a_structure(finess="990000009", at=LILLE.moved(50, 0))])
    counts.build(connection)
    (address,) = addresses(rows, 14)
    found = {
        each["properties"]["id"]: each["properties"].get("n") for each in features(connection, address)["structures"]
    }
    assert found == {"f990000000": 3, "f990000001": 3, "f990000002": 3, "f990000009": None}


@pytest.mark.parametrize("zoom", [14, 16, 18])
def test_more_points_than_a_screen_can_show_are_counted(connection: Connection, zoom: int) -> None:
    connection.execute(text("DELETE FROM structure"))
    rows = [a_structure(finess=f"99{n:07}", at=LILLE, open=True) for n in range(points.MOST + 1)]
    insert_structures(connection, rows)
    counts.build(connection)
    (address,) = addresses(rows[:1], zoom)
    found = features(connection, address)
    assert [each["properties"] for each in found["clusters"]] == [{"n": points.MOST + 1}]
    connection.execute(text("DELETE FROM structure WHERE id = 'f990000000'"))
    counts.build(connection)
    assert len(features(connection, address)["structures"]) == points.MOST


def test_a_long_name_is_cut_between_two_words(connection: Connection) -> None:
    connection.execute(text("DELETE FROM structure"))
    long = "ETABLISSEMENT D HEBERGEMENT POUR PERSONNES AGEES DEPENDANTES DES GLYCINES"
    rows = [a_structure(name=long, at=LILLE)]
    insert_structures(connection, rows)
    counts.build(connection)
    (address,) = addresses(rows, 16)
    (feature,) = features(connection, address)["structures"]
    assert feature["properties"]["name"] == "ETABLISSEMENT D HEBERGEMENT POUR PERSONNES…"


@pytest.mark.parametrize("zoom", [14, 17, 18, 20, 22])
def test_a_point_stands_where_its_structure_is(connection: Connection, zoom: int) -> None:
    connection.execute(text("DELETE FROM structure"))
    rows = [a_structure(at=NOUMEA)]
    insert_structures(connection, rows)
    counts.build(connection)
    x, y = units(np.array([NOUMEA.lon]), np.array([NOUMEA.lat]), zoom)
    (feature,) = features(connection, TileAddress(zoom, int(x[0]) >> 12, int(y[0]) >> 12))["structures"]
    rounded = 1 << max(0, zoom - FINEST_ZOOM)
    assert feature["geometry"]["coordinates"] == pytest.approx([int(x[0]) & 4095, int(y[0]) & 4095], abs=rounded)


@pytest.mark.parametrize(
    "filters", [Filters(departements=("59",)), Filters(open_only=False), Filters(domaines=("SAN",))]
)
def test_points_pass_the_same_filters(connection: Connection, country: list[Any], filters: Filters) -> None:
    def passes(row: dict[str, Any]) -> bool:
        return (
            row["lon"] is not None
            and (row["open"] or not filters.open_only)
            and (not filters.departements or row["departement"] in filters.departements)
            and (not filters.domaines or row["categorie_no"] in domaine_members(*filters.domaines))
        )

    expected = [row for row in country if passes(row)]
    found = [
        each["properties"]["id"]
        for address in addresses([row for row in country if row["lon"] is not None], 14)
        for each in features(connection, address, filters).get("structures", [])
    ]
    assert sorted(found) == sorted(row["id"] for row in expected)


def test_a_tile_is_one_range_of_an_index(connection: Connection, country: list[Any]) -> None:
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    for query, index in (
        ("SELECT n FROM tile_count WHERE tile = 5 AND layer = 0 ORDER BY cell", "tile_count_pkey"),
        ("SELECT id FROM drawn WHERE place >= 5 AND place < 500 AND open", "drawn_place_idx"),
    ):
        plan = "\n".join(connection.execute(text(f"EXPLAIN {query}")).scalars())
        assert index in plan


def test_tiles_where_nothing_stands_are_known(connection: Connection, country: list[Any]) -> None:
    covered = counts.covered(connection)
    for zoom in (7, 9, 13, 16):
        for address in addresses(drawn(country), zoom):
            assert counts.may_hold(covered, zoom, address.x, address.y)
        assert not counts.may_hold(covered, zoom, 0, 0)


@pytest.mark.parametrize("impossible", [(-1, 0, 0), (0, 1, 0), (3, 8, 0), (3, 0, -1), (23, 0, 0)])
def test_an_impossible_tile_is_refused(impossible: tuple[int, int, int]) -> None:
    with pytest.raises(ImpossibleTile):
        TileAddress(*impossible)


def test_the_same_data_give_the_same_bytes(connection: Connection, country: list[Any]) -> None:
    address = addresses(drawn(country), 5)[0]
    first = render.tile(connection, address, Filters())
    assert first == render.tile(connection, address, Filters())
