"""How many answers a second one process gives when it never waits for its client: requests sent ahead, on one connection."""

import socket
import time
from urllib.parse import urlsplit

from bench.measure import WrongAnswer

READ_BYTES = 1 << 20
AHEAD = 32  # requests on their way: what a browser's page asks at once
PATIENCE_S = 30


def per_second(address: str, path: str, count: int) -> float:
    """GET `path`, `count` times; each answer is as long as the first, or this fails."""
    host = urlsplit(address).netloc
    name, _, port = host.partition(":")
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    with socket.create_connection((name, int(port)), timeout=PATIENCE_S) as connection:
        length = _length_of_one(connection, request)
        began = time.perf_counter()
        sent = received = 0
        while received < count * length:
            while sent < count and sent * length < received + AHEAD * length:
                burst = min(AHEAD, count - sent)
                connection.sendall(request * burst)
                sent += burst
            block = connection.recv(READ_BYTES)
            if not block:
                raise WrongAnswer(f"{path} : la connexion se ferme.")
            received += len(block)
        taken = time.perf_counter() - began
    if received != count * length:
        raise WrongAnswer(f"{path} : {received} octets au lieu de {count * length}.")
    return count / taken


def _length_of_one(connection: socket.socket, request: bytes) -> int:
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(READ_BYTES)
    head, _, body = answer.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if not head.startswith(b"HTTP/1.1 200"):
        raise WrongAnswer(head.split(b"\r\n")[0].decode())
    rest = int(headers[b"content-length"]) - len(body)
    while rest:
        rest -= len(connection.recv(READ_BYTES))
    return len(head) + 4 + int(headers[b"content-length"])
