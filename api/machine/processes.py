"""Processes of ours, told apart from those that later take their number."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# fields of /proc/PID/stat counted after the command name, which may itself hold spaces and parentheses (proc(5))
STATE, SESSION, STARTED = 0, 3, 19


@dataclass(frozen=True)
class Process:
    """A process number with the moment it began, in clock ticks since boot, and that boot."""

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The process that has this number now; ProcessLookupError where none has."""
        return cls(pid, int(_stat(pid)[STARTED]), boot())

    def is_alive(self) -> bool:
        """Whether it still runs: the same number, begun at the same moment, and not a zombie."""
        try:
            return boot() == self.boot and is_running(self.pid) and int(_stat(self.pid)[STARTED]) == self.started
        except ProcessLookupError:
            return False


def boot() -> str:
    """This boot of the machine: process numbers and moments mean nothing in another."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def is_running(pid: int) -> bool:
    """Whether a process has this number and isn't a zombie, which only its parent's reading would remove."""
    try:
        return _stat(pid)[STATE] not in "ZX"
    except ProcessLookupError:
        return False


def members_of_session(leader: Process) -> list[int]:
    """Those still running in the session this process opened, itself included; its workers outlive its kill -9.

    A session's number isn't given again as long as a member lives, so a member that began after the leader is ours.
    """
    if boot() != leader.boot:
        return []
    return [pid for pid in _all_pids() if _belongs(pid, leader)]


def standing_in(folder: Path) -> list[int]:
    """Those still running whose working directory this is: all of a PostgreSQL stand in its data."""
    return [pid for pid in _all_pids() if _directory_of(pid) == folder.resolve() and is_running(pid)]


def end(pids: list[int], *, patience_s: float = 10, first: signal.Signals = signal.SIGTERM) -> None:
    """Ask these processes to end, then insist."""
    _signal(pids, first)
    if not wait_until_gone(pids, patience_s):
        _signal(pids, signal.SIGKILL)
        wait_until_gone(pids, patience_s)


def wait_until_gone(pids: list[int], patience_s: float) -> bool:
    """Whether all of them ended in time."""
    deadline = time.monotonic() + patience_s
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in filter(is_running, pids):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _belongs(pid: int, leader: Process) -> bool:
    try:
        fields = _stat(pid)
    except ProcessLookupError:
        return False
    same_session = int(fields[SESSION]) == leader.pid
    return same_session and int(fields[STARTED]) >= leader.started and fields[STATE] not in "ZX"


def _directory_of(pid: int) -> Path | None:
    try:
        return (PROC / str(pid) / "cwd").resolve(strict=True)
    except OSError:  # gone, a zombie, or another user's
        return None


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None
