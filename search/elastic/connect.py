"""One client for Elasticsearch 9 and OpenSearch 3: which of them answers, and what is refused."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from elastic_transport import ConnectionError as NoConnection
from elastic_transport import HttpHeaders, TlsError, Urllib3HttpNode
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    Elasticsearch,
    JsonSerializer,
    TransportError,
)

from geo.errors import NotAnswering, NotReady
from geo.search_server import SearchServer
from search import took

SUPPORTED = {"elasticsearch": 9, "opensearch": 3}  # the major version whose answers we read
NAMES = {"elasticsearch": "Elasticsearch", "opensearch": "OpenSearch"}
# Of its client only a node that goes away is worth a line: it would write one for each question, and a page for each retry.
logging.getLogger("elastic_transport").setLevel(logging.WARNING)
logging.getLogger("elastic_transport.transport").setLevel(logging.ERROR)
RETRIES = 2  # on another node, where there are several
COMMAND_S = 60  # a request of a command, which nobody waits for before a page
REDIRECTED = 300  # statuses below it are answers
OVERLOADED, MISSING, BROKEN = 429, 404, 500  # statuses that the next question may not get; BROKEN and above


class Flavour(msgspec.Struct, frozen=True):
    """What answers at the address, and its version."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{NAMES.get(self.name, self.name)} {self.version}"


class EitherNode(Urllib3HttpNode):
    """Speaks plain JSON, which both servers do: OpenSearch knows neither the vendor's media types nor its product header."""

    def perform_request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: Any = None,
    ) -> Any:
        plain = HttpHeaders({name: _plain(value) for name, value in (headers or {}).items()})
        timeout = {} if request_timeout is None else {"request_timeout": request_timeout}
        answer = super().perform_request(method, target, body, plain, **timeout)
        if answer.meta.status < REDIRECTED and answer.body and answer.meta.mimetype != "application/json":
            raise NoConnection("what answers is no search server")  # a proxy's page: another node may be one
        answer.meta.headers["x-elastic-product"] = "Elasticsearch"
        return answer


class Json(JsonSerializer):
    """As msgspec writes and reads it: a twentieth of what a page takes our processor."""

    def json_dumps(self, data: Any) -> bytes:
        return msgspec.json.encode(data)

    def json_loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


class OfEveryShard(Elasticsearch):
    """Answers of every shard, or no answer: a server would leave out what a lost shard holds, with totals and facets to match."""

    def search(self, *args: Any, **asked: Any) -> Any:
        answer = super().search(*args, **{"allow_partial_search_results": False} | asked)
        took.say(answer["took"])
        return answer


def connected(server: SearchServer, *, patient: bool = False) -> Elasticsearch:
    """A client, safe between threads; nothing is asked yet. `patient`: for a command, not for a person's question.

    Where another engine answers in its place, a question that a node lets wait is not asked of the next one: whoever asks has
    waited once.
    """
    options: dict[str, Any] = {"api_key": server.api_key} if server.api_key else {"basic_auth": server.account}
    if server.ca:
        options["ca_certs"] = str(server.ca)
    return OfEveryShard(
        list(server.urls),
        node_class=EitherNode,
        serializers={Json.mimetype: Json()},
        request_timeout=max(server.timeout_s, COMMAND_S) if patient else server.timeout_s,
        max_retries=RETRIES,
        meta_header=False,  # of which client asks: for Elastic’s own statistics
        retry_on_timeout=patient or (not server.fallback and len(server.urls) > 1),
        **options,
    )


def flavour_of(client: Elasticsearch) -> Flavour:
    """Who answers; NotAnswering, saying why, where that is nobody or a version that we do not know."""
    with in_our_words(trifle=True):
        told = client.info().body
    version = told.get("version") if isinstance(told, dict) else None
    if not isinstance(version, dict) or "number" not in version:
        raise NotAnswering("Ce qui répond à LUM1_SEARCH_URL n’est pas un moteur de recherche.", absent=True)
    found = Flavour(version.get("distribution", "elasticsearch"), str(version["number"]))
    wanted = SUPPORTED.get(found.name)
    if wanted is None or not found.version.startswith(f"{wanted}."):
        known = ", ".join(f"{NAMES[name]} {major}" for name, major in SUPPORTED.items())
        raise NotAnswering(
            f"LUM1_SEARCH_URL mène à {found} : {known} sont connus, dont les réponses diffèrent d’autres.", absent=True
        )
    return found


@contextmanager
def in_our_words(*, trifle: bool = False) -> Iterator[None]:
    """What the server or the network refuses, as NotReady: a sentence without address nor secret.

    NotAnswering where the question is not at fault. `trifle`: what is asked costs the server nothing, so that one who does not
    answer it in time answers nothing else.
    """
    try:
        yield
    except (AuthenticationException, AuthorizationException):
        raise NotAnswering(
            "Le moteur de recherche refuse l’accès : LUM1_SEARCH_API_KEY, ou LUM1_SEARCH_USER et LUM1_SEARCH_PASSWORD.",
            absent=True,
        ) from None
    except TlsError as error:
        raise NotAnswering(
            "Le certificat du moteur de recherche n’est pas celui d’une autorité connue : LUM1_SEARCH_CA mène à la vôtre.",
            absent=True,
        ) from error
    except ApiError as error:
        told = f"Le moteur de recherche refuse la question ({error.status_code}, {error.message})."
        passing = error.status_code in (OVERLOADED, MISSING) or error.status_code >= BROKEN
        raise (NotAnswering(told) if passing else NotReady(told)) from error
    except TransportError as error:
        raise NotAnswering(
            f"Le moteur de recherche (LUM1_SEARCH_URL) ne répond pas : {type(error).__name__}.",
            absent=trifle or not isinstance(error, ConnectionTimeout),
        ) from error


def _plain(header: str) -> str:
    """« application/vnd.elasticsearch+x-ndjson; compatible-with=9 » is « application/x-ndjson »."""
    kind, _, _ = header.partition(";")
    return kind.replace("vnd.elasticsearch+", "") if "vnd.elasticsearch+" in kind else header
