"""What is said of the web alike, whoever is asked: which machine, how long it asks to wait, what a failure means."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests

from geo.patience import Interrupted, NoContact

CONNECT_S = 10.0
# the first that fits; requests derives some of these from others
FAILURES: tuple[tuple[type[Exception], type[Interrupted], str], ...] = (
    (requests.exceptions.ProxyError, NoContact, "le mandataire (proxy) refuse la connexion"),
    (requests.exceptions.SSLError, NoContact, "le certificat n’est pas reconnu"),
    (requests.exceptions.ConnectTimeout, NoContact, "pas de connexion dans le délai"),
    (requests.exceptions.ReadTimeout, Interrupted, "pas de réponse dans le délai"),
    (requests.exceptions.ConnectionError, Interrupted, "connexion coupée"),
    (requests.exceptions.ChunkedEncodingError, Interrupted, "connexion coupée"),
)


def failure_of(url: str, error: requests.RequestException) -> Interrupted | None:
    """A failure that passes, in words that name the machine alone; None where asking again would change nothing."""
    for kind, ours, words in FAILURES:
        if isinstance(error, kind):
            return ours(f"{host(url)} : {words}")
    return None


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
    """The machine's name and port, as an operator knows them; never who asks, nor by which password.

    >>> host("http://alice:secret@geocodeur.example:7878/x")
    'geocodeur.example:7878'
    """
    return urlsplit(url).netloc.rpartition("@")[2]


def is_of_this_machine(url: str) -> bool:
    """Whether what is sent there leaves the machine.

    >>> is_of_this_machine("http://127.0.0.1:7878"), is_of_this_machine("https://geocodeur.example")
    (True, False)
    """
    name = urlsplit(url).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
