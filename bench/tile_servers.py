"""Other servers of tiles on the same structures: those that can be had here, each kept when its points are those of a tile."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httptools
import msgspec

from bench import brute, martin, timvt, tipg, vectortiles
from bench.brute import Everything
from bench.client import Client
from bench.country import Country
from bench.ground import Ground
from bench.measure import Measure, Skipped, WrongAnswer

SERVERS = {"tipg": tipg.tiles, "timvt": timvt.tiles, "django-vectortiles": vectortiles.tiles, "martin": martin.tiles}
PATIENCE_S = 300  # some give every point of a region
MARGIN = 257  # units around a tile where they give points too, the widest; one more, since they round and we floor
WHOLE = 14  # from this zoom on no tile has more points than any of them gives

Tile = tuple[int, int, int]


class TileServer(msgspec.Struct, frozen=True):
    """One that is asked beside ours, and how many structures of a tile it leaves out."""

    name: str
    client: Client
    path: str
    left_out: list[Measure]

    def get(self, tile: Tile) -> bytes:
        """As it comes."""
        return self.client.get(_path(self.path, tile))


@contextmanager
def running(
    ground: Ground, country: Country, everything: Everything, tiles: Mapping[int, Sequence[Tile]]
) -> Iterator[list[TileServer]]:
    """One worker each, all at once; `tiles`, by zoom: what is asked before the clock runs."""
    found = []
    with ExitStack() as started:
        for name, served in SERVERS.items():
            ground.say(name)
            with ground.part(name):
                address = started.enter_context(served(country))
                client = started.enter_context(Client(address, PATIENCE_S))
                path = address.removeprefix(f"http://{urlsplit(address).netloc}")
                left_out = list(left_out_of(name, client, path, everything, tiles))
                found.append(TileServer(name, client, path, left_out))
        yield found


def left_out_of(
    name: str, client: Client, path: str, everything: Everything, tiles: Mapping[int, Sequence[Tile]]
) -> Iterator[Measure]:
    """Structures of a tile that it does not give, and does not say so; none where it should be whole, and no others."""
    for tile in (tile for z, each in tiles.items() for tile in (each if z >= WHOLE else each[:1])):
        expected = everything.ids_in_tile(*tile)
        try:
            given = set(brute.ids(client.tile(_path(path, tile))))
        except (OSError, httptools.HttpParserError, WrongAnswer) as error:
            raise Skipped(f"tuile {tile} : {error}") from error
        missing, others = len(expected - given), len(given - everything.ids_in_tile(*tile, margin=MARGIN))
        if others or (missing and tile[0] >= WHOLE):
            raise Skipped(f"tuile {tile} : {missing} structures absentes, {others} venues d’ailleurs.")
        if missing:
            yield Measure(
                label=f"tuile z{tile[0]}, structures que {name} laisse de côté",
                value=missing,
                unit="",
                floor=len(expected),
                floor_label="de la tuile",
            )


def _path(path: str, tile: Tile) -> str:
    z, x, y = tile
    return path.format(z=z, x=x, y=y)
