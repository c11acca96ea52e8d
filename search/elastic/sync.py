"""The index served, brought up to what PostgreSQL holds: what changed since it was last, verified, and told all at once.

A publication is told by the version that the index says it holds (Meta), once everything of it is written. Whatever stops in
between is begun again from the same mark, and ends the same: documents have our versions (search.elastic.writing), and the words
that a structure had before are noted before it is written, so that they are taken back once.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from elasticsearch import Elasticsearch
from sqlalchemy import Connection, Engine, text

from geo import outbox
from geo.errors import NotReady
from geo.outbox import Changed, Refused
from geo.progress import Progress, Silent
from geo.publication import served_publication
from geo.search_server import SearchServer
from search.document import document_of
from search.elastic import indexing, vocabulary
from search.elastic.connect import connected, flavour_of, in_our_words
from search.elastic.documents import SOME_STRUCTURES
from search.elastic.indexing import Built, indexed, uncount, write_words
from search.elastic.indices import Indices, Meta, words_of
from search.elastic.verification import SAMPLE, differences
from search.elastic.vocabulary import Counts
from search.elastic.writing import AT_ONCE, LOADING_S, OURS, in_bulk, told_as_they_go

FEW = 10_000  # changes that are always taken one by one
SHARE = 10  # one structure in as many that changed: an index made beside is as quick, and smaller
PURGING_S = 3_600  # for the server to rewrite the segments that somebody was deleted from
# It keeps what was deleted for copies of a shard that may be behind, and looks every thirty seconds whether they are.
LEASE_S = 120.0


class TooFar(NotReady):
    """The index cannot be brought up to what is served: another one must be made."""


def follow(
    engine: Engine,
    server: SearchServer,
    progress: Progress | None = None,
    *,
    alone: bool = False,
    may_build: bool = True,
    anew: bool = False,
) -> Built:
    """Bring the server to what is published, under the lock of loads: by what changed, else by another index.

    `alone`: nothing older is left on it, somebody was withdrawn; `anew`: another index in any case. TooFar when one must be made
    and may not.
    """
    held(server)  # one who does not answer this at once is not waited for, as commands wait for long requests
    with connected(server, patient=True) as client:
        flavour_of(client)
        with engine.begin() as connection:
            outbox.register(connection, server.consumer)
        with engine.execution_options(isolation_level="REPEATABLE READ").begin() as connection:
            built = None
            if not anew:
                try:
                    built = synchronise(client, server, connection, progress, alone=alone)
                except TooFar:
                    if not may_build:
                        raise
            built = built or indexing.build(client, server, connection, progress, alone=alone)
        with engine.begin() as connection:
            outbox.tidy(connection)
    return built


def held(server: SearchServer) -> Meta | None:
    """What the index that is served says of itself, None where there is none that we know; NotAnswering when no server is."""
    with connected(server) as client, in_our_words(trifle=True):
        return Indices(client, server.name).held()


def is_behind(connection: Connection, server: SearchServer) -> bool:
    """Whether the server has something to be told, or PostgreSQL to note what it was told; NotAnswering as `held`."""
    publication, meta = served_publication(connection), held(server)
    if publication is None:
        return False
    told = outbox.mark_of(connection, server.consumer)
    return meta is None or meta.stamp != publication.stamp or meta.mark.snapshot != told


def synchronise(
    client: Elasticsearch,
    server: SearchServer,
    connection: Connection,
    progress: Progress | None = None,
    *,
    alone: bool = False,
) -> Built:
    """Bring the index served to what the transaction sees (REPEATABLE READ); TooFar where it cannot be."""
    publication = served_publication(connection)
    if publication is None:
        raise NotReady("Rien n’est encore publié : lancez d’abord ./lum1 refresh finess.")
    indices, progress = Indices(client, server.name), progress or Silent()
    with in_our_words():
        index, meta = _served(indices)
        changed = _changed(connection, server, meta, publication.version)
        refused: list[Refused] = []
        if changed or meta.stamp != publication.stamp:
            counts = vocabulary.read(client, words_of(index), meta.generation).counts
            writing = _Writing(client, connection, index, meta, changed, counts)
            progress.step("documents")
            refused = writing.documents(progress)
            progress.step("vocabulaire")
            writing.words(refused)
            progress.step("vérification")
            structures = writing.verified(refused)
            upto = outbox.mark(connection)
            meta = Meta(meta.form, publication.version, publication.stamp, structures, upto, meta.generation + 1)
            indices.tell(index, meta)
            tried = [each.structure for each in changed]
            outbox.taken(connection, server.consumer, upto, refused, tried)
        elif outbox.mark_of(connection, server.consumer) != meta.mark.snapshot:
            _note_what_was_told(client, connection, server, index, meta)
        _tidy_words(client, index, meta.generation, keep_last=not alone)
        if alone:
            progress.step("effacement")
            _leave_nothing_else(client, indices, index)
    return Built(index, publication.version, len(changed), len(refused))


def _served(indices: Indices) -> tuple[str, Meta]:
    served = indices.served()
    if served is None:
        raise TooFar("Le moteur de recherche n’a pas d’index.")
    meta = indices.meta_if_ours(served)
    if meta is None:
        raise TooFar(f"L’index {served} est d’une autre version du programme.")
    return served, meta


def _changed(connection: Connection, server: SearchServer, meta: Meta, version: int) -> list[Changed]:
    """TooFar of an index of a publication that is not this database's: another's, or one that a restore undid."""
    is_ours = connection.execute(text(IS_OURS), {"stamp": meta.stamp}).scalar_one()
    if not is_ours or meta.version > version or not outbox.is_whole_from(connection, meta.mark):
        raise TooFar("Ce qui a changé depuis que l’index a été fait n’est plus connu.")
    most = max(FEW, meta.structures // SHARE)
    changed = outbox.changed_since(connection, meta.mark, server.consumer, most + 1)
    if len(changed) > most:
        raise TooFar(f"Plus de {most} structures ont changé.")
    return changed


class _Writing(msgspec.Struct):
    """One synchronisation of an index, from what it says of itself to what changed since."""

    client: Elasticsearch
    connection: Connection
    index: str
    meta: Meta
    changed: Sequence[Changed]
    counts: Counts  # of the words that it held, then of those that it holds

    def documents(self, progress: Progress) -> list[Refused]:
        """Written as they are now, or deleted; what is refused is deleted too: nothing stale is found."""
        self._note_words_before()
        numbers = {each.structure: each.no for each in self.changed}
        actions = told_as_they_go(self._actions(), progress, len(self.changed))
        refused = in_bulk(self.client, actions).refused
        in_bulk(self.client, (self._deleted(each, numbers[each]) for each in refused))
        self.client.indices.refresh(index=self.index)
        return [Refused(each, numbers[each], reason) for each, reason in refused.items()]

    def words(self, refused: Sequence[Refused]) -> None:
        """The vocabulary of the next generation: this one's, without the words before, with those of now."""
        noted = {"term": {"generation": self.meta.generation}}
        for each in vocabulary.every(self.client, words_of(self.index), noted, sort="before", size=AT_ONCE):
            self.counts.add(each["words"], -1)
        uncount(self.connection, self.counts, [each.structure for each in refused])
        interrupted = {"term": {"generation": self.meta.generation + 1}}
        _delete_words(self.client, self.index, interrupted)
        write_words(self.client, self.index, self.counts, self.meta.generation + 1)
        self.client.indices.refresh(index=words_of(self.index))

    def verified(self, refused: Sequence[Refused]) -> int:
        """How many structures it holds; TooFar where it is not what PostgreSQL holds."""
        without = [each.structure for each in refused]
        looked_at = [each.structure for each in self.changed[:SAMPLE]]
        found = differences(self.client, self.connection, self.index, without=without, looked_at=looked_at)
        _compared(self.index, found)
        return int(self.client.count(index=self.index)["count"])

    def _note_words_before(self) -> None:
        """Each structure's words as the index had them when this began; noted already, it was interrupted, and they stand."""
        in_bulk(self.client, self._words_before())
        self.client.indices.refresh(index=words_of(self.index))

    def _words_before(self) -> Iterator[dict[str, Any]]:
        for some in _by(AT_ONCE, self.changed):
            ids = [each.structure for each in some]
            for each in self.client.mget(index=self.index, ids=ids, source_includes=list(vocabulary.COUNTED))["docs"]:
                yield {
                    "_op_type": "create",
                    "_index": words_of(self.index),
                    "_id": f"{self.meta.generation}/{each['_id']}",
                    "_source": {
                        "generation": self.meta.generation,
                        "before": each["_id"],
                        "words": each.get("_source", {}),
                    },
                }

    def _actions(self) -> Iterator[dict[str, Any]]:
        for some in _by(AT_ONCE, self.changed):
            rows = self._rows(some)
            for each in some:
                row = rows.get(each.structure)
                if row is None:
                    yield self._deleted(each.structure, each.no)
                else:
                    document = document_of(row)
                    self.counts.add(vocabulary.words_of(document))
                    yield indexed(self.index, row, document, each.no)

    def _deleted(self, structure: str, no: int) -> dict[str, Any]:
        named = {"_op_type": "delete", "_index": self.index, "_id": structure}
        return {**named, "version": no, "version_type": OURS}

    def _rows(self, changed: Sequence[Changed]) -> dict[str, Any]:
        ids = [each.structure for each in changed]
        found = self.connection.execute(text(SOME_STRUCTURES), {"ids": ids}).mappings()
        return {row["id"]: row for row in found}


