"""One request to the producer: an answer to use, or an error that says whether to ask again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import requests
import urllib3

from etl.download.errors import Absent
from geo.errors import Unreachable
from geo.patience import Interrupted, NoContact
from geo.web import CONNECT_S, failure_of, host, retry_after_s

FIRST_CONTACT_S = 2.0  # a machine without network must reach the demo without a wait
SILENCE_S = 60.0  # without a byte
CHUNK_BYTES = 1 << 18
USABLE = {200, 206, 304, 416}
PASSING = {408, 425, 429, 500, 502, 503, 504}
REFUSED = {401, 403, 404, 410}
# « identity »: a file is kept, counted and summed as it is stored, and a part of it can only be asked for in those bytes
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "lum1"}


@contextmanager
def answer_from(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    connect_s: float = CONNECT_S,
    silence_s: float,
) -> Iterator[requests.Response]:
    """The answer after redirects, its body not read yet; closed at the end, read or not."""
    asked = {**HEADERS, **(headers or {})}
    try:
        response = requests.get(url, headers=asked, stream=True, timeout=(connect_s, silence_s))
    except requests.RequestException as error:
        raise _failure(url, error) from error
    with response:
        _refuse_unusable(response)
        yield response


def chunks(response: requests.Response, *, decoded: bool) -> Iterator[bytes]:
    """The body as it comes, without waiting for a chunk to be full; a body cut short is Interrupted."""
    try:
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=decoded):
            yield chunk
    except urllib3.exceptions.ReadTimeoutError as error:
        raise Interrupted(f"{host(response.url)} : plus rien, et la connexion reste ouverte") from error
    except urllib3.exceptions.HTTPError as error:
        raise Interrupted(f"{host(response.url)} : connexion coupée") from error


def _refuse_unusable(response: requests.Response) -> None:
    status = response.status_code
    said = f"{host(response.url)} répond {status}"
    if status in PASSING:
        raise Interrupted(said, retry_after_s(response.headers.get("Retry-After"), datetime.now(UTC)))
    if status in REFUSED:
        raise Absent(f"{said} pour {response.url}.")
    if status not in USABLE:
        raise Unreachable(f"{said} pour {response.url}.")


def _failure(url: str, error: requests.RequestException) -> Exception:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):  # refused, no route, unknown name
        return NoContact(f"{host(url)} : pas de connexion")
    return failure_of(url, error) or Unreachable(f"{url} ne peut pas être demandé : {error}")
