"""What is served of tiles: one publication's, said again without a question, the next one's as soon as there is one."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import mapbox_vector_tile
import msgspec
import numpy as np
import psycopg
import pytest
from litestar import Request
from litestar.testing import TestClient

from api.app import create_app
from api.conditional import already_has
from api.tiles import server
from etl import publish
from geo import database
from geo.communes import area_names, communes
from geo.database import engine_for
from geo.recent import Recent
from geo.settings import Settings
from tests.api.conftest import demo_with_everything
from tests.once import copy_of

Client = TestClient[Any]
WORLD = "/tiles/structures/0/0/0.mvt"
ASKED = (
    "",
    "?categorie=620",
    "?domaine=SAN",
    "?departement=75",
    "?open=all",
    "?q=pharmacie",
    "?telephone=true&categorie=4400",
)


@pytest.fixture
def instance(server_url: str, tmp_path: Path) -> Iterator[Settings]:
    with copy_of(demo_with_everything, server_url, tmp_path) as settings:
        yield settings


@pytest.fixture
def client(instance: Settings) -> Iterator[Client]:
    with TestClient(create_app(instance), raise_server_exceptions=False) as client:
        yield client


def counted(answer: Any) -> int:
    tile = mapbox_vector_tile.decode(answer.content) if answer.content else {}
    return sum(each["properties"]["n"] for each in tile.get("clusters", {"features": []})["features"])


def close_all(instance: Settings) -> None:
    """Everybody's categories and states stay, but for half of the country, which closes; published."""
    engine = engine_for(instance.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE structure SET open = false WHERE md5(id) < '8'")
        publish.rebuild(connection, instance.search_root, lambda step: None)
    engine.dispose()


@pytest.mark.parametrize("query", ASKED)
def test_a_publication_is_drawn_at_the_next_look(
    client: Client, instance: Settings, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    before = client.get(WORLD + query)
    close_all(instance)
    monkeypatch.setattr(server, "VERSION_LIFE_S", -1.0)  # looked at each time
    after = client.get(WORLD + query, headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    if query == "?open=all":
        assert counted(after) == counted(before)
    else:
        assert 0 < counted(after) < counted(before)


def test_what_was_drawn_of_the_publication_before_is_never_ready_again(client: Client, instance: Settings) -> None:
    tiles = server.server_of(client.app.state)
    client.get(WORLD)
    old = tiles.ready(WORLD, b"", "gzip") or tiles.ready(WORLD, b"", "br")
    close_all(instance)
    tiles._read_at = 0.0
    now = counted(client.get(WORLD, headers={"accept-encoding": "gzip"}))
    if old is not None:  # as one that was still on its way would
        tiles.keep_ready(WORLD, b"", "gzip", old)
    assert counted(client.get(WORLD, headers={"accept-encoding": "gzip"})) == now


def test_who_has_a_tile_is_told_so_without_postgresql(
    client: Client, instance: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "VERSION_LIFE_S", 600.0)
    held = {query: client.get(WORLD + query).headers["etag"] for query in ASKED}
    unheard = client.get("/tiles/structures/5/16/11.mvt?q=ehpad").headers["etag"]
    with _nobody_in(instance):
        for query, etag in held.items():
            assert client.get(WORLD + query, headers={"if-none-match": etag}).status_code == 304
            assert counted(client.get(WORLD + query)) > 0
        server.server_of(client.app.state)._ready.clear()
        again = {"if-none-match": f'W/{unheard}, "x"'}
        assert client.get("/tiles/structures/5/16/11.mvt?q=ehpad", headers=again).status_code == 304
        assert client.get("/tiles/structures/9/3/3.mvt").status_code == 204  # in the Pacific: nothing is asked
        away = client.get("/tiles/structures/6/32/22.mvt")
        assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
        assert "retry-after" in away.headers
    assert client.get("/tiles/structures/6/32/22.mvt").status_code == 200  # PostgreSQL is back


class _nobody_in:
    """Nobody may connect to a database meanwhile, and whoever was there has left."""

    def __init__(self, instance: Settings) -> None:
        server, _, self._name = instance.database_url.replace("postgresql+psycopg://", "postgresql://").rpartition("/")
        self._server = f"{server}/postgres"

    def __enter__(self) -> None:
        self._say("false")
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._name]
            )

    def __exit__(self, *_: object) -> None:
        self._say("true")

    def _say(self, allowed: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS {allowed}'.encode())


def test_many_at_once_get_the_same_bytes(client: Client) -> None:
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda _: client.get("/tiles/structures/4/8/5.mvt").content, range(48)))
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    "address",
    [
        "/tiles/structures/23/0/0.mvt", "/tiles/structures/5/32/0.mvt", "/tiles/structures/5/0/32.mvt",
        "/tiles/structures/-1/0/0.mvt", "/tiles/structures/5/-1/0.mvt", "/tiles/areas/5/0/-1.mvt",
        "/tiles/base/5/123456789012/0.mvt", f"{WORLD}?bbox=NaN,1,2,3",
        f"{WORLD}?lat=nan&lon=2&radius=5", f"{WORLD}?lat=48&lon=2&radius=inf", f"{WORLD}?categorie=inconnue",
        f"{WORLD}?{'&'.join(f'categorie={n:03}' for n in range(3_000))}", f"{WORLD}?q={quote('é' * 201)}",
    ],
)  # fmt: skip
def test_a_bad_address_is_a_problem_each_time(client: Client, address: str) -> None:
    for _ in range(2):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_head_says_what_get_would(client: Client) -> None:
    for _ in range(2):
        got, headed = client.get("/tiles/structures/5/16/11.mvt"), client.head("/tiles/structures/5/16/11.mvt")
        assert headed.content == b""
        assert {n: headed.headers[n] for n in ("etag", "content-length")} == {
            n: got.headers[n] for n in ("etag", "content-length")
        }


