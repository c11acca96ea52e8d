"""tipg, PostGIS to HTTP as OGC API Features and Tiles, on the same structures. At most 10,000 in a tile, by id; no clusters."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.machine.ports import free_port
from bench import peer
from bench.country import Country


@contextmanager
def running_tipg(country: Country) -> Iterator[str]:
    """One uvicorn worker; the address of the structures' items."""
    port = free_port(at_least=peer.FIRST_PORT)
    items = f"http://127.0.0.1:{port}/collections/{peer.SCHEMA}.structure/items"
    command = peer.uvicorn("tipg", "tipg.main:app", port)
    settings = {"TIPG_DB_SCHEMAS": f'["{peer.SCHEMA}"]'}
    with peer.served("tipg", country, command, f"{items}?limit=1", settings):
        yield items


@contextmanager
def tiles(country: Country) -> Iterator[str]:
    """Where its tiles are."""
    with running_tipg(country) as items:
        yield items.removesuffix("/items") + "/tiles/WebMercatorQuad/{z}/{x}/{y}?properties=id,categorie_no"
