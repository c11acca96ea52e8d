"""Programs that tests and benchmarks ask beside ours: each in an environment of its own, ended with the block that runs it."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from geo.settings import Settings

START_S = 30.0
STOP_S = 10.0


def environment(name: str) -> Path:
    """What the launcher made of requirements-NAME.lock: in the tests' home, within an operator's and beside the bench's."""
    home = Settings.from_environment().home
    homes = (home, home / "test", home.parent / "test")
    return next((each / f"venv-{name}" for each in homes if (each / f"venv-{name}").is_dir()), home / f"venv-{name}")


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    log: str,
    environment: Mapping[str, str] | None = None,
    executable: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a folder, its words in a log there; its input ends when ours does, killed or not."""
    with (
        (folder / log).open("wb") as out,
        subprocess.Popen(
            command,
            executable=executable,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
        ) as started,
    ):
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(STOP_S)
            except subprocess.TimeoutExpired:
                started.kill()


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, within_s: float = START_S) -> None:
    """RuntimeError with the end of its log if it ends, or is not ready in time."""
    end = time.monotonic() + within_s
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{log.name} : {log.read_text()[-2000:]}")
        time.sleep(0.05)
