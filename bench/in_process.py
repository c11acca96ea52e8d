"""The engine of an instance without HTTP: what an answer takes, and the SQL it says."""

from types import TracebackType
from urllib.parse import urlsplit

import msgspec

from api.dependencies import Reading
from api.questions import question_from
from api.search.answers import answer
from bench.statements import Statement, said
from geo.database import reading_engine_for
from geo.nomenclatures import LabelReader
from geo.publication import Publication, PublicationReader
from geo.settings import Settings
from search.embedded import postgis
from search.embedded.index import WordIndex
from search.engine import Engine, SearchEngine
from search.query import Origin
from search.results import SearchResults, Suggestion
from search.rows import read_structures
from search.typos import Vocabulary


class InProcess:
    """A block's own connections to PostgreSQL and its own words index."""

    def __init__(self, instance: Settings, search: Engine | None = None) -> None:
        """`search`: another engine than the embedded one."""
        self._engine = reading_engine_for(instance.database_url)
        self._search = search or SearchEngine(instance.search_root)
        self._root = instance.search_root
        self._labels = LabelReader()
        self._publications = PublicationReader()

    def __enter__(self) -> "InProcess":
        self._connection = self._engine.connect()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()
        self._engine.dispose()

    def answered(self, address: str) -> SearchResults:
        """What `/api/v1/search?…` says, before it is JSON."""
        question = question_from(urlsplit(address).query)
        return answer(self._search, Reading(self._connection, self.publication(), self._labels), question)

    def statements(self, address: str) -> list[Statement]:
        """The SQL that PostGIS would be asked for that page without an index: which structures, and their rows."""
        question = msgspec.structs.replace(question_from(urlsplit(address).query), total=False)

        def asked() -> None:
            read_structures(self._connection, postgis.search(self._connection, question).hits)

        return said(self._engine, asked)

    def suggested(self, words: str, origin: Origin | None, limit: int) -> list[Suggestion]:
        """What `/api/v1/suggest` says."""
        return self._search.suggest(self._connection, words, origin, limit, self.publication())

    def vocabulary(self) -> Vocabulary:
        """Every word of the index."""
        return WordIndex(self._root / str(self.publication().version)).words

    def publication(self) -> Publication:
        """As each request reads it."""
        served = self._publications.read(self._connection)
        assert served is not None
        return served
