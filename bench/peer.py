"""Servers that are asked beside ours: the structures that all of them stand on, and each from its first answer to its end."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests

from bench.country import Country
from bench.measure import Skipped
from tests.peers import environment, running, wait_for

FIRST_PORT = 18_940
KEEP_ALIVE_S = 600  # some seconds else: our client would speak to nobody
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


@contextmanager
def served(
    name: str, country: Country, command: Sequence[str], answers: str, settings: Mapping[str, str]
) -> Iterator[None]:
    """The program that answers at this address; `settings`: of its environment, which has the database's address too."""
    _prepare(country)
    told = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    told |= {"DATABASE_URL": country.instance.database_url, **settings}
    with (
        tempfile.TemporaryDirectory(prefix=f"lum1-{name}-") as folder,
        running(command, Path(folder), f"{name}.log", told) as server,
    ):
        try:
            wait_for(lambda: _answers(answers), server, Path(folder) / f"{name}.log")
        except RuntimeError as error:
            raise Skipped(f"{name} ne démarre pas : {error}") from error
        yield


def program(of: str, name: str) -> str:
    """Of an environment that `./lum1 bench` makes."""
    if not environment(of).is_dir():
        raise Skipped(f"requirements-{of}.lock n’est pas installé : ./lum1 bench l’installe.")
    return str(environment(of) / "bin" / name)


def uvicorn(of: str, app: str, port: int) -> list[str]:
    """One worker."""
    asked = [app, "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--no-access-log"]
    return [program(of, "uvicorn"), *asked, "--timeout-keep-alive", str(KEEP_ALIVE_S)]


def _prepare(country: Country) -> None:
    with psycopg.connect(country.instance.database_url, autocommit=True) as connection:
        if connection.execute("SELECT to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,):
            with connection.transaction():
                connection.execute(TABLE.encode())
            connection.execute(ANALYZE.encode())


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False
