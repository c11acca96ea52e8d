"""The HTTP server of a home: started apart from the terminal, found again, stopped with its workers."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from typing import NoReturn

from api.machine import processes
from api.machine.home import Home
from api.machine.ports import LOOPBACK, free_port, is_free
from api.machine.processes import Process
from geo.errors import Lum1Error
from geo.settings import REPOSITORY

APPLICATION = "api.app:create_app"
FIRST_PORT = 8640
READY_PATIENCE_S = 60
LOG_LINES_SHOWN = 15
LOG_BYTES_KEPT = 10_000_000
EVERY_INTERFACE = ("0.0.0.0", "::")

_children: list[subprocess.Popen[bytes]] = []  # kept: one thrown away complains that its process goes on


class ServerFailed(Lum1Error):
    """The server did not become ready; the message ends with its log."""


@dataclass(frozen=True)
class Running:
    """A server that was started: its first process, and where it listens."""

    process: Process
    host: str
    port: int
    own_session: bool  # detached: every process of its session is ours

    @property
    def address(self) -> str:
        """What a browser on this machine opens."""
        return f"http://{LOOPBACK if self.host in EVERY_INTERFACE else self.host}:{self.port}/"

    def pids(self) -> list[int]:
        """Those of its processes that still run: workers may survive the first."""
        if self.own_session:
            return processes.members_of_session(self.process)
        return [self.process.pid] if self.process.is_alive() else []


class Server:
    """One home's server; what changes it is called holding `home.lock()`."""

    def __init__(self, home: Home, *, application: str = APPLICATION) -> None:
        self.home = home
        self.application = application
        self.log = home.logs / "server.log"
        self.host = os.environ.get("LUM1_HOST") or LOOPBACK

    @property
    def address(self) -> str | None:
        """Where it listens, None when it doesn't run."""
        running = self._running()
        return running.address if running and running.process.is_alive() else None

    def ensure(self, port: int | None) -> str:
        """Its address, once ready: the one that runs, unless another port is asked for or it no longer answers."""
        running = self._running()
        if running and running.process.is_alive() and port in (None, running.port) and not _complaint(running):
            return running.address
        self.stop()
        running = self._spawn(self.choose_port(port))
        self._wait_until_ready(running)
        return running.address

    def choose_port(self, asked: int | None) -> int:
        """The port asked for, else `LUM1_PORT`, else last time's, else the first free; refused when asked and taken."""
        asked = asked or int(os.environ.get("LUM1_PORT") or 0) or None
        if asked is not None and not is_free(asked, self.host):
            raise ServerFailed(f"Le port {asked} est pris : choisissez-en un autre avec --port.")
        last = self._last()
        return asked or free_port(*([last.port] if last else []), at_least=FIRST_PORT)

    def run_here(self, port: int) -> NoReturn:
        """Become the server, so that signals reach it: for containers."""
        self._remember(Running(Process.of(os.getpid()), self.host, port, own_session=False))
        os.chdir(REPOSITORY)
        os.execve(sys.executable, self._command(port), self._environment())

    def stop(self) -> bool:
        """Stop it and its workers; whether it ran."""
        running = self._running()
        if running is None:
            return False
        processes.end(running.pids())
        processes.end(running.pids())  # workers born during the first round
        return True

    def _running(self) -> Running | None:
        last = self._last()
        return last if last and last.pids() else None

    def _last(self) -> Running | None:
        known = self.home.recall("server")
        try:
            return Running(**{**known, "process": Process(**known["process"])})
        except (TypeError, KeyError):
            return None

    def _remember(self, running: Running) -> None:
        self.home.remember("server", asdict(running))

    def _spawn(self, port: int) -> Running:
        self._put_a_long_log_aside()
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                self._command(port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env=self._environment(),
                start_new_session=True,
            )
        _children.append(child)
        running = Running(Process.of(child.pid), self.host, port, own_session=True)
        self._remember(running)
        return running

    def _command(self, port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", self.application),
            *("--host", self.host, "--port", str(port)),
            *("--workers", os.environ.get("LUM1_WORKERS") or "2", "--respawn-failed-workers"),
            *("--workers-kill-timeout", "5"),  # a signal during start-up may be lost on a worker
            "--no-access-log",  # an address holds what was searched
        ]

    def _environment(self) -> dict[str, str]:
        ours = {"LUM1_HOME": str(self.home.root), "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
        return os.environ | ours

    def _put_a_long_log_aside(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_KEPT:
            self.log.replace(self.log.with_suffix(".log.1"))

    def _wait_until_ready(self, running: Running) -> None:
        deadline = time.monotonic() + READY_PATIENCE_S
        while complaint := _complaint(running):
            if time.monotonic() > deadline or not running.process.is_alive():
                self.stop()
                raise ServerFailed(f"Le serveur n’est pas prêt ({complaint}) ; {self.log} finit ainsi :\n{self._end()}")
            time.sleep(0.1)

    def _end(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])


def _complaint(running: Running) -> str:
    """Why it isn't ready, nothing when it is; proxies are for the outside, not for this machine."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{running.address}readyz", timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return _detail(error.read()) or str(error)
    except OSError as error:
        return str(error)


def _detail(body: bytes) -> str:
    """The sentence of a problem+json answer, nothing from any other."""
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, TypeError, KeyError):
        return ""
