"""What is sent to a search server is of the types that Elasticsearch 9 publishes of its requests: none can run here.

Every kind of question and every command is asked of the real node; what each sends, as it leaves, is compiled as the official
type of its endpoint, where a member that the type has not is an error. Where a value is placed (path, address, body) is the
official Python client's, made of the same specification.

Not held by it: whether Elasticsearch answers as OpenSearch does; Painless, a string to the types, and its parameters; fields,
any name being one; documents, which the strict mapping holds on the node; bounds of numbers, and what a server's settings limit.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from elasticsearch import Elasticsearch

import search.elastic
from geo.database import engine_for
from geo.errors import NotReady
from geo.filters import Filters
from geo.settings import REPOSITORY
from search.elastic import doctor, indexing, sync, verification
from search.elastic.connect import EitherNode
from search.query import Facet, Origin, SearchQuery, Sort
from tests.builders import a_structure
from tests.conftest import fresh_database
from tests.elastic.conftest import Both, Kept, a_client
from tests.elastic.test_contract import EACH_KIND, ELSEWHERE, NUMBERED, NUMBERS
from tests.elastic.test_sync import GONE, ONE, RENAMED, TWO, Instance
from tests.elastic.test_words import FEW, as_asked
from tests.elastic.typescript.compiler import Typed, missing, refusals
from tests.opensearch.peer import Node
from tests.places import LILLE

HERE = Origin(LILLE.lon, LILLE.lat)
# Endpoints whose body is one member of their request; `bulk` has a line for each operation and each document.
WHOLE_BODY = {"indices.put_settings": "settings", "snapshot.create_repository": "repository"}
WORDS = (
    "pharmacie", "pharmaci", "farmacie", "pharmcie lille", "clinique st anne", "ehpad introuvableville", "cmp", "e", "de la",
    "hospitalisation à domicile", "aideadomicile", "had lons-le-saunier", "pharmacie dole", "thermes paris", "pharmacie 75013",
    "kinesiterapeutes",
)  # fmt: skip
TYPED = ("p", "pharmacies s", "farmacie", "clinqiue d", "99000", "lbm c", "lbm ")


@contextmanager
def recorded() -> Iterator[list[Typed]]:
    """What is sent meanwhile, each kind once: the endpoint is named by the client, the body is what reaches the node."""
    sent: dict[str, Typed] = {}
    called: list[tuple[str | None, dict[str, Any]]] = []
    asked, performed = Elasticsearch.perform_request, EitherNode.perform_request

    def asking(self: Elasticsearch, *of: Any, **more: Any) -> Any:
        called.append((more.get("endpoint_id"), {**(more.get("path_parts") or {}), **(more.get("params") or {})}))
        try:
            return asked(self, *of, **more)
        finally:
            called.pop()

    def performing(self: EitherNode, method: str, target: str, body: bytes | None = None, *of: Any, **more: Any) -> Any:
        endpoint, around = called[-1] if called else (None, {})
        assert endpoint, f"{method} {target} : sans point d’accès, donc sans type"
        for each in typed(endpoint, around, body):
            sent.setdefault(str(each), each)
        return performed(self, method, target, body, *of, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Elasticsearch, "perform_request", asking)
        patch.setattr(EitherNode, "perform_request", performing)
        found: list[Typed] = []
        yield found
    found += sent.values()


def typed(endpoint: str, around: dict[str, Any], body: bytes | None) -> Iterator[Typed]:
    """The request of an endpoint, whose path and address have what is `around` the body; with each operation of a bulk."""
    of = "".join(part.title() for part in re.split(r"[._]", endpoint)) + "Request"
    if endpoint == "bulk":
        yield Typed(endpoint, of, around)
        yield from (Typed(endpoint, "BulkOperationContainer", alike(each)) for each in operations(body or b""))
        return
    told = json.loads(body) if body else {}
    inside = {WHOLE_BODY[endpoint]: told} if endpoint in WHOLE_BODY else told
    assert not inside.keys() & around.keys(), endpoint
    yield Typed(endpoint, of, alike(around | inside))


def operations(body: bytes) -> Iterator[dict[str, Any]]:
    """Without the documents that follow them."""
    lines = map(json.loads, body.splitlines())
    for operation in lines:
        yield operation
        if "delete" not in operation:
            next(lines)


def alike(value: Any) -> Any:
    """The same for all that are typed alike: no number of its own, one of each kind of a list."""
    match value:
        case bool() | None:
            return value
        case int() | float():
            return 0
        case str():
            return re.sub(r"\d+", "0", value)
        case list():
            kinds = {type(one).__name__ if isinstance(one, str) else json.dumps(one): one for one in map(alike, value)}
            return list(kinds.values())
        case dict():
            return {name: alike(each) for name, each in value.items()}


def ask_everything(both: Both) -> None:
    """Each kind of condition, count, order, cursor, reading, line and place; what one is beside does not change its type."""
    for filters in EACH_KIND.values():
        asked = SearchQuery(filters=filters, facets=tuple(Facet), origin=HERE, sort=Sort.DISTANCE)
        both.ask(both.elastic, asked)
    for words in WORDS:
        both.ask(both.elastic, as_asked(words, HERE)[0])
    for words in ("pharmacie", *NUMBERS):
        for query in as_asked(words, HERE):
            both.ask(both.elastic, query)
        both.placed(both.elastic, words, Filters())
    for words, sort in (("", Sort.NAME), ("", Sort.DISTANCE), *(("pharmacie", each) for each in Sort)):
        both.every_hit(both.elastic, SearchQuery(words=words, origin=HERE, sort=sort, limit=13, total=False))
    for words in TYPED:
        for origin in (None, HERE):
            both.suggest(both.elastic, words, origin)


def command_everything(both: Both) -> None:
    """Indexes made, one after the other, compared, gone back from, looked at."""
    both.index(*FEW)
    both.index(*FEW, *ELSEWHERE, *NUMBERED)
    server = replace(both.server, replicas=1)
    indexing.build(both.client, server, both.connection)
    indexing.back(server)
    indexing.build(both.client, server, both.connection, alone=True)
    assert verification.of_what_is_served(both.connection, both.server) == []
    assert doctor.told(both.server, both.publication)[1]
    both.elastic.check(both.publication)


@pytest.fixture(scope="module")
def compiler() -> None:
    if why := missing():
        pytest.skip(why)


def follow_everything(instance: Instance) -> None:
    """An index brought to what is new, changed and gone, then left alone, what was deleted waited for no longer than a look."""
    instance.publish(a_structure(finess=ONE[1:], at=LILLE), a_structure(finess=TWO[1:], at=LILLE))
    instance.follow()
    instance.publish(a_structure(), renamed=RENAMED, gone=GONE)
    assert instance.follow().written == 3
    instance.publish(renamed=RENAMED)
    with pytest.MonkeyPatch.context() as patch, suppress(NotReady):
        patch.setattr(sync, "LEASE_S", 0.0)
        instance.follow(alone=True)


@pytest.fixture(scope="module")
def sent(compiler: None, node: Node, kept: Kept, server_url: str, template: str) -> list[Typed]:
    server = node.server("types-suivis")
    with recorded() as found:
        with kept.both("types") as both:
            command_everything(both)
            ask_everything(both)
        with fresh_database(server_url, template=template) as url, a_client(server) as client:
            engine = engine_for(url)
            follow_everything(Instance(engine, server, client))
            engine.dispose()
    return found


def test_whatever_is_sent_is_of_elasticsearch_s_own_types(sent: list[Typed]) -> None:
    assert len(sent) > 100
    refused = refusals(sent)
    assert not refused, "\n".join(refused)


def test_every_endpoint_that_the_engine_asks_is_among_them(sent: list[Typed]) -> None:
    (folder,) = map(Path, search.elastic.__path__)
    code = "\n".join(each.read_text(encoding="utf-8") for each in folder.glob("*.py"))
    asked = set(re.findall(r"(?:client|patient)\.((?:[a-z]+\.)?[a-z_]+)\(", code)) - {"options"}
    assert asked | {"bulk"} == {each.endpoint for each in sent}


SNAPSHOT = {"repository": "lum1", "snapshot": "2026-11-27"}
# Requests with a body that docs/operations.md has operators make: their endpoint, and what their path says.
DOCUMENTED = {
    "/_security/api_key": ("security.create_api_key", {}),
    "/_security/user/elastic/_password": ("security.change_password", {"username": "elastic"}),
    "/_snapshot/lum1": ("snapshot.create_repository", {"name": "lum1"}),
    "/_snapshot/lum1/2026-11-27": ("snapshot.create", SNAPSHOT),
    "/_snapshot/lum1/2026-11-27/_restore": ("snapshot.restore", SNAPSHOT),
}


def test_what_operators_are_told_to_send_is_of_them(compiler: None) -> None:
    document = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    told = re.findall(r"^ask [A-Z]+ '?([^' ?]+)\??([^' ]*)'? '(.+)'", document, re.MULTILINE)
    assert {path for path, _, _ in told} == set(DOCUMENTED)
    requests: list[Typed] = []
    for path, asked, body in told:
        endpoint, named = DOCUMENTED[path]
        around = {name: json.loads(value) for name, value in parse_qsl(asked)}
        requests += typed(endpoint, named | around, body.encode())
    refused = refusals(requests)
    assert not refused, "\n".join(refused)


def test_what_is_not_of_them_is_refused(compiler: None) -> None:
    misspelt = {"mappings": {"properties": {"name": {"type": "text", "analyser": "whitespace"}}}}
    corners = {"left": 0, "right": 0, "dessus": 0, "bottom": 0}
    by_script = {"type": "number", "order": "asc", "script": {"source": "1"}}
    wrong = [
        ("search", {"query": {"bool": {"filtre": []}}}, "filtre"),
        ("search", {"query": {"geo_bounding_box": {"position": corners}}}, "dessus"),
        ("search", {"sort": [{"_scripts": by_script}]}, "SortOrder"),
        ("search", {"sort": [{"_script": by_script | {"order": "up"}}]}, "SortOrder"),
        ("search", {"aggs": {"values": {"terms": {"field": "commune", "tailles": 1}}}}, "tailles"),
        ("indices.create", {"index": "lum1-1", **misspelt}, "analyser"),
        ("indices.create", {"index": "lum1-1", "settings": {"number_of_shard": 1}}, "number_of_shard"),
        ("indices.put_settings", {"number_of_replica": 1}, "number_of_replica"),
        ("indices.update_aliases", {"actions": [{"add": {"index": "lum1-1", "aliase": "lum1"}}]}, "aliase"),
        ("nulle_part", {}, "NullePartRequest"),
    ]
    said = refusals([next(typed(endpoint, {}, json.dumps(body).encode())) for endpoint, body, _ in wrong])
    for (endpoint, _, why), line in zip(wrong, said, strict=True):
        assert line.startswith(f"{endpoint} : "), line
        assert why in line


def test_an_operation_of_a_bulk_that_is_none_is_refused(compiler: None) -> None:
    body = b'{"index": {"_index": "lum1-1"}}\n{"name": "A"}\n{"remove": {"_id": "1"}}\n{}\n{"delete": {"_ids": "1"}}\n'
    said = refusals(list(typed("bulk", {}, body)))
    assert len(said) == 2
    assert "remove" in said[0]
    assert "_ids" in said[1]


def test_what_leaves_without_an_endpoint_fails(both: Both) -> None:
    with recorded(), pytest.raises(AssertionError, match="sans type"):
        both.client.transport.perform_request("GET", "/_cluster/health")