def _note_what_was_told(
    client: Elasticsearch, connection: Connection, server: SearchServer, index: str, meta: Meta
) -> None:
    """Of one that was cut off between the index and PostgreSQL; what it had refused was not kept, and is missing."""
    refused = outbox.refused_by(connection, server.consumer)
    _compared(index, differences(client, connection, index, without=[each.structure for each in refused]))
    outbox.taken(connection, server.consumer, meta.mark, tried=())


def _compared(index: str, found: Sequence[str]) -> None:
    if found:
        raise TooFar(f"L’index {index} n’est pas ce que PostgreSQL tient : {' ; '.join(found)}")


def _tidy_words(client: Elasticsearch, index: str, generation: int, *, keep_last: bool) -> None:
    """The words before, and the vocabularies that nobody reads any more; the last one may still be read."""
    old = {"range": {"generation": {"lt": generation - 1 if keep_last else generation}}}
    _delete_words(
        client, index, {"bool": {"should": [old, {"exists": {"field": "before"}}], "minimum_should_match": 1}}
    )


def _delete_words(client: Elasticsearch, index: str, query: dict[str, Any]) -> None:
    patient = client.options(request_timeout=LOADING_S)
    patient.delete_by_query(index=words_of(index), query=query, conflicts="proceed", refresh=True)


def _leave_nothing_else(client: Elasticsearch, indices: Indices, index: str) -> None:
    """The indexes before go; in this one, what was deleted or written over leaves its segments."""
    for each in indices.all():
        if each != index:
            indices.delete(each)
    both = [index, words_of(index)]
    patient, end = client.options(request_timeout=PURGING_S), time.monotonic() + LEASE_S
    while True:
        patient.indices.forcemerge(index=both, only_expunge_deletes=True)
        patient.indices.flush(index=both, force=True)
        patient.indices.refresh(index=both)
        if not client.indices.stats(index=both, metric="docs")["_all"]["total"]["docs"]["deleted"]:
            return
        if time.monotonic() > end:
            raise NotReady("Le moteur de recherche garde encore ce qui a été effacé : ./lum1 search sync recommencera.")
        time.sleep(LEASE_S / 60)


def _by(many: int, changed: Sequence[Changed]) -> Iterator[Sequence[Changed]]:
    return (changed[first : first + many] for first in range(0, len(changed), many))


# Asked once each time; a row a publication.
IS_OURS = "SELECT EXISTS (SELECT FROM publication WHERE stamp = CAST(:stamp AS uuid))"
