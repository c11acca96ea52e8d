"""A search server of the bench's own beside the embedded engine: made, kept up, asked the same questions."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from time import monotonic
from typing import Any

from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from bench import client
from bench.brute import Everything
from bench.cases.words import COMMON, SEARCH, address_of, questions_of
from bench.client import Client, latency_of, path
from bench.country import Country
from bench.ground import Ground
from bench.heard import Heard, per_second
from bench.in_process import InProcess
from bench.in_turn import in_turn
from bench.measure import Measure, Skipped, WrongAnswer, check
from bench.memory import Peak
from geo import outbox
from geo.database import engine_for
from geo.progress import Silent
from geo.search_server import SearchServer
from search.elastic import indexing, sync
from search.elastic.connect import connected
from search.elastic.engine import ElasticEngine
from search.elastic.indices import words_of
from search.engine import SearchEngine
from search.query import Facet
from tests.opensearch.peer import Node, missing, running_in

SERVER, EMBEDDED, ALONE = "HTTP, moteur de recherche", "HTTP, moteur embarqué", "sans HTTP"
VERIFIED = 5  # of each kind of question
CHANGED = 5_000  # structures between two publications, a busy month's
SHARE = 20  # at most one in as many of a small country
HEAVY = 8  # of each of the heavy questions
RATIO = 1.3  # times what the server says it took and one round trip to it
AT_ONCE = (1, 2, 4, 8)
ZOOMS = (5, 8, 11)
TILES = 30  # of each zoom
PARIS = "75"
# What a search costs beside what it took: its way through the server's threads, there and back.
EMPTY = "/{}-structures/_search?size=0&terminate_after=1&track_total_hits=false"
TOOK = re.compile(r"search-server;dur=(\d+)")

# Their names too: words leave the vocabulary and come into it.
CHANGE = """
UPDATE structure SET name = name || ' bis', name_key = name_key || ' bis'
WHERE id IN (SELECT id FROM structure ORDER BY md5(id) LIMIT :changed)
"""


def search_server(ground: Ground) -> Iterator[Measure]:
    """Everything that it does for us, on a country of which nothing stays changed."""
    if why := missing():
        raise Skipped(f"{why}.")
    country = ground.country(ground.sizes.country)
    heap = f"{ground.sizes.heap_mib}m"
    with ExitStack() as open_here:
        ground.say(f"moteur de recherche, tas de {heap}")
        node = open_here.enter_context(running_in(ground.scratch("moteur"), heap=(f"-Xms{heap}", f"-Xmx{heap}")))
        server = replace(node.server("bench"), fallback=False)
        asking = open_here.enter_context(connected(server, patient=True))
        connection = open_here.enter_context(_left_as_it_was(country, server.consumer))
        yield from _made(ground, node, server, asking, connection)
        yield from _asked(ground, country, node, server)
        yield from _kept_up(ground, server, asking, connection)


class Steps(Silent):
    """When each began."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}

    def step(self, name: str) -> None:
        self.began[name] = monotonic()


@contextmanager
def _left_as_it_was(country: Country, consumer: str) -> Iterator[Connection]:
    """What is changed in it leaves with the transaction, and who follows it when that has ended: it serves the next run."""
    engine = engine_for(country.instance.database_url)
    with engine.begin() as connection:  # ended before the index begins: its mark is to have seen it
        outbox.register(connection, consumer)
    try:
        with engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            yield connection
            connection.rollback()
    finally:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM outbox_consumer WHERE name = :name"), {"name": consumer})
        engine.dispose()


