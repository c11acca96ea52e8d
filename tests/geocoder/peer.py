"""A real geocoder of the tests' own: addok with its French and CSV plugins, on a Redis of its own, both gone at the end.

with running_addok(addresses) as addok:
    Geocoder(addok.url).search(…)

By hand: `python -m tests.geocoder.peer FILE…` serves them until Ctrl-C.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.peers import START_S, environment, running, wait_for

REDIS = Path("/usr/bin/redis-check-rdb")  # Redis is one program that goes by the name it is called by
CONFIGURATION = Path(__file__).with_name("addok.conf")
LISTENING = re.compile(r"Listening at: (http://[\d.]+:\d+)")


@dataclass(frozen=True)
class Addok:
    """One that runs: where it answers."""

    url: str


@contextmanager
def running_addok(*addresses: Path, workers: int = 1) -> Iterator[Addok]:
    """Index files of one JSON object a line, and serve them on a free port of the loopback."""
    with (
        tempfile.TemporaryDirectory(prefix="lum1-addok-") as name,  # short: a socket's path holds 107 characters
        _redis(Path(name)) as variables,
    ):
        _index(addresses, variables, Path(name))
        with _served(Path(name), variables, workers) as url:
            yield Addok(url)


@contextmanager
def _redis(folder: Path) -> Iterator[Mapping[str, str]]:
    """No port, no file kept; its socket is in the folder."""
    socket = folder / "redis.sock"
    asked = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with running(["redis-server", *asked], folder, "redis.log", executable=REDIS) as redis:
        wait_for(socket.exists, redis, folder / "redis.log")
        yield {
            **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")},
            "REDIS_SOCKET": str(socket),
            "ADDOK_CONFIG_MODULE": str(CONFIGURATION),
            "ADDOK_LOG_DIR": str(folder),
        }


@contextmanager
def _served(folder: Path, variables: Mapping[str, str], workers: int) -> Iterator[str]:
    log = folder / "gunicorn.log"
    # a batch takes longer than the 30 s after which gunicorn ends a worker
    asked = ["--bind", "127.0.0.1:0", "--workers", str(workers), "--timeout", "600", "addok.http.wsgi:application"]
    with running([_program("gunicorn"), *asked], folder, log.name, variables) as gunicorn:
        wait_for(lambda: LISTENING.search(log.read_text()) is not None, gunicorn, log)
        found = LISTENING.search(log.read_text())
        assert found
        requests.get(f"{found[1]}/search", params={"q": "mairie"}, timeout=START_S).raise_for_status()
        yield found[1]


def _index(addresses: Sequence[Path], variables: Mapping[str, str], folder: Path) -> None:
    command = [_program("addok"), "batch", *map(str, addresses)]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"addok batch : {done.stdout[-2000:]}{done.stderr[-2000:]}")


def is_installed() -> bool:
    """Whether `./lum1 test` ever ran here."""
    return environment("addok").is_dir()


def _program(name: str) -> str:
    return str(environment("addok") / "bin" / name)


if __name__ == "__main__":
    with running_addok(*map(Path, sys.argv[1:]), workers=os.cpu_count() or 1) as serving:
        print(serving.url, flush=True)
        with suppress(KeyboardInterrupt):
            time.sleep(86_400)
