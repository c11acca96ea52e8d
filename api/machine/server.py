"""The HTTP server of a home: started apart from the terminal, found again, stopped with its workers."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import NoReturn

from api.machine.detached import Detached, Running
from api.machine.home import Home
from api.machine.ports import LOOPBACK, free_port, is_free
from geo.errors import Lum1Error

APPLICATION = "api.app:create_app"
FIRST_PORT = 8640
READY_PATIENCE_S = 60
EVERY_INTERFACE = ("0.0.0.0", "::")


class ServerFailed(Lum1Error):
    """The server did not become ready; the message ends with its log."""


class Server:
    """One home's server; what changes it is called holding `home.lock()`."""

    def __init__(self, home: Home, *, application: str = APPLICATION) -> None:
        self.home = home
        self.application = application
        self.host = os.environ.get("LUM1_HOST") or LOOPBACK
        self._program = Detached(home, "server")

    @property
    def address(self) -> str | None:
        """Where it listens, None when it doesn't run."""
        running = self._program.running()
        return _address(running) if running and running.process.is_alive() else None

    def ensure(self, port: int | None) -> str:
        """Its address, once ready: the one that runs, unless another port is asked for or it no longer answers."""
        running = self._program.running()
        if running and running.process.is_alive() and port in (None, running.about["port"]) and not _complaint(running):
            return _address(running)
        self.stop()
        chosen = self.choose_port(port)
        running = self._program.spawn(self._command(chosen), host=self.host, port=chosen)
        self._wait_until_ready(running)
        return _address(running)

    def choose_port(self, asked: int | None) -> int:
        """The port asked for, else `LUM1_PORT`, else last time's, else the first free; refused when asked and taken."""
        asked = asked or int(os.environ.get("LUM1_PORT") or 0) or None
        if asked is not None and not is_free(asked, self.host):
            raise ServerFailed(f"Le port {asked} est pris : choisissez-en un autre avec --port.")
        last = self._program.last()
        return asked or free_port(*([last.about["port"]] if last else []), at_least=FIRST_PORT)

    def run_here(self, port: int) -> NoReturn:
        """Become the server, so that signals reach it: for containers."""
        self._program.become(self._command(port), host=self.host, port=port)

    def stop(self) -> bool:
        """Stop it and its workers; whether it ran."""
        return self._program.stop()

    def _command(self, port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", self.application),
            *("--host", self.host, "--port", str(port)),
            *("--workers", os.environ.get("LUM1_WORKERS") or "2", "--respawn-failed-workers"),
            *("--workers-kill-timeout", "5"),  # a signal during start-up may be lost on a worker
            "--no-access-log",  # an address holds what was searched
        ]

    def _wait_until_ready(self, running: Running) -> None:
        deadline = time.monotonic() + READY_PATIENCE_S
        while complaint := _complaint(running):
            if time.monotonic() > deadline or not running.process.is_alive():
                self.stop()
                log = self._program
                raise ServerFailed(
                    f"Le serveur n’est pas prêt ({complaint}) ; {log.log} finit ainsi :\n{log.end_of_log()}"
                )
            time.sleep(0.1)


def _address(running: Running) -> str:
    """What a browser on this machine opens."""
    host, port = running.about["host"], running.about["port"]
    return f"http://{LOOPBACK if host in EVERY_INTERFACE else host}:{port}/"


def _complaint(running: Running) -> str:
    """Why it isn't ready, nothing when it is; proxies are for the outside, not for this machine."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{_address(running)}readyz", timeout=5):
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
