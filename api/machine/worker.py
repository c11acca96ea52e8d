"""The worker of a home, which refreshes by itself: started apart from the terminal, found again, replaced when it is late."""

import hashlib
import os
import sys
from pathlib import Path
from typing import NoReturn

from api.machine.detached import Detached
from api.machine.home import Home
from etl.mail import Mailbox
from etl.rhythm import Rhythm
from geo.errors import Lum1Error
from geo.settings import REPOSITORY

COMMAND = (sys.executable, "-m", "etl.worker")
PROGRAM = ("geo", "search", "tiles", "etl", "requirements.lock")  # what the worker runs
ONLY_FOR_THE_SERVER = ("LUM1_HOST", "LUM1_PORT", "LUM1_PUBLIC_URL", "LUM1_WORKERS")


class WorkerFailed(Lum1Error):
    """The worker did not last, or there is one already."""


class Worker:
    """One home's worker; what changes it is called holding `home.lock()`."""

    def __init__(self, home: Home, *, command: tuple[str, ...] = COMMAND) -> None:
        self.home = home
        self.command = list(command)
        self._program = Detached(home, "worker")

    def is_running(self) -> bool:
        running = self._program.running()
        return running is not None and running.process.is_alive()

    def ensure(self) -> None:
        """Have one run: the one that does, unless it was started by an older program or with other settings."""
        self.check_settings()
        running, now = self._program.running(), fingerprint()
        if running and running.process.is_alive() and running.about.get("fingerprint") == now:
            return
        self.stop()  # a dead one's refresh may go on
        self._program.spawn(self.command, fingerprint=now)

    def check_settings(self) -> None:
        """A wrong setting is said here rather than in a log."""
        Rhythm.from_environment(), Mailbox.from_environment()

    def check(self) -> None:
        """Raise WorkerFailed, with the end of its log, when it did not last."""
        if not self.is_running():
            log, end = self._program.log, self._program.end_of_log()
            raise WorkerFailed(f"Les tâches planifiées ne tournent pas ; {log} finit ainsi :\n{end}")

    def run_here(self) -> NoReturn:
        """Become the worker, so that signals reach it: for containers, and for those who look on."""
        if self.is_running():
            raise WorkerFailed("Les tâches planifiées tournent déjà : ./lum1 stop les arrête.")
        self._program.become(self.command, fingerprint=fingerprint())

    def stop(self) -> bool:
        """Stop it and the refresh it runs, which is taken up again at the next start; whether it ran."""
        return self._program.stop()


def fingerprint() -> str:
    """What the worker was started with: the program's files and the settings it reads."""
    files = [path for name in PROGRAM for path in _files(name)]
    program = [f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}" for path in files]
    settings = [
        f"{name}={value}"
        for name, value in sorted(os.environ.items())
        if name.startswith("LUM1") and name not in ONLY_FOR_THE_SERVER
    ]
    return hashlib.sha256("\n".join(program + settings).encode()).hexdigest()


def _files(name: str) -> list[Path]:
    path = REPOSITORY / name
    return [path] if path.is_file() else sorted([*path.rglob("*.py"), *path.rglob("*.sql")])
