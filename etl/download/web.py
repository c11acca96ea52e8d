"""One request to the producer: an answer to use, or an error that says whether to ask again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import urllib3

from etl.download.errors import Absent, Interrupted, NoContact, Unreachable

FIRST_CONTACT_S = 2.0  # a machine without network must reach the demo without a wait
CONNECT_S = 10.0
SILENCE_S = 60.0  # without a byte
CHUNK_BYTES = 1 << 18
USABLE = {200, 206, 304, 416}
PASSING = {408, 425, 429, 500, 502, 503, 504}
REFUSED = {401, 403, 404, 410}
# « identity »: a file is kept, counted and summed as it is stored, and a part of it can only be asked for in those bytes
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "lum1"}
# the first that fits; requests derives some of these from others
FAILURES: tuple[tuple[type[Exception], type[Interrupted], str], ...] = (
    (requests.exceptions.ProxyError, NoContact, "le mandataire (proxy) refuse la connexion"),
    (requests.exceptions.SSLError, NoContact, "le certificat n’est pas reconnu"),
    (requests.exceptions.ConnectTimeout, NoContact, "pas de connexion dans le délai"),
    (requests.exceptions.ReadTimeout, Interrupted, "pas de réponse dans le délai"),
    (requests.exceptions.ConnectionError, Interrupted, "connexion coupée"),
    (requests.exceptions.ChunkedEncodingError, Interrupted, "connexion coupée"),
)


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


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """`Retry-After` in seconds, given as such or as a date (RFC 9110 § 10.2.3); None when it says neither."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    moment = http_date(text)
    return max(0.0, (moment - now).total_seconds()) if moment else None


def http_date(text: str | None) -> datetime | None:
    """A date of a header, None when there is none to read."""
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def host(url: str) -> str:
    """The machine's name, as an operator knows it."""
    return urlsplit(url).netloc


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
    for kind, ours, words in FAILURES:
        if isinstance(error, kind):
            return ours(f"{host(url)} : {words}")
    return Unreachable(f"{url} ne peut pas être demandé : {error}")
