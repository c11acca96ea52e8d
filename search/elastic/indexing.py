"""An index made beside the one served, from one transaction's rows; verified, then swapped for it at once."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import Any

import msgspec
from elasticsearch import Elasticsearch, helpers
from sqlalchemy import Connection, text

from geo.errors import NotReady
from geo.publication import served_publication
from geo.search_server import SearchServer
from search.document import STRUCTURES, document_of
from search.elastic import vocabulary
from search.elastic.connect import in_our_words
from search.elastic.documents import told
from search.elastic.indices import Indices, as_error, words_of
from search.elastic.mapping import filled, structures_body, vocabulary_body
from search.elastic.verification import differences

FETCH_ROWS = 5_000
AT_ONCE = 1_000  # documents in a request: a megabyte or so
LOADING_S = 120  # for one of these requests: the server may be merging what came before

Step = Callable[[str], None]  # told the name of each step as it begins


class Built(msgspec.Struct, frozen=True):
    """The index that is now served, and of what."""

    index: str
    version: int
    structures: int


def build(
    client: Elasticsearch,
    server: SearchServer,
    connection: Connection,
    step: Step = lambda _: None,
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
    indices = Indices(client, server.name)
    with in_our_words():
        index = indices.next(publication.version)
        try:
            step("documents")
            structures = _fill(client, server, connection, index, publication.version)
            step("vérification")
            _verified(client, connection, index)
        except BaseException:  # interrupted too: half an index serves nobody
            indices.delete(index)
            raise
        step("bascule")
        before = None if alone else indices.served()
        indices.serve(index)
        for each in indices.all():
            if each not in (index, before):
                indices.delete(each)
    return Built(index, publication.version, structures)


def back(client: Elasticsearch, server: SearchServer) -> Built:
    """Serve again the index before the one served."""
    indices = Indices(client, server.name)
    with in_our_words():
        served, known = indices.served(), indices.all()
        older = known[: known.index(served)] if served in known else []
        if not older:
            raise NotReady("Il n’y a pas d’index plus ancien que celui qui est servi.")
        meta = indices.meta(older[-1])
        indices.serve(older[-1])
    return Built(older[-1], meta.version, meta.structures)


def _fill(client: Elasticsearch, server: SearchServer, connection: Connection, index: str, version: int) -> int:
    expected = connection.execute(text("SELECT count(*) FROM structure")).scalar_one()
    client.indices.create(index=index, **structures_body(server, version, expected))
    client.indices.create(index=words_of(index), **vocabulary_body())
    counting = vocabulary.Counting()
    with closing(_documents(connection, index, counting)) as documents:
        written = _bulk(client, documents)
    words = ({"_index": words_of(index), "_source": each} for each in vocabulary.written(counting))
    _bulk(client, words, at_once=10)
    for each in (index, words_of(index)):
        client.indices.put_settings(index=each, settings=filled(server))
        client.indices.refresh(index=each)
    return written


def _documents(
    connection: Connection, index: str, counting: vocabulary.Counting
) -> Generator[dict[str, Any], None, None]:
    with connection.execute(text(STRUCTURES).execution_options(yield_per=FETCH_ROWS)) as found:
        for row in found.mappings():
            document = document_of(row)  # type: ignore[arg-type]
            counting.add(document)
            yield {"_index": index, "_id": row["id"], "_source": told(row, document)}  # type: ignore[arg-type]


def _bulk(client: Elasticsearch, actions: Iterable[dict[str, Any]], at_once: int = AT_ONCE) -> int:
    """How many were written; NotReady at the first refused."""
    patient = client.options(request_timeout=LOADING_S)
    written = 0
    for accepted, answer in helpers.streaming_bulk(patient, actions, chunk_size=at_once, raise_on_error=False):
        if not accepted:
            raise NotReady(f"Le moteur de recherche refuse un document : {as_error(next(iter(answer.values())))}")
        written += 1
    return written


def _verified(client: Elasticsearch, connection: Connection, index: str) -> None:
    found = differences(client, connection, index)
    if found:
        raise NotReady(f"L’index {index} n’est pas ce que PostgreSQL tient, et n’est pas servi : {' ; '.join(found)}")
