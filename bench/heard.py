"""What a search server is asked by a client of ours, and what it says that each took; said again, by several at once."""

import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec
from elasticsearch import Elasticsearch

from bench.measure import WrongAnswer

JSON = {"content-type": "application/json"}
PATIENCE_S = 60


class Took(msgspec.Struct, frozen=True):
    """Of an answer: the server's own milliseconds, rounded down; none where it does not say."""

    took: int = 0


class Request(msgspec.Struct, frozen=True):
    """As it went over the wire."""

    method: str
    target: str
    body: bytes | None
    took_ms: int


Question = list[Request]  # what one question of ours asks of the server


class Heard:
    """Hears a client; one thread at a time."""

    def __init__(self, client: Elasticsearch) -> None:
        self.questions: list[Question] = []
        for node in client.transport.node_pool.all():
            self._listen(node)

    def during(self, ask: Callable[[Any], object]) -> Callable[[Any], object]:
        """The same, each time a question more."""

        def asked(question: Any) -> object:
            self.questions.append([])
            return ask(question)

        return asked

    def _listen(self, node: Any) -> None:
        perform = node.perform_request

        def performed(method: str, target: str, body: bytes | None = None, **more: Any) -> Any:
            answer = perform(method, target, body, **more)
            if self.questions:
                took = msgspec.json.decode(answer.body or b"{}", type=Took).took
                self.questions[-1].append(Request(method, target, body, took))
            return answer

        node.perform_request = performed


def per_second(url: str, questions: Sequence[Question], clients: int) -> float:
    """How many questions a node answers in a second when so many ask at once, each on one connection, and read nothing of it."""
    waiting = iter([*questions])
    lock = threading.Lock()
    failures: list[BaseException] = []

    def ask() -> None:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
        try:
            while True:
                with lock:
                    question = next(waiting, None)
                if question is None:
                    return
                for each in question:
                    say(connection, each)
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    asking = [threading.Thread(target=ask) for _ in range(clients)]
    began = time.perf_counter()
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    if failures:
        raise failures[0]
    return len(questions) / (time.perf_counter() - began)


def say(connection: HTTPConnection, request: Request) -> bytes:
    """The same bytes again."""
    connection.request(request.method, request.target, body=request.body, headers=JSON)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise WrongAnswer(f"{request.target} : {answer.status} {body[:200].decode(errors='replace')}")
    return body