def _made(
    ground: Ground, node: Node, server: SearchServer, asking: Elasticsearch, connection: Connection
) -> Iterator[Measure]:
    ground.say("index de tout le pays")
    steps = Steps()
    with Peak(node.process.pid) as peak:
        began = monotonic()
        built = indexing.build(asking, server, connection, steps)
        ended = monotonic()
    documents, verification, copies = (steps.began[name] for name in ("documents", "vérification", "copies"))
    check("structures refusées", built.refused, 0)
    yield Measure(label="structures indexées", value=built.written, unit="")
    yield Measure(label="structures par seconde", value=built.written / (verification - documents), unit="")
    yield Measure(label="du début à la bascule de l’alias", value=ended - began, unit="s")
    yield Measure(label="dont vérification", value=copies - verification, unit="s")
    asking.indices.flush(index=[built.index, words_of(built.index)])
    stored = _bytes(asking, built.index)
    yield Measure(label="octets sur disque par structure", value=stored / built.written, unit="o")
    yield Measure(label="index des structures", value=stored / 1e6, unit="Mo")
    yield Measure(label="index des mots", value=_bytes(asking, words_of(built.index)) / 1e6, unit="Mo")
    yield Measure(label="mémoire du nœud pendant ce temps", value=peak.mib, unit="Mio")


def _bytes(asking: Elasticsearch, index: str) -> int:
    return int(asking.indices.stats(index=index, metric="store")["_all"]["total"]["store"]["size_in_bytes"])


def _asked(ground: Ground, country: Country, node: Node, server: SearchServer) -> Iterator[Measure]:
    settings = {
        "LUM1_SEARCH": "elasticsearch",
        "LUM1_SEARCH_URL": node.url,
        "LUM1_SEARCH_NAME": server.name,
        "LUM1_SEARCH_TIMEOUT_S": str(client.PATIENCE_S),  # who answers late is not replaced: it is measured
    }
    elsewhere = replace(country.instance, home=ground.scratch("servi-par-le-moteur"))
    # as every API machine keeps one: what a page says of a structure comes from it
    shutil.copytree(country.instance.search_root, elsewhere.search_root, copy_function=os.link)
    everything = Everything.drawn(country.rows)
    places = everything.rows.head(3 * ground.sizes.requests).to_dicts()
    light = {
        label: [address_of(typed, place) for typed, place in asked]
        for label, asked in questions_of(places, ground.sizes.requests).items()
    }
    patient = replace(server, timeout_s=client.PATIENCE_S)
    kept = SearchEngine(country.instance.search_root).kept
    with (
        client.served(elsewhere, settings) as ours,
        client.served(country.instance) as embedded,
        connected(patient) as asking,
        InProcess(country.instance, ElasticEngine(patient, asking, kept=kept)) as alone,
        Client(node.url) as itself,
    ):
        heard = Heard(asking)
        round_trip = client.timed(itself.get, [EMPTY.format(server.name)] * ground.sizes.requests).median
        yield Measure(label="aller et retour d’une recherche vide", value=round_trip, unit="ms")
        bare = client.timed(itself.get, ["/"] * ground.sizes.requests).median
        yield Measure(label="aller et retour sans recherche (GET /)", value=bare, unit="ms")
        ways = {SERVER: ours.get, ALONE: heard.during(alone.answered), EMBEDDED: embedded.get}
        for label, addresses in (light | _heavy(places)).items():
            ground.say(label)
            for address in addresses[:VERIFIED]:
                _same(ours.json(address), embedded.json(address), address)
            heard.questions = []
            yield from _beside_took(label, ways, addresses, ours, heard, round_trip)
            if label in light:
                for clients in AT_ONCE:
                    rate = per_second(node.url, heard.questions, clients)
                    yield Measure(
                        label=f"{label}, {clients} clients du nœud : questions par seconde", value=rate, unit=""
                    )
        for zoom in ZOOMS:
            ground.say(f"tuiles au zoom {zoom}")
            yield from _tiles(zoom, everything, ours, embedded)


