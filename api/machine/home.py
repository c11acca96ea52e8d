"""The one folder that holds everything of an instance."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import Lum1Error


class Busy(Lum1Error):
    """Another command is preparing this home."""


@dataclass(frozen=True)
class Home:
    """Paths under `$LUM1_HOME`, and the small facts remembered there."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The cluster; a link to elsewhere where PostgreSQL's account may not enter this folder."""
        return self.root / "postgres"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def web(self) -> Path:
        return self.root / "web"

    @property
    def venv(self) -> Path:
        """The Python environment, as installed by the launcher."""
        return self.root / "venv"

    @property
    def node(self) -> Path:
        """Node.js from PyPI, only where the machine has none."""
        return self.root / "node"

    @property
    def database_url(self) -> Path:
        """Read by geo.settings; holds the password, so only its owner reads it."""
        return self.root / "database.url"

    def create(self) -> None:
        """Make the folders, for their owner only."""
        for folder in (self.root, self.logs, self.web):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def recall(self, name: str) -> Any:
        """A remembered fact, None when there is none or it was cut short."""
        try:
            return json.loads((self.root / f"{name}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def remember(self, name: str, fact: Any) -> None:
        """Write a fact whole or not at all."""
        write_atomically(self.root / f"{name}.json", json.dumps(fact))

    def forget(self, name: str) -> None:
        (self.root / f"{name}.json").unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One preparing command at a time; the lock falls with the process, however it ends."""
        with (self.root / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"Une autre commande lum1 prépare déjà {self.root} : attendez sa fin.") from None
            yield


def write_atomically(path: Path, content: str, mode: int = 0o600) -> None:
    """Replace a file's content; a crash leaves the old or the new, never a part."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.chmod(name, mode)
    os.replace(name, path)
