"""The HTTP server of a home: started apart from the terminal, known by its process, stopped with its workers."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NoReturn

from api.machine.home import Home, free_port, is_free
from geo.errors import Lum1Error
from geo.settings import REPOSITORY

FIRST_PORT = 8640
READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10


class ServerFailed(Lum1Error):
    """The server did not become ready; the message ends with its log."""


class Server:
    """One home's server."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.log = home.logs / "server.log"
        self.host = os.environ.get("LUM1_HOST", "127.0.0.1")

    @property
    def address(self) -> str | None:
        """Where it listens, None when it doesn't run."""
        known = self.home.recall("server")
        return f"http://{_shown(self.host)}:{known['port']}/" if known and self._alive(known) else None

    def ensure(self, port: int | None) -> str:
        """Started on this port (the remembered one, else the first free) and ready; its address."""
        known = self.home.recall("server")
        if known and self._alive(known):
            if port in (None, known["port"]):
                return self._wait_ready(known["port"], known["pid"])
            self.stop()
        chosen = self.choose_port(port)
        process = self._spawn(chosen)
        self.home.remember("server", {"pid": process.pid, "began": _began(process.pid), "port": chosen})
        return self._wait_ready(chosen, process.pid)

    def choose_port(self, asked: int | None) -> int:
        """The port asked for, else `LUM1_PORT`, else last time's, else the first free; refused when asked and taken."""
        asked = asked or int(os.environ.get("LUM1_PORT", "0")) or None
        if asked is not None and not is_free(asked):
            raise ServerFailed(f"Le port {asked} est pris : choisissez-en un autre avec --port.")
        known = self.home.recall("server") or {}
        last = known.get("port")
        return asked or (last if last and is_free(last) else free_port(FIRST_PORT))

    def run_here(self, port: int) -> NoReturn:
        """Become the server: for containers, whose init sends it signals."""
        os.execve(sys.executable, [sys.executable, *self._arguments(port)], self._environment())

    def stop(self) -> bool:
        """Stop it and its workers; whether it ran."""
        known = self.home.recall("server")
        if not known or not self._alive(known):
            return False
        os.kill(known["pid"], signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._alive(known) and time.monotonic() < deadline:
            time.sleep(0.05)
        _kill_session(known["pid"])
        return True

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self._arguments(port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env=self._environment(),
                start_new_session=True,
                close_fds=True,
            )

    def _arguments(self, port: int) -> list[str]:
        workers = os.environ.get("LUM1_WORKERS") or str(min(2, os.cpu_count() or 1))
        return [
            "-m", "granian", "--interface", "asgi", "--factory", "api.app:create_app",
            "--host", self.host, "--port", str(port), "--workers", workers,
            "--no-access-log",  # an address holds what was searched
            "--respawn-failed-workers", "--process-name", "lum1",
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        return os.environ | {"LUM1_HOME": str(self.home.root), "PYTHONPATH": str(REPOSITORY)}

    def _wait_ready(self, port: int, pid: int) -> str:
        deadline = time.monotonic() + READY_TIMEOUT_S
        said = ""
        while time.monotonic() < deadline and (Path(f"/proc/{pid}").exists() or not said):
            try:
                with urllib.request.urlopen(f"http://{_shown(self.host)}:{port}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return f"http://{_shown(self.host)}:{port}/"
            except urllib.error.HTTPError as error:
                said = error.read().decode(errors="replace")
            except OSError as error:
                said = str(error)
            time.sleep(0.1)
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        raise ServerFailed(f"Le serveur n’est pas prêt ({said}) ; {self.log} finit ainsi :\n{tail}")

    def _alive(self, known: dict[str, int]) -> bool:
        """The same process, not another that was given its number."""
        return _began(known["pid"]) == known["began"]


def _began(pid: int) -> int:
    """When a process began, in clock ticks since boot (proc(5), field 22); 0 when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def _kill_session(session: int) -> None:
    """Workers whose parent was killed live on: they share its session."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(entry.name)) == session:
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host


