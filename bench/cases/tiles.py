"""Tiles of two million structures: exact first, then beside the SQL of the grid, other servers, raw ASGI, numpy, supercluster."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import numpy as np
import polars as pl
import psycopg
import uvloop
from litestar import Litestar
from sqlalchemy import Connection, text

from api.machine.home import Home
from api.tiles import lane
from bench import brute, client, pipelined, raw_server, supercluster, tile_servers
from bench.brute import Everything
from bench.client import Client, Latency
from bench.country import Country
from bench.ground import Ground
from bench.in_turn import in_turn, one_after_the_other
from bench.measure import Measure, Skipped, check
from bench.tile_servers import TileServer
from geo.categories import categories_by_no
from geo.cells import EXTENT, FINEST_ZOOM, places, places_of_cell, places_of_tile, tiles_of, units
from geo.database import engine_for
from geo.filters import NONE, Filters
from tiles import counts, points, render
from tiles.cache import StoredTile
from tiles.grid import TileAddress

CLUSTERS, POINTS = (5, 8, 11), 14
OF_OTHERS = 6  # tiles of each zoom that other servers are asked for: they read every point of them
VERIFIED = 3  # of each zoom; a tile that was asked for is kept
CODES = 4  # categories of a filter, the commonest
CHANGED = 5_000
SHARE = 40  # at most one structure in as many of a small country
WORST_BYTES = 100_000
ANSWERS = 100  # times the requests of a case: from the cache, pipelined
TIMES_QUICKER = {"tipg": {5: 40, 8: 40, 11: 40, POINTS: 2}, "martin": {5: 1_000, 8: 500, 11: 200}}
TIMES_SQL, OF_RAW, TIMES_NUMPY, DELTA_S = 1.8, 0.5, 1.5, 2.0

Tile = tuple[int, int, int]


def tiles(ground: Ground) -> Iterator[Measure]:
    """Each tile is where structures stand: towns come as often as they weigh."""
    country, requests = ground.country(ground.sizes.country), ground.sizes.requests
    everything = Everything.drawn(country.rows)
    asked = {z: [(z, x, y) for x, y in everything.tiles(z, requests)] for z in (*CLUSTERS, POINTS)}
    with _left_as_it_was(country) as connection:
        ground.say("grille vérifiée")
        check("différences", counts.verify(connection), [])
        yield from _sums(connection)
        ground.say("pire tuile")
        yield _worst(connection)
    verified = {z: addresses[::3][:VERIFIED] for z, addresses in asked.items()}
    with (
        client.served(country.instance) as server,
        tile_servers.running(ground, country, everything, verified) as others,
    ):
        ground.say("réponses vérifiées")
        for addresses in verified.values():
            for tile in addresses:
                found = brute.drawn(server.tile(_ours(tile)))
                check(f"tuile {tile}", found, everything.in_tile(*tile))
        for other in others:
            yield from other.left_out
        ground.say("tuiles")
        for z, addresses in asked.items():
            yield from _uncached(country, server, others, z, addresses)
    yield from _cached(ground, country, asked[8][0])
    yield from _filtered(ground, country, everything, asked[5])
    with ground.part("supercluster"):
        yield from _beside_supercluster(ground, country, everything, [each for z in CLUSTERS for each in asked[z]])
    yield from _made(ground, country)


def _ours(tile: Tile) -> str:
    z, x, y = tile
    return f"/tiles/structures/{z}/{x}/{y}.mvt"


@contextmanager
def _left_as_it_was(country: Country) -> Iterator[Connection]:
    engine = engine_for(country.instance.database_url)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def _sums(connection: Connection) -> Iterator[Measure]:
    expected = connection.execute(text("SELECT count(*) FROM structure WHERE open AND lon IS NOT NULL")).scalar_one()
    for z in counts.ZOOMS:
        query = "SELECT sum(n) FROM tile_count WHERE zoom = :zoom AND layer = 0"
        check(f"somme au zoom {z}", connection.execute(text(query), {"zoom": z}).scalar_one(), expected)
    rows, size = connection.execute(
        text("SELECT count(*), pg_total_relation_size('tile_count') + pg_total_relation_size('drawn') FROM tile_count")
    ).one()
    yield Measure(label="structures ouvertes comptées à chaque zoom", value=expected, unit="")
    yield Measure(label="cellules de la grille", value=rows, unit="")
    yield Measure(label="grille et points, index compris", value=size / 1e6, unit="Mo")


def _worst(connection: Connection) -> Measure:
    """Of the fullest tiles of each zoom: those of points below the most that is drawn, and the widest grids."""
    worst = 0
    for z in (*counts.ZOOMS, *range(POINTS, points.POINT_MAX_ZOOM + 1)):
        fullest = connection.execute(text(FULLEST), {"wide": places_of_tile(z, 0, 0)[1], "most": points.MOST})
        columns, rows = tiles_of(np.array(fullest.scalars().all(), dtype=np.int64))
        for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
            stored = StoredTile.of(render.tile(connection, TileAddress(z, x, y), Filters()))
            worst = max(worst, len(stored.body))
    return Measure(label="pire tuile, gzip", value=worst, unit="o", target=WORST_BYTES)


# Of a zoom: the tiles with most structures, and those with most that are drawn one by one.
FULLEST = """
WITH held AS (SELECT place / :wide AS tile, count(*) AS n FROM drawn WHERE open GROUP BY 1)
(SELECT tile FROM held ORDER BY n DESC LIMIT 5)
UNION (SELECT tile FROM held WHERE n <= :most ORDER BY n DESC LIMIT 5)
"""


def _uncached(
    country: Country, server: Client, others: Sequence[TileServer], z: int, addresses: Sequence[Tile]
) -> Iterator[Measure]:
    with psycopg.connect(country.instance.database_url, autocommit=True, prepare_threshold=0) as connection:
        few, rest = addresses[1::3][:OF_OTHERS], addresses[2::3]  # the first of each three were asked for
        ours: dict[str, Callable[[Any], object]] = {"ours": lambda tile: server.get(_ours(tile))}
        first = CLUSTERS.index(z) if z in CLUSTERS else len(CLUSTERS)  # whoever begins warms the others' pages
        beside = one_after_the_other(ours | {other.name: other.get for other in others}, few, first)
        taken = in_turn(ours | {"sql": _sql(connection)}, rest)
        kept = client.timed(ours["ours"], rest)
        inside = _without_socket(country, _sql(connection), rest)
    label, times = f"tuile z{z}, sans cache ({len(rest)} tuiles)", TIMES_SQL if z in CLUSTERS else None
    yield Measure(label=f"{label}, les mêmes ensuite, gardées, médiane", value=kept.median, unit="ms")
    yield from _beside(label, taken["ours"], taken["sql"], "SQL seul", times)
    yield from _beside(f"{label}, dans le processus", inside["ours"], inside["sql"], "SQL seul", times)
    label = f"tuile z{z}, sans cache ({len(few)} tuiles)"
    for other in others:
        quicker = TIMES_QUICKER.get(other.name, {}).get(z)
        yield from _beside(label, beside["ours"], beside[other.name], other.name, 1 / quicker if quicker else None)


def _sql(connection: psycopg.Connection[Any]) -> Callable[[Tile], object]:
    def said(tile: Tile) -> object:
        asked, given = render.plain(TileAddress(*tile), NONE)
        return connection.execute(asked.sql.encode(), asked.given | given, prepare=True).fetchall()

    return said


def _beside(label: str, latency: Latency, floor: Latency, floor_label: str, times: float | None) -> Iterator[Measure]:
    """What is promised is promised of the median."""
    for which, name in {"médiane": "median", "95ᵉ centile": "p95"}.items():
        value, least = getattr(latency, name), getattr(floor, name)
        target = times * least if times and which == "médiane" else None
        yield Measure(
            label=f"{label}, {which}", value=value, unit="ms", floor=least, floor_label=floor_label, target=target
        )


def _cached(ground: Ground, country: Country, tile: Tile) -> Iterator[Measure]:
    ground.say("tuile gardée")
    with client.served(country.instance) as server:
        body = server.get(_ours(tile))
        with raw_server.running(ground.scratch("asgi"), body) as bare:
            address, count = server.address, ANSWERS * ground.sizes.requests
            ours, least = [], []
            for _ in range(3):
                ours.append(pipelined.per_second(address, _ours(tile), count))
                least.append(pipelined.per_second(bare, "/", count))
    best, floor = max(ours), max(least)
    yield Measure(
        label=f"tuile gardée ({len(body)} o), réponses par seconde",
        value=best,
        unit="",
        floor=floor,
        floor_label="ASGI nu",
    )
    yield Measure(
        label="tuile gardée, temps d’une réponse",
        value=1e6 / best,
        unit="µs",
        floor=1e6 / floor,
        floor_label="ASGI nu",
        target=1e6 / floor / OF_RAW,
    )


def _filtered(ground: Ground, country: Country, everything: Everything, addresses: Sequence[Tile]) -> Iterator[Measure]:
    """Four categories at zoom 5: the grid's layers over HTTP's back, beside arrays in the order of places."""
    ground.say("tuiles filtrées")
    commonest = everything.rows["categorie_no"].value_counts(sort=True)["categorie_no"].head(CODES).to_list()
    bound = _Numpy(everything.rows)
    filters = Filters(categories=tuple(commonest))
    engine = engine_for(country.instance.database_url)
    with engine.connect() as connection:
        for tile in addresses[:VERIFIED]:
            found = brute.counted(render.tile(connection, TileAddress(*tile), filters))
            check(f"tuile filtrée {tile}", found, sum(bound.counted(tile, commonest)))
        taken = in_turn(
            {
                "ours": lambda tile: render.tile(connection, TileAddress(*tile), filters),
                "numpy": lambda tile: bound.counted(tile, commonest),
            },
            [*addresses, *addresses],
        )
    engine.dispose()
    codes = ", ".join(categories_by_no()[number].code for number in commonest)
    yield Measure(
        label=f"tuile z5 de {CODES} catégories ({codes}), 95ᵉ centile",
        value=taken["ours"].p95,
        unit="ms",
        floor=taken["numpy"].p95,
        floor_label="numpy, sans encoder",
        target=TIMES_NUMPY * taken["numpy"].p95,
    )


class _Numpy:
    """Every structure in the order of its place, in the process: a tile is a stretch, a filter a comparison."""

    def __init__(self, rows: pl.DataFrame) -> None:
        x, y = units(rows["lon"].to_numpy(), rows["lat"].to_numpy(), FINEST_ZOOM)
        at = places(x, y)
        order = np.argsort(at, kind="stable")
        self._places, self._x, self._y = at[order], x[order].astype(np.int32), y[order].astype(np.int32)
        self._categories = rows["categorie_no"].to_numpy()[order]

    def counted(self, tile: Tile, categories: Sequence[int]) -> list[int]:
        begin, end = np.searchsorted(self._places, places_of_tile(*tile))
        kept = np.isin(self._categories[begin:end], categories)
        cells = self._places[begin:end][kept] // places_of_cell(tile[0])
        if not len(cells):
            return []
        starts = np.flatnonzero(np.diff(cells, prepend=-1))
        for axis in (self._x, self._y):
            np.add.reduceat((axis[begin:end][kept] >> FINEST_ZOOM - tile[0]) % EXTENT, starts, dtype=np.int64)
        found: list[int] = np.diff(starts, append=len(cells)).tolist()
        return found


def _beside_supercluster(
    ground: Ground, country: Country, everything: Everything, addresses: Sequence[Tile]
) -> Iterator[Measure]:
    ground.say("supercluster")
    axes = everything.rows.select("lon", "lat").to_numpy()
    theirs = supercluster.clustered(Home(country.instance.home), ground.scratch("supercluster"), axes, addresses)
    for tile, counted in zip(addresses, theirs.counted, strict=True):
        if counted < everything.in_tile(*tile):  # its tiles have margins: never fewer
            raise Skipped(f"supercluster compte {counted} points dans la tuile {tile}.")
    taken = _in_process(country, addresses)
    peer = client.latency_of(theirs.taken)
    yield Measure(label="index de supercluster", value=theirs.built / 1_000, unit="s")
    yield Measure(
        label="tuile gardée, dans le processus, médiane",
        value=taken.median * 1_000,
        unit="µs",
        floor=peer.median * 1_000,
        floor_label="supercluster et son encodage",
        target=peer.median * 1_000,
    )


def _without_socket(country: Country, sql: Callable[[Tile], object], addresses: Sequence[Tile]) -> dict[str, Latency]:
    """In turn, the application as its server calls it, on the same event loop, of which nothing was asked, and the SQL."""

    async def asked() -> dict[str, Latency]:
        ours, alone = [], []
        async with _application(country) as app:
            await app(_scope((0, 0, 0)), None, _drop)  # type: ignore[arg-type]
            for tile in addresses:
                began = time.perf_counter()
                await app(_scope(tile), None, _drop)  # type: ignore[arg-type]
                answered = time.perf_counter()
                sql(tile)
                ours.append((answered - began) * client.MILLISECONDS)
                alone.append((time.perf_counter() - answered) * client.MILLISECONDS)
        return {"ours": client.latency_of(ours), "sql": client.latency_of(alone)}

    return uvloop.run(asked())


@asynccontextmanager
async def _application(country: Country) -> AsyncIterator[Litestar]:
    from api.app import create_app  # a second that few cases ask for

    app = create_app(country.instance)
    async with app.lifespan():
        yield app


async def _drop(message: object) -> None:
    """What would go out."""


def _in_process(country: Country, addresses: Sequence[Tile]) -> Latency:
    """What a request finds when its tile was drawn: the whole way of the answer but the socket."""

    async def asked() -> Latency:
        async with _application(country) as app:
            scopes = [_scope(tile) for tile in addresses]
            taken = []
            for scope in scopes:
                await app(dict(scope), None, _drop)  # type: ignore[arg-type]
            for scope in scopes:
                began = time.perf_counter()
                found = await lane.answered(app.state, scope, _drop)
                taken.append((time.perf_counter() - began) * client.MILLISECONDS)
                if not found:
                    await app(dict(scope), None, _drop)  # type: ignore[arg-type]
        return client.latency_of(taken)

    return uvloop.run(asked())


def _scope(tile: Tile) -> dict[str, Any]:
    address = _ours(tile)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"accept-encoding", b"gzip")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


def _made(ground: Ground, country: Country) -> Iterator[Measure]:
    changed = min(CHANGED, ground.sizes.country // SHARE)
    ground.say(f"{changed} changements")
    with _left_as_it_was(country) as connection:
        before = connection.begin_nested()
        yield _changed(connection, changed, "pages pas lues depuis longtemps")[0]
        before.rollback()
        taken, written = _changed(connection, changed, "encore, pages en mémoire")
        check("différences après", counts.verify(connection), [])
        yield taken
        yield Measure(label="cellules qui changent", value=written, unit="")
        ground.say("grille entière")
        connection.execute(text(f"TRUNCATE {', '.join(counts.TABLES)}"))
        began = time.perf_counter()
        counts.build(connection)
        yield Measure(label="points et grille, entiers", value=time.perf_counter() - began, unit="s")
    _sweep(country)


def _changed(connection: Connection, changed: int, when: str) -> tuple[Measure, int]:
    """How long the grid takes to follow, and how many of its cells change."""
    connection.execute(text(CHANGES), {"changed": changed})
    began = time.perf_counter()
    written = counts.build(connection)
    taken = time.perf_counter() - began
    check("cellules écrites", written > changed, True)
    label = f"{changed} changements (un tiers fermées, déplacées, d’une autre catégorie), {when}"
    return Measure(label=label, value=taken, unit="s", target=DELTA_S), written


def _sweep(country: Country) -> None:
    """Of what was written and rolled back: a kept country has it until it is swept, and the next run would read through it."""
    engine = engine_for(country.instance.database_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (*counts.TABLES, "structure"):
            connection.execute(text(f"VACUUM (ANALYZE) {table}"))
            connection.execute(text(f"REINDEX TABLE {table}"))
    engine.dispose()


# Structures as far apart as chance has them: closed, moved by a kilometre, of another category.
CHANGES = """
WITH changed AS (
    SELECT id, row_number() OVER () % 3 AS kind FROM (
        SELECT id FROM structure WHERE open AND lon IS NOT NULL ORDER BY md5(id) LIMIT :changed
    ) AS chosen
)
UPDATE structure AS s
SET open = kind <> 0,
    lon = CASE WHEN kind = 1 THEN lon + 0.01 ELSE lon END,
    categorie_no = CASE WHEN kind = 2 THEN 355 ELSE categorie_no END
FROM changed WHERE changed.id = s.id
"""
