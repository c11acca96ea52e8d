"""The live volume through the real server: lists, suggestions and tiles, beside an empty answer."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
import psycopg

from bench import brute, client
from bench.brute import Everything
from bench.client import Client, Latency, path
from bench.ground import Ground, Volume
from bench.measure import Measure, WrongAnswer, check

SEARCH, SUGGEST = "/api/v1/search", "/api/v1/suggest"
WORDS = ("pharmacie", "ehpad", "infirmier", "laboratoire", "maison", "hopital", "foyer", "centre")
HALF_BOX = 0.1  # degrees: a box of some twenty kilometres, a screen at zoom 11
AROUND_M = 20_000
TYPED = 6  # letters of a name
CLUSTERS, POINTS = (5, 8, 11), (14,)
VERIFIED = 5  # of each kind, by brute force
ROUNDING_M = 0.1  # of distances in answers
FLOORS = (None, "/livez", "/livez + SELECT 1")


def serving(ground: Ground) -> Iterator[Measure]:
    volume, requests = ground.volume, ground.sizes.requests
    everything = Everything.of(volume.instance)
    with client.served(volume.instance) as server:
        ground.say("réponses vérifiées")
        verify(server, volume, everything)
        ground.say("réponses mesurées")
        empty = client.timed(server.get, ["/livez"] * requests)
        round_trip = _round_trip(volume, requests)
        yield from _both("SELECT 1, aller et retour", round_trip)
        yield from _both("/livez", empty)
        for label, questions in _questions(everything, requests).items():
            yield from _both(label, client.timed(server.get, questions), empty, round_trip)
    # other servers, whose caches are empty
    with client.served(volume.instance) as server:
        server.get("/livez")
        server.get(path(SEARCH, limit=1))
        for z in (*CLUSTERS, *POINTS):
            tiles = [_tile(z, *at) for at in everything.tiles(z, requests)]
            yield from _both(
                f"tuile z{z}, froide ({len(tiles)} tuiles)", client.timed(server.get, tiles), empty, round_trip
            )
            warm = [tiles[rank % len(tiles)] for rank in range(requests)]
            yield from _both(f"tuile z{z}, tiède", client.timed(server.get, warm), empty)


def verify(server: Client, volume: Volume, everything: Everything) -> None:
    truth = pl.read_parquet(volume.files.truth)
    check("structures ouvertes", server.json(path(SEARCH, limit=1))["total"], int(truth["open"].sum()))
    check("structures", server.json(path(SEARCH, limit=1, open="all"))["total"], len(truth))
    for row in everything.rows.head(VERIFIED).iter_rows(named=True):
        _verify_place(server, everything, row)
    for z in CLUSTERS:
        for x, y in everything.tiles(z, VERIFIED):
            found = brute.counted(server.tile(_tile(z, x, y)))
            check(f"tuile {z}/{x}/{y}", found, everything.in_tile(z, x, y))
    for z in POINTS:
        for x, y in everything.tiles(z, VERIFIED):
            found = brute.drawn(server.tile(_tile(z, x, y)))
            check(f"tuile {z}/{x}/{y}", found, everything.in_tile(z, x, y))


def _verify_place(server: Client, everything: Everything, row: dict[str, Any]) -> None:
    near = server.json(_nearest(row))
    found = [each["distance_m"] for each in near["results"]]
    expected = everything.nearest_m(row["lon"], row["lat"], len(found))
    if not found or any(abs(a - b) > ROUNDING_M for a, b in zip(found, expected, strict=True)):
        raise WrongAnswer(f"plus proches de {row['id']} : {found} au lieu de {expected}.")
    box = _box(row)
    boxed = server.json(_in_box(row))
    check("total du cadre", boxed["total"], everything.in_box(*box))
    check("somme des facettes", sum(each["count"] for each in boxed["facets"]["categorie"]), boxed["total"])
    named = server.json(path(SEARCH, q=row["name"], lat=row["lat"], lon=row["lon"], radius=1, limit=100))
    if row["id"] not in [each["id"] for each in named["results"]]:
        raise WrongAnswer(f"« {row['name']} » ne trouve pas {row['id']} là où elle est.")
    if not server.json(_suggested(row))["suggestions"]:
        raise WrongAnswer(f"rien n’est suggéré pour « {row['name'][:TYPED]} ».")


def _questions(everything: Everything, count: int) -> dict[str, list[str]]:
    """Each kind of question, asked around `count` places where structures stand."""
    rows = everything.rows.head(count).to_dicts()
    return {
        "20 plus proches": [_nearest(row) for row in rows],
        "20 plus proches, sans total": [_nearest(row, total="false") for row in rows],
        "cadre de 20 km et facettes": [_in_box(row) for row in rows],
        "mots et lieu": [_words(row, WORDS[rank % len(WORDS)]) for rank, row in enumerate(rows)],
        "suggestions": [_suggested(row) for row in rows],
    }


def _nearest(row: dict[str, Any], **more: str) -> str:
    return path(SEARCH, lat=row["lat"], lon=row["lon"], limit=20, **more)


def _in_box(row: dict[str, Any]) -> str:
    return path(SEARCH, bbox=",".join(map(str, _box(row))), facets="categorie")


def _words(row: dict[str, Any], words: str) -> str:
    return path(SEARCH, q=words, lat=row["lat"], lon=row["lon"], radius=AROUND_M)


def _suggested(row: dict[str, Any]) -> str:
    return path(SUGGEST, q=row["name"][:TYPED].strip(), lat=row["lat"], lon=row["lon"])


def _box(row: dict[str, Any]) -> tuple[float, float, float, float]:
    lon, lat = row["lon"], row["lat"]
    return (lon - HALF_BOX, lat - HALF_BOX, lon + HALF_BOX, lat + HALF_BOX)


def _tile(z: int, x: int, y: int) -> str:
    return f"/tiles/structures/{z}/{x}/{y}.mvt"


def _round_trip(volume: Volume, requests: int) -> Latency:
    with psycopg.connect(volume.instance.database_url, autocommit=True) as connection:
        return client.timed(lambda question: connection.execute(question).fetchone(), [b"SELECT 1"] * requests)


def _both(label: str, latency: Latency, *floors: Latency) -> Sequence[Measure]:
    """Median and 95th centile beside an empty answer's own, with a round trip to PostgreSQL where one is needed."""
    least = {"médiane": sum(each.median for each in floors), "95ᵉ centile": sum(each.p95 for each in floors)}
    values = {"médiane": latency.median, "95ᵉ centile": latency.p95}
    return [
        Measure(
            label=f"{label}, {which}",
            value=value,
            unit="ms",
            floor=least[which] if floors else None,
            floor_label=FLOORS[len(floors)],
        )
        for which, value in values.items()
    ]
