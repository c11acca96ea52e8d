"""A search server that may go away: what is in this process answers meanwhile, and the server again once it is back."""

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from geo.errors import NotAnswering, NotReady
from geo.filters import Filters
from geo.publication import Publication
from search.breaker import Breaker
from search.embedded.index import WordIndex
from search.engine import NAME as EMBEDDED
from search.engine import Engine, Recalled, Speaks, Tile
from search.identifiers import typed_number
from search.query import Origin, SearchQuery
from search.results import Clusters, Found, Placed, Suggestion

logger = logging.getLogger("lum1.search")

A = TypeVar("A")


class GuardedEngine:
    """Asks `server` unless the breaker is open; whoever it fails is answered by `here`. Safe between threads."""

    def __init__(self, server: Engine, here: Engine, breaker: Breaker | None = None) -> None:
        self._server = server
        self._here = here
        self._breaker = breaker or Breaker()

    @property
    def is_replaced(self) -> bool:
        """Whether `here` answers, one who tries the server aside."""
        return not self._breaker.is_closed

    def search(self, connection: Connection, query: SearchQuery, publication: Publication) -> Found:
        """The page of hits that a question gets, and who found it."""
        return self._asked(lambda engine: engine.search(connection, query, publication))

    def recalled(self, query: SearchQuery, publication: Publication) -> Recalled | None:
        """The same without PostgreSQL; None where rows are not kept here."""
        if self.kept(publication) is None:
            return None
        return self._asked(lambda engine: engine.recalled(query, publication))

    def kept(self, publication: Publication) -> WordIndex | None:
        """What is kept here of a publication, whoever answers."""
        return self._here.kept(publication)

    def suggest(
        self, connection: Connection, words: str, origin: Origin | None, limit: int, publication: Publication
    ) -> list[Suggestion]:
        """Lines for what is typed so far."""
        if typed_number(words) is not None:  # PostgreSQL's, whatever the engine: says nothing of the server
            return self._here.suggest(connection, words, origin, limit, publication)
        return self._asked(lambda engine: engine.suggest(connection, words, origin, limit, publication))

    def suggested(
        self, words: str, origin: Origin | None, limit: int, publication: Publication
    ) -> list[Suggestion] | None:
        """The same without PostgreSQL; None where rows are not kept here."""
        if typed_number(words) is not None or self.kept(publication) is None:
            return None
        return self._asked(lambda engine: engine.suggested(words, origin, limit, publication))

    def placed(self, connection: Connection, words: str, filters: Filters, publication: Publication) -> Placed:
        """Every structure with a position that the words and filters find, by id."""
        return self._asked(lambda engine: engine.placed(connection, words, filters, publication))

    def standing(
        self, connection: Connection, words: str, filters: Filters, tile: Tile, publication: Publication
    ) -> list[str] | None:
        """Ids of what the words and filters find in a tile; None where PostGIS is to be asked, without words."""
        return self._asked(lambda engine: engine.standing(connection, words, filters, tile, publication))

    def clusters(
        self, connection: Connection, words: str, filters: Filters, tile: Tile, publication: Publication
    ) -> Clusters | None:
        """The same counted by cell."""
        return self._asked(lambda engine: engine.clusters(connection, words, filters, tile, publication))

    def check(self, publication: Publication) -> Speaks:
        """Who answers. An absent server is no NotReady: PostGIS answers what has no words."""
        return self._ask(lambda: self._server.check(publication), lambda: self._speaks_here(publication))

    def _speaks_here(self, publication: Publication) -> Speaks:
        try:
            return Speaks(self._here.check(publication).engine, stands_in=True)
        except NotReady:
            return Speaks(EMBEDDED, words=False, stands_in=True)

    def _asked(self, question: Callable[[Engine], A]) -> A:
        return self._ask(lambda: question(self._server), lambda: question(self._here))

    def _ask(self, on_server: Callable[[], A], here: Callable[[], A]) -> A:
        if not self._breaker.lets_through():
            return here()
        try:
            answer = on_server()
        except NotAnswering as failure:
            if self._breaker.failed(at_once=failure.absent):
                logger.warning("%s Il n’est plus interrogé ; ce programme répond à sa place.", failure)
        except BaseException:
            self._breaker.learnt_nothing()
            raise
        else:
            if self._breaker.answered():
                logger.warning("Le moteur de recherche répond de nouveau.")
            return answer
        return here()
