"""The nearest of two million structures over HTTP: beside the SQL of that answer alone, and beside tipg on the same points."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from bench import client, tipg
from bench.brute import Everything
from bench.client import Client, Latency, path
from bench.ground import Ground
from bench.in_process import InProcess
from bench.in_turn import in_turn
from bench.measure import Measure, WrongAnswer, check
from bench.statements import prepared
from bench.table import number
from geo.categories import categories_by_no
from geo.filters import Bounds

SEARCH = "/api/v1/search"
NEAREST = 20
RARE_SHARE = 0.0005  # of the structures: a kind of which France has a hundred
VERIFIED = 20
ROUNDING_M = 0.1  # of distances in answers
AROUND_KM, SURE_KM = 10, 2  # sides of tipg's boxes: what is timed; what it gives whole, so that ids can be compared
MOST_GIVEN = 10_000  # features, by tipg
TIMES_SQL, TIMES_UNFILTERED, TIMES_QUICKER = 2, 1.2, 15

Place = Mapping[str, Any]


def nearby(ground: Ground) -> Iterator[Measure]:
    """Points are structures drawn at random, so that towns weigh what they weigh for people."""
    country, requests = ground.country(ground.sizes.country), ground.sizes.requests
    everything = Everything.drawn(country.rows)
    places = everything.rows.head(requests).to_dicts()
    rare, number_of_rare = _rare(everything.rows)
    ground.say("tipg")
    with (
        client.served(country.instance) as server,
        tipg.running_tipg(country) as items,
        prepared(country.instance.database_url) as say,
        InProcess(country.instance) as ours,
        Client(items) as peer,
    ):
        ground.say("réponses vérifiées")
        _verify(server, everything, places[:VERIFIED], None)
        _verify(server, everything.only(pl.col("categorie_no") == number_of_rare), places[:VERIFIED], rare)
        _verify_boxes(server, peer, items, places[:VERIFIED])
        ground.say("réponses mesurées")
        statements = {near: ours.statements(near) for place in places for near in (_near(place), _near(place, rare))}
        taken = in_turn(
            {
                "ours": lambda place: server.get(_near(place)),
                "sql": lambda place: say(statements[_near(place)]),
                "rare": lambda place: server.get(_near(place, rare)),
                "rare sql": lambda place: say(statements[_near(place, rare)]),
                "tipg": lambda place: peer.get(_items(items, _box(place, AROUND_KM))),
            },
            places,
        )
    yield from _beside("20 plus proches", taken["ours"], taken["sql"], "son SQL, préparé", TIMES_SQL)
    yield from _beside(
        f"20 plus proches et cadre de {AROUND_KM} km", taken["ours"], taken["tipg"], "tipg", 1 / TIMES_QUICKER
    )
    label = f"20 plus proches d’une catégorie rare ({rare}, {number(RARE_SHARE * 100)} %)"
    yield from _beside(label, taken["rare"], taken["ours"], "sans catégorie", TIMES_UNFILTERED)
    yield from _beside(f"{label}, SQL seul", taken["rare sql"], taken["sql"], "sans catégorie", TIMES_UNFILTERED)


def _beside(label: str, latency: Latency, floor: Latency, floor_label: str, times: float) -> Iterator[Measure]:
    """What is promised is promised of the median."""
    told = {"médiane": "median", "moyenne": "mean", "95ᵉ centile": "p95"}
    for which, name in told.items():
        value, least = getattr(latency, name), getattr(floor, name)
        target = times * least if which == "médiane" else None
        yield Measure(
            label=f"{label}, {which}", value=value, unit="ms", floor=least, floor_label=floor_label, target=target
        )


def _rare(rows: pl.DataFrame) -> tuple[str, int]:
    """Code and number of the category whose share is nearest to what is called rare."""
    counts = rows["categorie_no"].value_counts().sort((pl.col("count") - RARE_SHARE * len(rows)).abs(), "categorie_no")
    rarest = int(counts["categorie_no"][0])
    return categories_by_no()[rarest].code, rarest


def _verify(server: Client, everything: Everything, places: list[dict[str, Any]], categorie: str | None) -> None:
    for place in places:
        near = server.json(_near(place, categorie))
        found = [each["distance_m"] for each in near["results"] if each["position"]]
        expected = everything.nearest_m(place["lon"], place["lat"], NEAREST)
        if len(found) != len(expected) or any(abs(a - b) > ROUNDING_M for a, b in zip(found, expected, strict=True)):
            raise WrongAnswer(f"plus proches de {place['id']} ({categorie}) : {found} au lieu de {expected}.")


def _verify_boxes(server: Client, peer: Client, items: str, places: list[dict[str, Any]]) -> None:
    """Of a box that tipg gives whole: as many structures, and the same ones first by distance."""
    for place in places:
        box = _box(place, SURE_KM)
        given = peer.json(_items(items, box, limit=MOST_GIVEN))
        if given["numberMatched"] > MOST_GIVEN:
            continue
        theirs = pl.DataFrame(
            [(each["id"], *each["geometry"]["coordinates"]) for each in given["features"]],
            schema=["id", "lon", "lat"],
            orient="row",
        )
        metres = Everything(theirs).distances_m(place["lon"], place["lat"])
        expected = theirs.with_columns(metres=metres).sort("metres", "id")["id"].to_list()[:NEAREST]
        asked = {"lat": place["lat"], "lon": place["lon"], "sort": "distance", "limit": NEAREST}
        boxed = server.json(path(SEARCH, bbox=",".join(map(str, box)), **asked))
        check(f"total du cadre de {place['id']}", boxed["total"], given["numberMatched"])
        check(f"plus proches dans le cadre de {place['id']}", [each["id"] for each in boxed["results"]], expected)


def _near(place: Place, categorie: str | None = None) -> str:
    more = {"categorie": categorie} if categorie else {}
    return path(SEARCH, lat=place["lat"], lon=place["lon"], limit=NEAREST, **more)


def _items(items: str, box: Bounds, limit: int = NEAREST) -> str:
    return path(urlsplit(items).path, bbox=",".join(map(str, box)), limit=limit, f="geojson")


def _box(place: Place, side_km: float) -> Bounds:
    return client.box_around(place["lon"], place["lat"], side_km)
