"""The indexes of an instance on the server: `lum1-<version>` behind the alias `lum1-structures`, its words beside it.

Named by the publication it was made of; `search.elastic.sync` brings it up to later ones, and what it says of itself (Meta) has
the version it holds. One made again for the same publication is `lum1-<version>-2`, and so on. A question is asked of one index,
by its name, so that no answer mixes two; the index before stays, for questions still at work and to go back to.
"""

import re
import time
from collections import OrderedDict
from threading import Lock
from typing import Any

import msgspec
from elasticsearch import Elasticsearch, NotFoundError

from geo.errors import NotAnswering
from geo.outbox import Mark
from search.elastic.connect import flavour_of, in_our_words
from search.elastic.mapping import form
from search.elastic.vocabulary import Vocabulary, read

KEPT_OPEN = 2  # vocabularies: of what is served, and of what was before
LAST_S = 1.0  # an index that is served no more answers for as long: it stays, and knows the publication it is of
MAKE = "./lum1 search build"
CATCH_UP = "./lum1 search sync"


class Meta(msgspec.Struct, frozen=True):
    """What an index says of itself, all of it changed at once."""

    form: str
    version: int  # of the publication it holds
    stamp: str  # that publication's own
    structures: int
    mark: Mark  # from where it goes on (geo.outbox)
    generation: int  # of its words


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
        return _ours(index, self.meta_if_ours(index))

    def meta_if_ours(self, index: str) -> Meta | None:
        """None where it is of another form."""
        return _read(self._client.indices.get_mapping(index=index)[index])

    def served_with_meta(self) -> tuple[str, Meta] | None:
        """The one behind the alias and what it says of itself, at the price of either."""
        return next(((name, _ours(name, meta)) for name, meta in self._behind_alias().items()), None)

    def held(self) -> Meta | None:
        """What the one behind the alias says of itself; None where there is no index, or one of another form."""
        return next(iter(self._behind_alias().values()), None)

    def _behind_alias(self) -> dict[str, Meta | None]:
        try:
            found = self._client.indices.get_mapping(index=self.alias, filter_path="*.mappings._meta")
        except NotFoundError:
            return {}
        return {name: _read(told) for name, told in found.body.items()} if isinstance(found.body, dict) else {}

    def tell(self, index: str, meta: Meta) -> None:
        """What an index says of itself from now on."""
        self._client.indices.put_mapping(index=index, meta=msgspec.to_builtins(meta))

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
    """The index behind the alias, as questions find it; safe between threads."""

    def __init__(self, client: Elasticsearch, indices: Indices) -> None:
        self._client = client
        self._indices = indices
        self._open: OrderedDict[tuple[str, int], Opened] = OrderedDict()
        self._last: tuple[float, Opened] | None = None  # when it was asked for: one assignment swaps both
        self._lock = Lock()

    def served(self, stamp: str | None = None, *, again: bool = False) -> Opened:
        """NotAnswering when there is none, or when the server is one that we do not know.

        The server is asked again when the last one is not of the publication wanted, by its stamp, or was found LAST_S ago, or
        failed (`again`).
        """
        now, last = time.monotonic(), self._last
        if last and not again and now - last[0] < LAST_S and stamp in (None, last[1].meta.stamp):
            return last[1]
        with in_our_words(trifle=True):
            found = self._indices.served_with_meta()
        if found is None:
            raise NotAnswering(
                f"Le moteur de recherche n’a pas d’index ({self._indices.alias}) : lancez {MAKE}.", absent=True
            )
        opened = self._opened(*found)
        self._last = (now, opened)
        return opened

    def _opened(self, name: str, meta: Meta) -> Opened:
        with self._lock:
            opened = self._open.get((name, meta.generation))
            if opened is None:
                flavour_of(self._client)
                opened = Opened(name, meta, read(self._client, words_of(name), meta.generation))
            elif opened.meta != meta:  # a publication that changed no structure
                opened = msgspec.structs.replace(opened, meta=meta)
            self._open[name, meta.generation] = opened
            while len(self._open) > KEPT_OPEN:
                self._open.popitem(last=False)
            return opened


def words_of(index: str) -> str:
    """The index of its vocabulary."""
    return f"{index}-words"


def _read(told: Any) -> Meta | None:
    found = told.get("mappings", {}).get("_meta", {}) if isinstance(told, dict) else {}
    return msgspec.convert(found, Meta) if found.get("form") == form() else None


def _ours(index: str, meta: Meta | None) -> Meta:
    if meta is None:
        raise NotAnswering(
            f"L’index {index} est d’une autre version du programme : {MAKE} en fait un autre.", absent=True
        )
    return meta
