"""An index against PostgreSQL: how many structures of each category and département, and some of its documents whole."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from geo import outbox
from geo.search_server import SearchServer
from search.document import STRUCTURES, document_of
from search.elastic import vocabulary
from search.elastic.connect import connected, in_our_words
from search.elastic.documents import FETCH_ROWS, SOME_STRUCTURES, Told, told
from search.elastic.facets import MOST
from search.elastic.indices import MAKE, Indices, Meta, words_of

TOLD = 20  # differences: enough to see what is wrong
SAMPLE = 500
COUNTED = ("categorie_no", "departement")

# Asked by `verification`: ids drawn at random, others each time.
DRAWN = "SELECT id FROM structure ORDER BY hashtext(id || :seed), id LIMIT :sample"
# Asked by `verification`, once for each column of COUNTED: one scan.
COUNTS = "SELECT {column} AS value, count(*) AS structures FROM structure WHERE id <> ALL(:without) GROUP BY 1"


def of_what_is_served(connection: Connection, server: SearchServer) -> list[str]:
    """The same of the index behind the alias, every word of it counted, and what it refused; NotReady when no server answers."""
    with connected(server, patient=True) as client, in_our_words():
        indices = Indices(client, server.name)
        served = indices.served_with_meta()
        if served is None:
            return [f"{indices.alias} : aucun index, {MAKE}"]
        index, meta = served
        refused = outbox.refused_by(connection, server.consumer)
        found = differences(client, connection, index, without=[each.structure for each in refused])
        found += islice(_of_words(client, connection, index, meta, {each.structure for each in refused}), TOLD)
        return [*(f"{each.structure} : refusée par le moteur, {each.reason}" for each in refused), *found]


def differences(
    client: Elasticsearch,
    connection: Connection,
    index: str,
    *,
    without: Iterable[str] = (),
    looked_at: Iterable[str] = (),
) -> list[str]:
    """Where the index disagrees with the `structure` that the transaction sees; empty when it doesn't.

    `without`: structures that it refused and must not hold; `looked_at`: some to compare whole, beside those drawn.
    """
    return list(islice(_differences(client, connection, index, list(without), list(looked_at)), TOLD))


def _differences(
    client: Elasticsearch, connection: Connection, index: str, without: list[str], looked_at: list[str]
) -> Iterator[str]:
    for column in COUNTED:
        rows = connection.execute(text(COUNTS.format(column=column)), {"without": without})
        expected: dict[Any, int] = {row.value: row.structures for row in rows}
        yield from _of_counts(column, _counts(client, index, column), expected)
    drawn = connection.execute(text(DRAWN), {"sample": SAMPLE, "seed": secrets.token_hex(4)}).scalars()
    ids = {*drawn, *looked_at} - set(without)
    if ids:
        yield from _of_documents(client, connection, index, sorted(ids))


def _counts(client: Elasticsearch, index: str, column: str) -> dict[Any, int]:
    aggregations: dict[str, dict[str, Any]] = {
        "values": {"terms": {"field": column, "size": MOST}},
        "none": {"missing": {"field": column}},
    }
    found = client.search(index=index, size=0, aggs=aggregations)["aggregations"]
    counts = {bucket["key"]: bucket["doc_count"] for bucket in found["values"]["buckets"]}
    return counts | ({None: found["none"]["doc_count"]} if found["none"]["doc_count"] else {})


def _of_counts(column: str, indexed: dict[Any, int], expected: dict[Any, int]) -> Iterator[str]:
    for value in sorted({*indexed, *expected}, key=str):
        got, want = indexed.get(value, 0), expected.get(value, 0)
        if got != want:
            yield f"{column} {value} : {got} structures indexées, {want} attendues"


def _of_documents(client: Elasticsearch, connection: Connection, index: str, ids: list[str]) -> Iterator[str]:
    rows = connection.execute(text(SOME_STRUCTURES), {"ids": ids}).mappings().all()
    wanted: dict[str, Told] = {row["id"]: told(row) for row in rows}  # type: ignore[arg-type]
    answered = client.mget(index=index, ids=ids)["docs"]
    held: dict[str, Told] = {each["_id"]: each.get("_source", {}) for each in answered}
    for each in ids:
        expected, indexed = wanted.get(each, {}), held.get(each, {})
        for name in sorted({*expected, *indexed}):
            if expected.get(name) != indexed.get(name):
                yield f"{each} : {name} {indexed.get(name)} indexé, {expected.get(name)} attendu"


def _of_words(
    client: Elasticsearch, connection: Connection, index: str, meta: Meta, without: set[str]
) -> Iterator[str]:
    held, expected = vocabulary.read(client, words_of(index), meta.generation).counts, vocabulary.Counts()
    with connection.execute(text(STRUCTURES).execution_options(yield_per=FETCH_ROWS)) as rows:
        for row in rows.mappings():
            if row["id"] not in without:
                expected.add(vocabulary.words_of(document_of(row)))  # type: ignore[arg-type]
    of_kinds: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("mot", held.found, expected.found),
        ("mot de la saisie", held.typed, expected.typed),
    )
    for kind, indexed, wanted in of_kinds:
        for word in sorted({*indexed, *wanted}):
            if indexed.get(word) != wanted.get(word):
                yield f"{kind} « {word} » : {indexed.get(word)} indexé, {wanted.get(word)} attendu"
