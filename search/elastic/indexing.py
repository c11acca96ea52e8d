"""An index made beside the one served, from one transaction's rows; verified, then swapped for it at once."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing, suppress
from typing import Any

import msgspec
from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from geo import outbox
from geo.errors import NotReady
from geo.progress import Progress, Silent
from geo.publication import Publication, served_publication
from geo.search_server import SearchServer
from search.document import STRUCTURES, Document, document_of
from search.elastic import vocabulary
from search.elastic.connect import connected, flavour_of, in_our_words
from search.elastic.documents import FETCH_ROWS, SOME_STRUCTURES, told
from search.elastic.indices import Indices, Meta, words_of
from search.elastic.mapping import filled, form, structures_body, vocabulary_body
from search.elastic.verification import differences
from search.elastic.vocabulary import Counts
from search.elastic.writing import FIRST, OURS, in_bulk, told_as_they_go

MOST_REFUSED = 1_000  # one document in as many is left out and told; more, and the index is no good
WORDS_AT_ONCE = 10  # documents of thousands of words
COPYING_S, COPIED_WITHIN = 30, 20  # of one wait for the copies, and how many: an index of millions is some gigabytes


class Built(msgspec.Struct, frozen=True):
    """The index that is now served, of which publication, and how many structures were written to it or refused."""

    index: str
    version: int
    written: int
    refused: int = 0


def build(
    client: Elasticsearch,
    server: SearchServer,
    connection: Connection,
    progress: Progress | None = None,
    *,
    alone: bool = False,
) -> Built:
    """Index every structure that the transaction sees (REPEATABLE READ, so that all are of one publication), and serve them.

    The index served before stays, to go back to, unless the new one is to be `alone`: somebody was withdrawn, say. NotReady, and
    the index served left as it was, when the new one is not what PostgreSQL holds.
    """
    publication = served_publication(connection)
    if publication is None:
        raise NotReady("Rien n’est encore publié : lancez d’abord ./lum1 refresh finess.")
    indices, progress = Indices(client, server.name), progress or Silent()
    with in_our_words():
        index = indices.next(publication.version)
        try:
            progress.step("documents")
            meta, refused = _fill(client, server, connection, index, publication, progress)
            progress.step("vérification")
            _verified(client, connection, index, refused)
            progress.step("copies")
            _copied(client, index)
        except BaseException:  # interrupted too: half an index serves nobody
            with suppress(NotReady), in_our_words():  # a server that is away keeps it until the next one is made
                indices.delete(index)
            raise
        progress.step("bascule")
        before = None if alone else indices.served()
        indices.serve(index)
        for each in indices.all():
            if each not in (index, before):
                indices.delete(each)
    outbox.taken(connection, server.consumer, meta.mark, refused)
    return Built(index, meta.version, meta.structures, len(refused))


def back(server: SearchServer) -> tuple[str, Meta]:
    """Serve again the index before the one served."""
    with connected(server, patient=True) as client, in_our_words():
        flavour_of(client)
        indices = Indices(client, server.name)
        served, known = indices.served(), indices.all()
        older = known[: known.index(served)] if served in known else []
        if not older:
            raise NotReady("Il n’y a pas d’index plus ancien que celui qui est servi.")
        meta = indices.meta(older[-1])
        indices.serve(older[-1])
    return older[-1], meta


def _fill(
    client: Elasticsearch,
    server: SearchServer,
    connection: Connection,
    index: str,
    publication: Publication,
    progress: Progress,
) -> tuple[Meta, list[outbox.Refused]]:
    expected = connection.execute(text("SELECT count(*) FROM structure")).scalar_one()
    meta = Meta(form(), publication.version, publication.stamp, expected, outbox.mark(connection), generation=1)
    client.indices.create(index=index, **structures_body(server, msgspec.to_builtins(meta)))
    client.indices.create(index=words_of(index), **vocabulary_body())
    counts = Counts()
    with closing(_documents(connection, index, counts)) as documents:
        written = in_bulk(client, told_as_they_go(documents, progress, expected))
    if len(written.refused) * MOST_REFUSED > expected:
        raise NotReady(f"Le moteur de recherche refuse un document : {next(iter(written.refused.values()))}")
    if written.refused:
        uncount(connection, counts, written.refused)
        meta = msgspec.structs.replace(meta, structures=expected - len(written.refused))
        Indices(client, server.name).tell(index, meta)
    write_words(client, index, counts, meta.generation)
    for each in (index, words_of(index)):
        client.indices.put_settings(index=each, settings=filled(server))
        client.indices.refresh(index=each)
    return meta, [outbox.Refused(each, FIRST, reason) for each, reason in written.refused.items()]


def _documents(connection: Connection, index: str, counts: Counts) -> Generator[dict[str, Any], None, None]:
    with connection.execute(text(STRUCTURES).execution_options(yield_per=FETCH_ROWS)) as found:
        for row in found.mappings():
            document = document_of(row)  # type: ignore[arg-type]
            counts.add(vocabulary.words_of(document))
            yield indexed(index, row, document, FIRST)  # type: ignore[arg-type]


def indexed(index: str, row: Mapping[str, Any], document: Document, no: int) -> dict[str, Any]:
    """The action that writes a structure, as of its change `no`."""
    return {"_index": index, "_id": row["id"], "version": no, "version_type": OURS, "_source": told(row, document)}


def uncount(connection: Connection, counts: Counts, ids: Iterable[str]) -> None:
    """Take back the words of structures that were counted and then refused."""
    for row in connection.execute(text(SOME_STRUCTURES), {"ids": list(ids)}).mappings():
        counts.add(vocabulary.words_of(document_of(row)), -1)  # type: ignore[arg-type]
    counts.forget_unused()


def write_words(client: Elasticsearch, index: str, counts: Counts, generation: int) -> None:
    """Write a vocabulary under a generation; NotReady when it is not taken whole."""
    words = words_of(index)
    actions = ({"_index": words, "_source": each} for each in vocabulary.written(counts, generation))
    refused = in_bulk(client, actions, at_once=WORDS_AT_ONCE).refused
    if refused:
        raise NotReady(f"Le moteur de recherche refuse le vocabulaire : {next(iter(refused.values()))}")


def _copied(client: Elasticsearch, index: str) -> None:
    """Wait for the copies that there are nodes for: one that is lost just after the swap must not take the only copy with it."""
    patient = client.options(request_timeout=2 * COPYING_S, ignore_status=408)  # what a wait in vain is answered
    for _ in range(COPIED_WITHIN):
        answer = patient.cluster.health(
            index=[index, words_of(index)], wait_for_no_initializing_shards=True, timeout=f"{COPYING_S}s"
        )
        if not answer["timed_out"]:
            return


def _verified(client: Elasticsearch, connection: Connection, index: str, refused: list[outbox.Refused]) -> None:
    found = differences(client, connection, index, without=[each.structure for each in refused])
    if found:
        raise NotReady(f"L’index {index} n’est pas ce que PostgreSQL tient, et n’est pas servi : {' ; '.join(found)}")
