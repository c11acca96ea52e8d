"""An index against PostgreSQL: how many structures of each category and département, and some of its documents whole."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch
from sqlalchemy import Connection, text

from geo.search_server import SearchServer
from search.elastic.connect import connected, in_our_words
from search.elastic.documents import SOME_STRUCTURES, Told, told
from search.elastic.facets import MOST
from search.elastic.indices import MAKE, Indices

TOLD = 20  # differences: enough to see what is wrong
SAMPLE = 500
COUNTED = ("categorie_no", "departement")

# Asked by `verification`: ids drawn at random, the same for the same rows.
DRAWN = "SELECT id FROM structure ORDER BY hashtext(id), id LIMIT :sample"
# Asked by `verification`, once for each column of COUNTED: one scan.
COUNTS = "SELECT {column} AS value, count(*) AS structures FROM structure GROUP BY 1"


def of_what_is_served(connection: Connection, server: SearchServer) -> list[str]:
    """The same of the index behind the alias; NotReady when the server does not answer."""
    with connected(server, patient=True) as client, in_our_words():
        indices = Indices(client, server.name)
        served = indices.served()
        if served is None:
            return [f"{indices.alias} : aucun index, {MAKE}"]
        return differences(client, connection, served)


def differences(client: Elasticsearch, connection: Connection, index: str) -> list[str]:
    """Where the index disagrees with the `structure` that the transaction sees; empty when it doesn't."""
    return list(islice(_differences(client, connection, index), TOLD))


def _differences(client: Elasticsearch, connection: Connection, index: str) -> Iterator[str]:
    for column in COUNTED:
        rows = connection.execute(text(COUNTS.format(column=column)))
        expected: dict[Any, int] = {row.value: row.structures for row in rows}
        yield from _of_counts(column, _counts(client, index, column), expected)
    ids = list(connection.execute(text(DRAWN), {"sample": SAMPLE}).scalars())
    if ids:
        yield from _of_documents(client, connection, index, ids)


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
    answered = client.mget(index=index, ids=ids)["docs"]
    held: dict[str, Told] = {each["_id"]: each.get("_source", {}) for each in answered}
    for row in rows:
        expected, indexed = told(row), held.get(row["id"], {})  # type: ignore[arg-type]
        for name in sorted({*expected, *indexed}):
            if expected.get(name) != indexed.get(name):
                yield f"{row['id']} : {name} {indexed.get(name)} indexé, {expected.get(name)} attendu"
