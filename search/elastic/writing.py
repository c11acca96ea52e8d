"""What is written in bulk: taken, there already, or refused with its reason; whoever is cut off writes it all again."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec
from elasticsearch import Elasticsearch, helpers

from geo.errors import NotAnswering
from geo.progress import Progress
from search.elastic.connect import BROKEN, MISSING, OVERLOADED

A = TypeVar("A")

AT_ONCE = 1_000  # documents in a request: a megabyte or so
LOADING_S = 120  # for one of these requests: the server may be merging what came before
TRIES = 6  # of a document whose shard is away or too busy: while another copy is made the first, a minute in all
PAUSE_S = 1.0  # before the second, twice as long before each other
QUOTES = re.compile(
    r"\.? ?(?:Preview of field|The prefix of the first immense term)"
)  # then come values of the document
CONFLICT = 409  # a later one is there: this one came before it, or is the same
PASSING = (OVERLOADED, 502, 503, 504)

# Versions are ours (geo.outbox): of two that are written the later stays, whichever comes first, and the same one may come twice.
OURS = "external_gte"
FIRST = 1  # of what an index is filled with: older than any change


class Written(msgspec.Struct):
    """What became of it."""

    taken: int = 0
    refused: dict[str, str] = {}  # by id: why


def in_bulk(client: Elasticsearch, actions: Iterable[dict[str, Any]], at_once: int = AT_ONCE) -> Written:
    """NotAnswering when the server cannot take a document now; one that it never will is refused."""
    patient = client.options(request_timeout=LOADING_S)
    written = Written()
    for accepted, answer in helpers.streaming_bulk(
        patient,
        actions,
        chunk_size=at_once,
        raise_on_error=False,
        max_retries=TRIES,
        initial_backoff=PAUSE_S,
        retry_on_status=PASSING,
    ):
        kind, told = next(iter(answer.items()))
        if accepted or told["status"] == CONFLICT or (kind == "delete" and told["status"] == MISSING):
            written.taken += 1
        elif told["status"] in PASSING or told["status"] >= BROKEN:
            raise NotAnswering(f"Le moteur de recherche ne peut pas écrire maintenant : {as_error(told)}")
        else:
            written.refused[told["_id"]] = as_error(told)
    return written


def told_as_they_go(actions: Iterable[A], progress: Progress, total: int) -> Iterator[A]:
    """The same, their progress told with each request."""
    for number, action in enumerate(actions):
        if number % AT_ONCE == 0:
            progress.advance(number, total)
        yield action


def as_error(answer: Any) -> str:
    """What the server says of one refused document, without the document."""
    error = answer.get("error", answer)
    reason = str(error.get("reason", error)) if isinstance(error, dict) else str(error)
    return QUOTES.split(reason)[0].strip()
