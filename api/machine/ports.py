"""Ports of this machine: which are free, and who is about to listen on one."""

import errno
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


@contextmanager
def claimed_port(candidates: Iterable[int], host: str = LOOPBACK) -> Iterator[int]:
    """The first free one, kept from other homes of this machine while the server that is started comes to listen on it.

    Granian listens with SO_REUSEPORT: two servers that chose a port at the same moment would share it in silence,
    each answering half of the other's visitors. Raises OSError when all are taken.
    """
    for port in candidates:
        with _claim(port) as ours:
            if ours and is_free(port, host):
                yield port
                return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


@contextmanager
def _claim(port: int) -> Iterator[bool]:
    """Whether nobody else is starting on it: an abstract name, unix(7), which the kernel frees with who holds it."""
    with socket.socket(socket.AF_UNIX) as claim:
        claim.set_inheritable(True)  # by a program that takes the place of this one
        try:
            claim.bind(f"\0lum1/port/{port}")
        except OSError:
            yield False
        else:
            yield True
