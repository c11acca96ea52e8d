"""tipg, PostGIS to HTTP as OGC API Features, on the same structures: what a place's neighbours are asked of beside ours."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests

from api.machine.ports import free_port
from bench.country import Country
from tests.peers import environment, running, wait_for

FIRST_PORT = 18_940
SCHEMA = "peer"
# What such a server is usually given: points in degrees, in the order they came, under GiST; open ones only, as ours answers.
TABLE = f"""
CREATE SCHEMA {SCHEMA};
CREATE TABLE {SCHEMA}.structure (
    id text PRIMARY KEY, name text, categorie_no int, postcode text, commune_name text, geom geometry(Point, 4326)
);
INSERT INTO {SCHEMA}.structure
SELECT id, name, categorie_no, postcode, commune_name, ST_SetSRID(ST_MakePoint(lon, lat), 4326)
FROM structure WHERE open AND lon IS NOT NULL ORDER BY id;
CREATE INDEX ON {SCHEMA}.structure USING gist (geom);
"""
ANALYZE = f"VACUUM (ANALYZE) {SCHEMA}.structure"


def is_installed() -> bool:
    """Whether `./lum1 bench` or `./lum1 test` ever ran here."""
    return environment("tipg").is_dir()


@contextmanager
def running_tipg(country: Country) -> Iterator[str]:
    """One uvicorn worker; the address of the structures' items."""
    _prepare(country)
    port = free_port(at_least=FIRST_PORT)
    program = str(environment("tipg") / "bin" / "uvicorn")
    asked = ["tipg.main:app", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--no-access-log"]
    asked += ["--timeout-keep-alive", "600"]  # five seconds else: our client would speak to nobody
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
        "DATABASE_URL": country.instance.database_url,
        "TIPG_DB_SCHEMAS": f'["{SCHEMA}"]',
    }
    items = f"http://127.0.0.1:{port}/collections/{SCHEMA}.structure/items"
    with (
        tempfile.TemporaryDirectory(prefix="lum1-tipg-") as name,
        running([program, *asked], Path(name), "tipg.log", variables) as server,
    ):
        wait_for(lambda: _answers(items), server, Path(name) / "tipg.log")
        yield items


def _prepare(country: Country) -> None:
    with psycopg.connect(country.instance.database_url, autocommit=True) as connection:
        if connection.execute("SELECT to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,):
            with connection.transaction():
                connection.execute(TABLE.encode())
            connection.execute(ANALYZE.encode())


def _answers(items: str) -> bool:
    try:
        return requests.get(items, params={"limit": 1}, timeout=5).ok
    except requests.ConnectionError:
        return False
