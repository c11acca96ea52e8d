"""Where the server is asked to listen, and with how many processes: read and tried before anything is stopped."""

import os
import socket
from dataclasses import dataclass

from api.machine.ports import LOOPBACK, is_free
from geo.environment import whole_number
from geo.errors import Lum1Error

EVERY_INTERFACE = {"0.0.0.0": LOOPBACK, "::": "::1"}  # and where a browser on this machine finds it
LAST_PORT = 65_535
MOST_WORKERS = 2  # each holds its own copy of the index; more cores are a choice
ANY_PORT = 0


class InvalidListening(Lum1Error):
    """A setting of the server that this machine cannot follow."""


@dataclass(frozen=True)
class Listening:
    """`LUM1_HOST`, `LUM1_PORT`, `LUM1_WORKERS`, understood."""

    host: str  # an address: the server resolves no names
    port: int | None  # none asked for: last time's, else the first free one
    workers: int

    @classmethod
    def from_environment(cls, port: int | None = None) -> "Listening":
        """The environment's; a port given on the command line wins."""
        return cls(host=_host(), port=port or _port(), workers=_workers())


def url(host: str, port: int) -> str:
    """What a browser on this machine opens; the numbers of IPv6 go between brackets (RFC 3986, section 3.2.2)."""
    here = EVERY_INTERFACE.get(host, host)
    return f"http://{f'[{here}]' if ':' in here else here}:{port}/"


def _host() -> str:
    """An address of this machine, IPv4 first where a name has several, as `localhost` does."""
    asked = (os.environ.get("LUM1_HOST") or LOOPBACK).strip()
    try:
        known = socket.getaddrinfo(asked.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InvalidListening(f"LUM1_HOST vaut « {asked} », qui ne mène à aucune adresse. {_CHOICES}") from None
    addresses = [str(address[0]) for *_, address in sorted(known, key=lambda each: each[0] != socket.AF_INET)]
    for address in addresses:
        if is_free(ANY_PORT, address):
            return address
    raise InvalidListening(f"LUM1_HOST vaut « {asked} », qui n’est pas une adresse de cette machine. {_CHOICES}")


_CHOICES = f"{LOOPBACK} (cette machine seule) ou 0.0.0.0 (toutes ses interfaces) conviennent."


def _port() -> int | None:
    if not os.environ.get("LUM1_PORT"):
        return None
    port = whole_number("LUM1_PORT", ANY_PORT)
    if not 1 <= port <= LAST_PORT:
        raise InvalidListening(f"LUM1_PORT vaut « {port} » : un port est attendu, de 1 à {LAST_PORT}.")
    return port


def _workers() -> int:
    workers = whole_number("LUM1_WORKERS", min(MOST_WORKERS, len(os.sched_getaffinity(0))))
    if not workers:
        raise InvalidListening("LUM1_WORKERS vaut « 0 » : il faut au moins un processus pour servir la carte.")
    return workers
