"""Homes of mode 700, as root has them, whose processes end with the test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.machine.cluster import BIN, Cluster
from api.machine.home import Home
from api.machine.server import Server
from api.machine.worker import Worker

needs_postgresql = pytest.mark.skipif(not (BIN / "initdb").exists(), reason="PostgreSQL 15 n’est pas installé")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="seul root change d’identité")


@pytest.fixture
def a_home(tmp_path: Path) -> Iterator[Callable[[str], Home]]:
    """Make a home by its name; its cluster, server and worker end with the test."""
    homes: list[Home] = []

    def make(name: str = "home") -> Home:
        home = Home(tmp_path / name)
        home.create()
        homes.append(home)
        return home

    yield make
    for home in homes:
        Worker(home).stop()
        Server(home).stop()
        Cluster(home).stop()


@pytest.fixture
def home(a_home: Callable[[], Home]) -> Home:
    return a_home()
