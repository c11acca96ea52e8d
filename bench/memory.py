"""The most that a process and its children held together, looked at ten times a second."""

import threading
from pathlib import Path

PROC = Path("/proc")
EVERY_S = 0.1
KIBIBYTES_PER_MEBIBYTE = 1024
PARENT = 1  # field of /proc/PID/stat, counted after the command's name (proc(5))


class Peak:
    """PSS of a tree of processes while the block runs: shared pages are counted once, in equal parts."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self.mib = 0.0

    def __enter__(self) -> "Peak":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY_S):
            held = sum(map(_pss_kib, family_of(self._root)))
            self.mib = max(self.mib, held / KIBIBYTES_PER_MEBIBYTE)


def family_of(root: int) -> list[int]:
    """The process and all its descendants that run now."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (parent := _parent_of(int(entry.name))) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    family = [root]
    for pid in family:  # grows as it is walked
        family += children.get(pid, [])
    return family


def _parent_of(pid: int) -> int | None:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()[PARENT])
    except OSError:  # gone
        return None


def _pss_kib(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:  # gone, or another user's
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
