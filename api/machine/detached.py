"""A program of ours that goes on after the command that started it: remembered, found again, ended with its children."""

import os
import subprocess
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

from api.machine import processes
from api.machine.home import Home
from api.machine.processes import Process
from geo.settings import REPOSITORY

LOG_LINES_SHOWN = 15
LOG_BYTES_KEPT = 10_000_000

_children: list[subprocess.Popen[bytes]] = []  # kept: one thrown away complains that its process goes on


@dataclass(frozen=True)
class Running:
    """A program that was started: its first process, and what was remembered of it."""

    process: Process
    own_session: bool  # detached: every process of its session is ours
    about: dict[str, Any] = field(default_factory=dict)

    def pids(self) -> list[int]:
        """Those of its processes that still run: children may survive the first."""
        if self.own_session:
            return processes.members_of_session(self.process)
        return [self.process.pid] if self.process.is_alive() else []


class Detached:
    """One program of a home, by its name; what changes it is called holding `home.lock()`."""

    def __init__(self, home: Home, name: str) -> None:
        self.home = home
        self.name = name
        self.log = home.logs / f"{name}.log"

    def running(self) -> Running | None:
        """The one that was started last, if any of its processes still runs."""
        last = self.last()
        return last if last and last.pids() else None

    def last(self) -> Running | None:
        """The one that was started last, whatever became of it."""
        known = self.home.recall(self.name)
        try:
            return Running(Process(**known.pop("process")), known.pop("own_session"), known)
        except (AttributeError, TypeError, KeyError):
            return None

    def spawn(self, command: list[str], **about: Any) -> Running:
        """Start it in a session of its own: no terminal, nothing of ours inherited but the environment."""
        self._put_a_long_log_aside()
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env=self._environment(),
                start_new_session=True,
            )
        _children.append(child)
        return self._remember(Running(Process.of(child.pid), own_session=True, about=about))

    def become(self, command: list[str], **about: Any) -> NoReturn:
        """Become it, so that signals reach it: for containers."""
        self._remember(Running(Process.of(os.getpid()), own_session=False, about=about))
        os.chdir(REPOSITORY)
        os.execve(command[0], command, self._environment())

    def stop(self) -> bool:
        """Stop it and its children; whether it ran."""
        running = self.running()
        if running is None:
            return False
        processes.end(running.pids())
        processes.end(running.pids())  # children born during the first round
        _children[:] = [
            child for child in _children if child.poll() is None
        ]  # those that ended are read, and forgotten
        return True

    def end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])

    def _remember(self, running: Running) -> Running:
        facts = {"process": asdict(running.process), "own_session": running.own_session}
        self.home.remember(self.name, facts | running.about)
        return running

    def _environment(self) -> dict[str, str]:
        ours = {"LUM1_HOME": str(self.home.root), "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
        return os.environ | ours

    def _put_a_long_log_aside(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_KEPT:
            self.log.replace(self.log.with_suffix(".log.1"))
