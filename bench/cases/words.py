"""Words, ten kilometres around a point and every facet, of two million: over HTTP and in the process.

The promise is what OpenSearch took, measured apart on as many structures; `search_server` asks both engines at once.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from bench import client
from bench.brute import Everything
from bench.client import Client, path
from bench.ground import Ground
from bench.in_process import InProcess
from bench.in_turn import in_turn
from bench.measure import Measure, check
from search.document import Document, document_of
from search.embedded.postings import FIELDS
from search.facets import DIMENSIONS
from search.french import telling_words
from search.query import Facet
from search.readings import Sought, Way, question_of, readings
from search.typos import Vocabulary

SEARCH = "/api/v1/search"
COMMON = ("pharmacie", "infirmier", "dentiste", "kiné", "maison de retraite", "laboratoire", "généraliste", "foyer")
AROUND_M = 10_000
LEAST_LETTERS = 3  # of a word that is asked
VERIFIED = 5  # of each kind of question
MEDIAN_MS, P95_MS = 7, 24  # what OpenSearch 3.8 says it took: one node, one shard, two million documents
SEED = 6

Place = Mapping[str, Any]


def words(ground: Ground) -> Iterator[Measure]:
    """Two words of a structure's name, asked where it stands; then one common word there."""
    country = ground.country(ground.sizes.country)
    everything = Everything.drawn(country.rows)
    questions = questions_of(everything.rows.head(3 * ground.sizes.requests).to_dicts(), ground.sizes.requests)
    with client.served(country.instance) as server, InProcess(country.instance) as ours:
        ground.say("réponses vérifiées")
        for asked in questions.values():
            for typed, place in asked[:VERIFIED]:
                _verify(server, ours.vocabulary(), everything, typed, place)
        ground.say("réponses mesurées")
        for label, asked in questions.items():
            addresses = [address_of(typed, place) for typed, place in asked]
            taken = in_turn({"HTTP": server.get, "sans HTTP": ours.answered}, addresses)
            for way, latency in taken.items():
                yield Measure(label=f"{label}, {way}, médiane", value=latency.median, unit="ms", target=MEDIAN_MS)
                yield Measure(label=f"{label}, {way}, 95ᵉ centile", value=latency.p95, unit="ms", target=P95_MS)


def questions_of(places: Sequence[Place], count: int) -> dict[str, list[tuple[str, Place]]]:
    """What is typed, and where."""
    draw = random.Random(SEED)
    two = [(typed, place) for place in places if (typed := _two_words(draw, place["name"]))]
    return {
        "deux mots, 10 km et facettes": two[:count],
        "mot courant, 10 km et facettes": [(COMMON[i % len(COMMON)], place) for i, place in enumerate(places[:count])],
    }


def _two_words(draw: random.Random, name: str) -> str:
    said = [word for word in telling_words(name) if len(word) >= LEAST_LETTERS]
    return " ".join(draw.sample(said, 2)) if len(said) >= 2 else ""


def address_of(typed: str, place: Place) -> str:
    return path(
        SEARCH, q=typed, lat=place["lat"], lon=place["lon"], radius=AROUND_M, facets=[facet.value for facet in Facet]
    )


def _verify(server: Client, vocabulary: Vocabulary, everything: Everything, typed: str, place: Place) -> None:
    """Total and every facet, counted over the rows that were drawn: the strictest reading finds at least the structure itself."""
    answered = server.json(address_of(typed, place))
    reading = next(readings(question_of(typed), vocabulary))
    near = everything.rows.filter(pl.Series(everything.distances_m(place["lon"], place["lat"]) <= AROUND_M))
    rows = [row for row in near.iter_rows(named=True) if _holds(_words_of(row), reading.sought)]
    check(f"total de « {typed} » près de {place['id']}", answered["total"], len(rows))
    for facet in Facet:
        found = {each["value"]: each["count"] for each in answered["facets"][facet.value]}
        check(f"{facet.value} de « {typed} » près de {place['id']}", found, _counted(facet, rows))


def _words_of(row: Place) -> set[str]:
    document: Document = document_of(
        {**row, "numbers": [*row["finess"], *row["siret"]], "has_phone": bool(row["phones"])}
    )
    return {word for field in FIELDS for word in getattr(document, field).split()}


def _holds(found: set[str], sought: Sequence[Sought]) -> bool:
    return all(any(_is_found(way, found) for way in each.ways) for each in sought)


def _is_found(way: Way, found: set[str]) -> bool:
    if way.begun:
        return all(any(word.startswith(term) for word in found) for term in way.terms)
    return found.issuperset(way.terms)


def _counted(facet: Facet, rows: Sequence[Place]) -> dict[str, int]:
    dimension = DIMENSIONS[facet]
    raw: Counter[str] = Counter()
    for row in rows:
        if dimension.lists:
            raw.update(row[dimension.column])
        elif dimension.column == "has_phone":
            raw[str(int(bool(row["phones"])))] += 1
        elif row[dimension.column] is not None:
            raw[str(row[dimension.column])] += 1
    counts: Counter[str] = Counter()
    for value, count in raw.items():
        if shown := dimension.shown(value):
            counts[shown[0]] += count
    return dict(counts)
