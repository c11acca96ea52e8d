"""django-vectortiles, tiles of a GeoDjango model through `ST_AsMVT`, on the same structures. Every point, no clusters."""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

from api.machine.ports import free_port
from bench import peer
from bench.country import Country
from bench.measure import Skipped

HERE = Path(__file__).parent


@contextmanager
def tiles(country: Country) -> Iterator[str]:
    """One gunicorn worker that keeps its connections, to us and to PostgreSQL; where its tiles are."""
    if not (find_library("gdal") and find_library("geos_c")):
        raise Skipped("GeoDjango veut GDAL et GEOS, du paquet gdal-bin.")
    port = free_port(at_least=peer.FIRST_PORT)
    asked = ["--bind", f"127.0.0.1:{port}", "--pythonpath", str(HERE), "--workers", "1", "--worker-class", "gthread"]
    asked += ["--threads", "1", "--keep-alive", str(peer.KEEP_ALIVE_S), "--timeout", str(peer.KEEP_ALIVE_S)]
    command = [peer.program("peers", "gunicorn"), *asked, "django.core.wsgi:get_wsgi_application()"]
    address = f"http://127.0.0.1:{port}/tiles"
    settings = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONDONTWRITEBYTECODE": "1"}
    with peer.served("django-vectortiles", country, command, f"{address}/14/0/0", settings):
        yield address + "/{z}/{x}/{y}"
