"""The file that comes last into an index's folder: which form it has, and how long each of its files is.

A file that a full disk or a crash cut short is seen when the index is opened, before any of it is read. Content that changed
under the right length is for `verify`.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

NAME = "complete"


class Complete(msgspec.Struct, frozen=True):
    """What the folder holds; lengths in bytes, by path."""

    form: str
    files: dict[str, int]


def write(folder: Path, form: str) -> None:
    """Once everything else is there."""
    files = {str(path.relative_to(folder)): path.stat().st_size for path in _files(folder)}
    (folder / NAME).write_bytes(msgspec.json.encode(Complete(form, files)))


def is_whole(folder: Path, form: str) -> bool:
    """Whether the folder has this form and every file that it had, as long as it was."""
    try:
        written = msgspec.json.decode((folder / NAME).read_bytes(), type=Complete)
        return written.form == form and all(
            (folder / path).stat().st_size == length for path, length in written.files.items()
        )
    except (OSError, msgspec.MsgspecError):
        return False


def identity(folder: Path) -> tuple[int, int]:
    """What tells a folder from the one that takes its place; zeros where there is none."""
    try:
        found = (folder / NAME).stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