def test_what_is_kept_for_the_next_takes_no_more_memory_than_is_counted(client: Client) -> None:
    codes, epcis = sorted(communes()), sorted(area_names("epci"))
    for number in range(8):  # each a question of 200 communes and 200 EPCI, which is 27 kB of codes
        many = {"commune": codes[200 * number :][:200], "epci": epcis[100 * number :][:200], "open": "all"}
        query = urlencode(many, doseq=True)
        for encoding in ("identity", "gzip", "br"):
            for kind in ("structures", "areas"):
                address = f"/tiles/{kind}/5/16/11.mvt?{query}"
                assert client.get(address, headers={"accept-encoding": encoding}).status_code in (200, 204)
    for address in ("/tiles/base/3/4/2.mvt", "/tiles/base/5/16/11.mvt", WORLD):
        client.get(address, headers={"accept-encoding": "identity"})
    tiles, search = server.server_of(client.app.state), client.app.state.search
    kept: tuple[Recent[Any], ...] = (tiles._ready, tiles._cache._tiles, tiles._counts._counts, search._standing)
    for each in kept:
        assert 0 < taken_by(each._values, set()) <= each._held


def taken_by(value: Any, seen: set[int]) -> int:
    """Bytes of memory of all that it holds and was not yet seen."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return value.nbytes + sys.getsizeof(np.empty(0))
    held: list[Any] = []
    if isinstance(value, dict):
        held = [*value, *value.values()]
    elif isinstance(value, tuple | list):
        held = list(value)
    elif isinstance(value, msgspec.Struct):
        held = [getattr(value, name) for name in value.__struct_fields__] + [getattr(value, "__dict__", None)]
    return sys.getsizeof(value) + sum(taken_by(each, seen) for each in held)


@pytest.mark.parametrize(
    "address", ["/tiles/base/0/0/0.mvt", "/tiles/base.json", "/tiles/style.json", "/style.json"]
)  # fmt: skip
def test_what_has_no_such_parameter_refuses_it_rather_than_being_kept_twice(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200
    answer = client.get(f"{address}?n=1")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("address", ["/tiles/style.json", "/style.json"])
def test_a_style_has_two_themes_and_no_other(client: Client, address: str) -> None:
    assert client.get(f"{address}?theme=sombre").json() != client.get(f"{address}?theme=clair").json()
    assert client.get(f"{address}?theme=rose").status_code == 400


def test_what_postgresql_does_not_answer_in_time_is_told_to_come_back(
    instance: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LONGEST_MS", 50)
    asked = (
        "/tiles/structures/6/32/22.mvt",
        "/tiles/structures/6/32/22.mvt?categorie=620",
        "/tiles/structures/15/16384/11000.mvt?departement=75",
        "/tiles/areas/5/16/11.mvt",
        "/tiles/base/5/16/11.mvt",
        "/ogc/collections/structures/items",
        "/api/v1/structures/finess:750000001",
    )
    with TestClient(create_app(instance), raise_server_exceptions=False) as client:
        client.get(WORLD)
        with psycopg.connect(instance.database_url.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE structure, drawn, tile_count, base_shape IN ACCESS EXCLUSIVE MODE")
            for address in asked:
                answer = client.get(address)
                assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json"), (
                    address
                )
                assert answer.headers["retry-after"]
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "trop de temps" in answer.json()["detail"]
        assert client.get(asked[0]).status_code == 200


def test_a_tile_is_kept_once_however_its_address_is_written(client: Client) -> None:
    tiles = server.server_of(client.app.state)
    for kind in ("structures", "base"):
        client.get(f"/tiles/{kind}/5/16/11.mvt")
    kept = tiles._ready._held
    assert kept
    for kind in ("structures", "base"):
        for address in (
            f"{kind}/05/0016/11.mvt",
            f"{kind}/5/16/00011.mvt",
            f"{kind}/5/16/11.mvt/",
            f"/{kind}/5/16/11.mvt",
        ):
            client.get(f"/tiles/{address}")
    client.get("/ogc/collections/structures/tiles/WebMercatorQuad/5/11/16")
    assert tiles._ready._held == kept


def test_a_list_in_several_header_lines_is_one_list() -> None:
    lines = [
        ("If-None-Match", '"a"'),
        ("Accept-Encoding", "br"),
        ("If-None-Match", '"b"'),
        ("Accept-Encoding", "gzip;q=0.5"),
    ]
    scope = {"type": "http", "headers": [(name.lower().encode(), value.encode()) for name, value in lines]}
    assert server.told_to(scope) == ('"a", "b"', "br")
    assert [already_has(Request(scope), etag) for etag in ('"a"', '"b"', '"c"')] == [True, True, False]  # type: ignore[arg-type]
