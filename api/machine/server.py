"""The HTTP server of a home: started apart from the terminal, found again, stopped with its workers."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import NoReturn

from api.machine.detached import Detached, Running
from api.machine.home import Home
from api.machine.listening import Listening, url
from api.machine.ports import claimed_port, is_free
from geo.errors import Lum1Error

APPLICATION = "api.app:create_app"
FIRST_PORT = 8640
READY_PATIENCE_S = 60


class ServerFailed(Lum1Error):
    """The server did not become ready; the message ends with its log."""


class Server:
    """One home's server; what changes it is called holding `home.lock()`."""

    def __init__(self, home: Home, *, application: str = APPLICATION) -> None:
        self.home = home
        self.application = application
        self._program = Detached(home, "server")

    @property
    def address(self) -> str | None:
        """Where it listens, None when it doesn't run."""
        running = self._alive()
        return _address(running) if running else None

    def check(self, asked: int | None, *, foreground: bool = False) -> None:
        """Refuse what cannot be done while everything still runs: a wrong setting, a port that others have."""
        wanted, running = Listening.from_environment(asked), self._alive()
        if foreground and running and not running.own_session:
            raise ServerFailed(
                f"Le serveur tourne déjà au premier plan ({_address(running)}) : arrêtez-le là où il tourne, "
                "ou par ./lum1 stop."
            )
        if foreground or asked is not None or running is None:
            self._refuse_if_taken(wanted)

    def ensure(self, asked: int | None) -> str:
        """Its address, once ready: the one that runs, unless another port is asked for or it no longer answers."""
        wanted, running = Listening.from_environment(asked), self._alive()
        if running and asked in (None, running.about["port"]) and not _complaint(running):
            return _address(running)
        with self._taking_the_place(wanted) as port:
            running = self._program.spawn(self._command(wanted, port), host=wanted.host, port=port)
            self._wait_until_ready(running)
        return _address(running)

    def run_here(self, asked: int | None) -> NoReturn:
        """Become the server, so that signals reach it: for containers. One that runs detached leaves its place."""
        self.check(asked, foreground=True)
        wanted = Listening.from_environment(asked)
        with self._taking_the_place(wanted) as port:
            self._program.become(self._command(wanted, port), host=wanted.host, port=port)

    def unheeded(self, asked: int | None) -> str:
        """What the environment asks for and the server that runs, being kept, does not do; empty when it does."""
        wanted, running = Listening.from_environment(asked), self._alive()
        if running is None:
            return ""
        ignored = []
        if wanted.port not in (None, running.about["port"]):
            ignored.append(f"LUM1_PORT={wanted.port}")
        if os.environ.get("LUM1_HOST") and wanted.host != running.about["host"]:
            ignored.append(f"LUM1_HOST={wanted.host}")
        if not ignored:
            return ""
        return (
            f"Le serveur qui tourne est gardé, à {_address(running)}, sans {' ni '.join(ignored)} : "
            "./lum1 stop puis ./lum1 start le déplacent."
        )

    def stop(self) -> bool:
        """Stop it and its workers; whether it ran."""
        return self._program.stop()

    def _alive(self) -> Running | None:
        """The one that was started last, if its first process still runs: without it, nobody restarts the others."""
        running = self._program.running()
        return running if running and running.process.is_alive() else None

    @contextmanager
    def _taking_the_place(self, wanted: Listening) -> Iterator[int]:
        """Stop the one that runs, if what is wanted can be had; the port to listen on, ours until it does."""
        self._refuse_if_taken(wanted)
        self.stop()
        last = self._program.last()
        usual = chain([last.about["port"]] if last else [], range(FIRST_PORT, 65536))
        with ExitStack() as claim:
            try:
                port = claim.enter_context(claimed_port([wanted.port] if wanted.port else usual, wanted.host))
            except OSError as error:
                raise _taken(wanted.port or FIRST_PORT) from error
            yield port

    def _refuse_if_taken(self, wanted: Listening) -> None:
        """Taken by others: a port of our own, even of workers whose parent was killed, becomes free when they end."""
        ours = self._program.running()
        if wanted.port is None or (ours and ours.about["port"] == wanted.port):
            return
        if not is_free(wanted.port, wanted.host):
            raise _taken(wanted.port)

    def _command(self, wanted: Listening, port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", self.application),
            *("--host", wanted.host, "--port", str(port)),
            *("--workers", str(wanted.workers), "--respawn-failed-workers"),
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


def _taken(port: int) -> ServerFailed:
    return ServerFailed(f"Le port {port} est pris : choisissez-en un autre avec --port.")


def _address(running: Running) -> str:
    return url(running.about["host"], running.about["port"])


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
