"""Progress bars for a person, plain lines for a log."""

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn


class Bars:
    """geo.progress.Progress on a terminal; where standard error is a file, one line per step with its seconds."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._task: TaskID | None = None
        self._began = time.monotonic()

    def __enter__(self) -> "Bars":
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def step(self, name: str) -> None:
        """A new step begins; the one before is complete."""
        if not self._console.is_terminal:
            print(f"  {name}… ({time.monotonic() - self._began:.1f} s)", file=sys.stderr, flush=True)
            return
        if self._task is not None:
            self._bars.update(self._task, total=1, completed=1)
        self._task = self._bars.add_task(name.capitalize(), total=None)

    def advance(self, done: int, total: int) -> None:
        """The current step has done so much of so much."""
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total)
