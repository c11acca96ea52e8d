"""The indexes of an instance on the server: `lum1-<version>` behind the alias `lum1-structures`, its words beside it.

An index made again for the same publication is `lum1-<version>-2`, and so on. Searches read the alias once for each question, so
that no answer mixes two indexes; the index before stays, for questions still at work and to go back to.
"""

import re
from collections import OrderedDict
from threading import Lock
from typing import Any

import msgspec
from elasticsearch import Elasticsearch, NotFoundError

from geo.errors import NotAnswering
from search.elastic.connect import flavour_of, in_our_words
from search.elastic.mapping import FORM
from search.elastic.vocabulary import Vocabulary, read

KEPT_OPEN = 2  # vocabularies: of the index served, and of the one before
MAKE = "./lum1 search build"


class Meta(msgspec.Struct, frozen=True):
    """What an index says of itself."""

    form: str
    version: int  # of the publication it was made of
    structures: int


class Opened(msgspec.Struct, frozen=True):
    """An index that answers."""

    name: str
    meta: Meta
    vocabulary: Vocabulary


class Indices:
    """Those of one instance, by its name on the server."""

    def __init__(self, client: Elasticsearch, name: str) -> None:
        self._client = client
        self.alias = f"{name}-structures"
        self._prefix = name
        self._named = re.compile(rf"{re.escape(name)}-(\d+)(?:-(\d+))?")

    def served(self) -> str | None:
        """The one behind the alias."""
        try:
            found = list(self._client.indices.get_alias(name=self.alias))
        except NotFoundError:
            return None
        return str(found[0]) if found else None

    def all(self) -> list[str]:
        """Every one, the oldest first."""
        found = self._client.indices.get(index=f"{self._prefix}-*", allow_no_indices=True)
        numbered = {each: self._numbers(each) for each in found}
        return sorted((each for each in numbered if numbered[each]), key=lambda each: numbered[each] or (0, 0))

    def next(self, version: int) -> str:
        """The name of one more for this publication."""
        again = [numbers[1] for each in self.all() if (numbers := self._numbers(each)) and numbers[0] == version]
        return f"{self._prefix}-{version}" + (f"-{max(again) + 1}" if again else "")

    def meta(self, index: str) -> Meta:
        """NotAnswering where it is of another form than this version of the program reads."""
        found = self._client.indices.get_mapping(index=index)[index]["mappings"].get("_meta", {})
        if found.get("form") != FORM:
            raise NotAnswering(
                f"L’index {index} est d’une autre version du programme : {MAKE} en fait un autre.", absent=True
            )
        return msgspec.convert(found, Meta)

    def serve(self, index: str) -> None:
        """Move the alias, at once for every question to come."""
        here = [{"add": {"index": index, "alias": self.alias}}]
        served = self.served()
        gone = [{"remove": {"index": served, "alias": self.alias}}] if served and served != index else []
        self._client.indices.update_aliases(actions=[*gone, *here])

    def delete(self, index: str) -> None:
        """With its words."""
        self._client.indices.delete(index=[index, words_of(index)], ignore_unavailable=True)

    def _numbers(self, index: str) -> tuple[int, int] | None:
        found = self._named.fullmatch(index)
        return (int(found[1]), int(found[2] or 1)) if found else None


class OpenIndices:
    """The index behind the alias, as each question finds it; safe between threads."""

    def __init__(self, client: Elasticsearch, indices: Indices) -> None:
        self._client = client
        self._indices = indices
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._lock = Lock()

    def served(self) -> Opened:
        """NotAnswering when there is none, or when the server is one that we do not know."""
        with in_our_words(trifle=True):
            name = self._indices.served()
        if name is None:
            raise NotAnswering(
                f"Le moteur de recherche n’a pas d’index ({self._indices.alias}) : lancez {MAKE}.", absent=True
            )
        with self._lock:
            opened = self._open.get(name)
            if opened is None:
                flavour_of(self._client)
                opened = Opened(name, self._indices.meta(name), read(self._client, words_of(name)))
                self._open[name] = opened
                while len(self._open) > KEPT_OPEN:
                    self._open.popitem(last=False)
            return opened


def words_of(index: str) -> str:
    """The index of its vocabulary."""
    return f"{index}-words"


def as_error(answer: Any) -> str:
    """What the server says of one refused document, without the document."""
    error = answer.get("error", answer)
    return str(error.get("reason", error)) if isinstance(error, dict) else str(error)
