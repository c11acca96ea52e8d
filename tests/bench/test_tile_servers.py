"""A tile server is measured beside ours when it gives the structures of a tile, and told of when it cannot be had."""

from collections.abc import Iterator
from pathlib import Path

import mapbox_vector_tile
import polars as pl
import pytest

from bench import martin, raw_server
from bench.brute import Everything
from bench.client import Client
from bench.measure import Skipped
from bench.tile_servers import left_out_of

PARIS = {"lon": 2.3522, "lat": 48.8566}
NEAR, CLOSE = (8, 129, 88), (14, 8299, 5636)  # tiles that hold it
POINTS = [
    {"geometry": f"POINT({at} {at})", "properties": {"id": name, "categorie_no": 7}}
    for at, name in ((9, "a"), (9, "b"))
]
TILE = mapbox_vector_tile.encode({"name": "structures", "features": POINTS})


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Of a server that gives a and b, whatever the tile."""
    with raw_server.running(tmp_path_factory.mktemp("two"), TILE) as address, Client(address) as asked:
        yield asked


def left_out(client: Client, standing: str, tile: tuple[int, int, int]) -> list[tuple[float, float | None]]:
    """Where these structures stand in Paris: how many are left out, of how many."""
    everything = Everything(pl.DataFrame([{"id": name, **PARIS} for name in standing]))
    found = left_out_of("elle", client, "/{z}/{x}/{y}", everything, {tile[0]: [tile]})
    return [(each.value, each.floor) for each in found]


def test_whoever_gives_every_structure_leaves_none_out(client: Client) -> None:
    assert left_out(client, "ab", NEAR) == left_out(client, "ab", CLOSE) == []


def test_structures_left_out_are_counted_where_points_are_many(client: Client) -> None:
    assert left_out(client, "abc", NEAR) == [(1, 3)]


def test_structures_left_out_where_they_are_few_are_a_wrong_tile(client: Client) -> None:
    with pytest.raises(Skipped, match="1 structures absentes, 0 venues d’ailleurs"):
        left_out(client, "abc", CLOSE)


def test_a_structure_that_stands_elsewhere_is_a_wrong_tile_at_any_zoom(client: Client) -> None:
    for tile in (NEAR, CLOSE):
        with pytest.raises(Skipped, match="0 structures absentes, 1 venues d’ailleurs"):
            left_out(client, "a", tile)


def test_without_cargo_a_word_says_that_martin_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    martin.install(tmp_path, said.append)
    assert said == ["martin : Cargo manque, il ne sera pas mesuré"]
    assert list(tmp_path.iterdir()) == []
