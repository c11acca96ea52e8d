"""Questions of every kind that a person asks, asked again and again by several threads while something happens to the server."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection

from geo.filters import Circle, Filters
from geo.publication import Publication
from search.engine import Engine
from search.query import Facet, Origin, SearchQuery, Sort
from search.results import Found
from tests.elastic.agreement import assert_same
from tests.places import BORDEAUX, LILLE, LORIENT, PARIS_13

THREADS = 4
PAUSE_S = 0.2  # of each thread between two questions: nodes that start have two cores to share with them
PATIENCE_S = 60.0


class Typed(msgspec.Struct, frozen=True):
    """What is in the box so far."""

    words: str
    origin: Origin | None = None


class Drawn(msgspec.Struct, frozen=True):
    """What a map is asked to show."""

    words: str
    filters: Filters = Filters()


Asked = SearchQuery | Typed | Drawn
Answer = Any  # Found, lines, or positions

HERE = Origin(PARIS_13.lon, PARIS_13.lat)
NEAR = Filters(circle=Circle(LILLE.lon, LILLE.lat, 60_000.0))
WORDS = ("pharmacie", "maison de retraite", "ehpad paris", "ssiad", "farmacie", "laboratoire des tilleuls", "cmp")
WITH_FACETS: tuple[SearchQuery, ...] = (
    *(SearchQuery(words=each, sort=Sort.RELEVANCE, facets=(Facet.CATEGORIE, Facet.DEPARTEMENT)) for each in WORDS),
    SearchQuery(words="pharmacie", sort=Sort.RELEVANCE, origin=HERE, facets=tuple(Facet), explain=True),
    SearchQuery(words="ehpad", sort=Sort.NAME, facets=(Facet.STATUT,), limit=50),
    SearchQuery(sort=Sort.NAME, facets=tuple(Facet), filters=Filters(open_only=False)),
    SearchQuery(sort=Sort.DISTANCE, origin=HERE, facets=(Facet.FAMILLE,), filters=NEAR),
    SearchQuery(sort=Sort.NAME, facets=(Facet.SECTEUR, Facet.COMMUNE), filters=Filters(regions=("11", "32", "93"))),
    SearchQuery(sort=Sort.NAME, facets=(Facet.TELEPHONE,), filters=Filters(telephone=True, domaines=("SAN",))),
)
QUESTIONS: tuple[Asked, ...] = (
    *WITH_FACETS,
    *(SearchQuery(words="pharmacie", sort=Sort.DISTANCE, origin=Origin(at.lon, at.lat)) for at in (LORIENT, BORDEAUX)),
    SearchQuery(sort=Sort.NAME, filters=Filters(bbox=(1.0, 48.0, 4.0, 51.0)), limit=100),
    *(Typed(words) for words in ("pharm", "ehpad des", "lab", "par")),
    Typed("pharmacie d", HERE),
    Drawn("pharmacie"),
    Drawn("ehpad", NEAR),
)


def ask(engine: Engine, connection: Connection, publication: Publication, asked: Asked) -> Answer:
    if isinstance(asked, SearchQuery):
        return engine.search(connection, asked, publication)
    if isinstance(asked, Typed):
        return engine.suggest(connection, asked.words, asked.origin, 8, publication)
    return engine.placed(connection, asked.words, asked.filters, publication)


def assert_same_answer(ours: Answer, theirs: Answer, asked: Asked) -> None:
    if isinstance(asked, SearchQuery):
        assert isinstance(ours, Found)
        assert_same(ours, theirs, asked)
    else:
        assert theirs == ours, asked


class Asking:
    """What several threads were answered."""

    def __init__(self, ask_one: Callable[[Connection, Asked], None], questions: Sequence[Asked]) -> None:
        """`ask_one`: asks, and fails unless the answer is right."""
        self.failures: list[str] = []
        self.answered = 0
        self._ask_one = ask_one
        self._questions = questions
        self._ends = threading.Event()
        self._counting = threading.Lock()

    def go_on(self, connect: Callable[[], Connection], first: int) -> None:
        """From a question of its own on, so that threads ask different ones at a time, until it is enough."""
        with connect() as connection:
            number = first
            while not self._ends.is_set():
                asked = self._questions[number % len(self._questions)]
                number += 1
                try:
                    self._ask_one(connection, asked)
                except BaseException as error:
                    self.failures.append(f"{time.monotonic():.3f} {asked} : {type(error).__name__} {error}")
                with self._counting:
                    self.answered += 1
                self._ends.wait(PAUSE_S)

    def end(self) -> None:
        self._ends.set()

    def wait_for(self, answers: int) -> None:
        """Until so many more are answered."""
        enough, end = self.answered + answers, time.monotonic() + PATIENCE_S
        while self.answered < enough and time.monotonic() < end:
            time.sleep(0.02)
        assert self.answered >= enough


@contextmanager
def asking(
    ask_one: Callable[[Connection, Asked], None], questions: Sequence[Asked], connect: Callable[[], Connection]
) -> Iterator[Asking]:
    """Threads that ask without a pause; at the end, none of their questions has failed."""
    going = Asking(ask_one, questions)
    firsts = [number * len(questions) // THREADS for number in range(THREADS)]
    threads = [threading.Thread(target=going.go_on, args=(connect, first), daemon=True) for first in firsts]
    for each in threads:
        each.start()
    try:
        yield going
    finally:
        going.end()
        for each in threads:
            each.join()
    assert not going.failures, f"{len(going.failures)} sur {going.answered} : {going.failures[:5]}"


def against(
    engine: Engine, publication: Publication, truth: Mapping[Asked, Answer]
) -> Callable[[Connection, Asked], None]:
    """Asks an engine; its answer must be the one known."""

    def ask_one(connection: Connection, asked: Asked) -> None:
        assert_same_answer(truth[asked], ask(engine, connection, publication, asked), asked)

    return ask_one
