"""Ports of this machine: which are free."""

import socket
from itertools import chain

LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now; a port still in TIME_WAIT counts as free, as it does for servers."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError:
        return False
    return True


def free_port(*preferred: int, at_least: int, host: str = LOOPBACK) -> int:
    """The first free port among the preferred, then from `at_least` up."""
    return next(port for port in chain(preferred, range(at_least, 65536)) if is_free(port, host))