def _heavy(places: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Where a server sweats: nothing narrows these."""
    every = [facet.value for facet in Facet]
    return {
        "mot courant, tout le pays et facettes": [path(SEARCH, q=word, facets=every) for word in COMMON],
        "mot courant, Paris": [path(SEARCH, q=word, departement=PARIS) for word in COMMON],
        "tout le pays et facettes": [path(SEARCH, facets=every, limit=limit) for limit in range(1, HEAVY + 1)],
        "plus proches, sans rayon": [
            path(SEARCH, lat=place["lat"], lon=place["lon"], sort="distance") for place in places[:HEAVY]
        ],
    }


def _same(found: Any, expected: Any, address: str) -> None:
    """The same structures in the same order, the same total, the same facets."""
    check(f"moteur de {address}", found["engine"], "elasticsearch")
    check(f"total de {address}", found["total"], expected["total"])
    check(f"page de {address}", _ids(found), _ids(expected))
    check(f"facettes de {address}", found["facets"], expected["facets"])


def _ids(answered: Any) -> list[str]:
    return [each["id"] for each in answered["results"]]


def _beside_took(
    label: str,
    ways: Mapping[str, Callable[[Any], object]],
    addresses: Sequence[str],
    ours: Client,
    heard: Heard,
    round_trip: float,
) -> Iterator[Measure]:
    """HTTP through our API, beside what the server says that these very answers took and one round trip to it."""
    said: list[float] = []

    def answered(address: str) -> None:
        ours.get(address)
        said.append(_took(ours))

    taken = in_turn({**ways, SERVER: answered}, addresses)
    took = latency_of(said)
    floors = {"médiane": took.median + round_trip, "95ᵉ centile": took.p95 + round_trip}
    for way, latency in taken.items():
        for which, value in (("médiane", latency.median), ("95ᵉ centile", latency.p95)):
            floor = None if way == EMBEDDED else floors[which]
            yield Measure(
                label=f"{label}, {way}, {which}",
                value=value,
                unit="ms",
                floor=floor,
                floor_label="took + aller et retour" if floor else None,
                target=floor * RATIO if floor and way == SERVER else None,
            )
    requests = sum(map(len, heard.questions)) / len(heard.questions)
    yield Measure(label=f"{label}, requêtes par question", value=requests, unit="")


def _took(ours: Client) -> float:
    """Milliseconds of all that the server was asked for the last answer."""
    found = TOOK.fullmatch(ours.timing or "")
    if found is None:
        raise WrongAnswer(f"Server-Timing ne dit pas ce que le moteur de recherche a pris : {ours.timing}.")
    return float(found[1])


def _tiles(zoom: int, everything: Everything, ours: Client, embedded: Client) -> Iterator[Measure]:
    """Of a common word, each tile once: a server keeps what it drew."""
    addresses = [
        path(f"/tiles/structures/{zoom}/{x}/{y}.mvt", q=COMMON[rank % len(COMMON)])
        for rank, (x, y) in enumerate(everything.tiles(zoom, TILES))
    ]
    drawn: dict[str, dict[str, bytes]] = {SERVER: {}, EMBEDDED: {}}
    ways = {
        name: lambda address, asked=asked, kept=drawn[name]: kept.__setitem__(address, asked.tile(address))
        for name, asked in ((SERVER, ours), (EMBEDDED, embedded))
    }
    taken = in_turn(ways, addresses)
    if drawn[SERVER] != drawn[EMBEDDED]:
        raise WrongAnswer(f"Les tuiles du zoom {zoom} ne sont pas les mêmes à l’octet près.")
    for way, latency in taken.items():
        for which, value in (("médiane", latency.median), ("95ᵉ centile", latency.p95)):
            yield Measure(
                label=f"{len(addresses)} tuiles d’un mot au zoom {zoom}, {way}, {which}", value=value, unit="ms"
            )


def _kept_up(ground: Ground, server: SearchServer, asking: Elasticsearch, connection: Connection) -> Iterator[Measure]:
    changed = min(CHANGED, ground.sizes.country // SHARE)
    ground.say(f"synchronisation de {changed} changements")
    connection.execute(text(CHANGE), {"changed": changed})
    began = monotonic()
    told = sync.synchronise(asking, server, connection)
    seconds = monotonic() - began
    check("changements dits au moteur", (told.written, told.refused), (changed, 0))
    yield Measure(label=f"synchronisation de {changed} changements", value=seconds, unit="s")
