"""timvt, PostGIS to vector tiles in FastAPI, which tipg came after. At most 10,000 points in a tile, any ones; no clusters."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.machine.ports import free_port
from bench import peer
from bench.country import Country


@contextmanager
def tiles(country: Country) -> Iterator[str]:
    """One uvicorn worker; where its tiles are."""
    address = f"http://127.0.0.1:{(port := free_port(at_least=peer.FIRST_PORT))}"
    with peer.served("timvt", country, peer.uvicorn("peers", "timvt.main:app", port), f"{address}/healthz", {}):
        yield f"{address}/tiles/{peer.SCHEMA}.structure/{{z}}/{{x}}/{{y}}?columns=id,categorie_no"
