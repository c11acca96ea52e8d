"""Where an export goes: an ordinary file, that appears complete and readable, or does not appear."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from geo.errors import Lum1Error


class CannotWrite(Lum1Error):
    """A place where no export can be written."""


class Removed(CannotWrite):
    """Somebody removed the partial file: what it held must not appear."""


def check_target(out: Path) -> None:
    """CannotWrite unless `out` is free, or an ordinary file to replace, in a folder that exists."""
    if not out.parent.is_dir():
        raise CannotWrite(f"Le dossier « {out.parent} » n’existe pas : créez-le d’abord, ou donnez un autre -o.")
    if os.path.lexists(out) and not stat.S_ISREG(out.lstat().st_mode):
        raise CannotWrite(
            f"« {out} » existe et n’est pas un fichier ordinaire : il n’est pas remplacé, donnez un autre -o."
        )


@contextmanager
def written_whole(*outs: Path) -> Iterator[list[BinaryIO]]:
    """A stream for each of these files; they take their places together once all are written, nothing stays otherwise.

    The partial files are created as any program would, so that the permissions are those of the operator's umask. What a killed
    process left of these files is removed first.
    """
    partials = [out.with_name(f".{out.name}.{os.getpid()}.partial") for out in outs]
    try:
        for out in outs:
            sweep_partials(out)
        with ExitStack() as streams:
            opened: list[BinaryIO] = [streams.enter_context(partial.open("xb")) for partial in partials]
            for stream in opened:
                with suppress(OSError):  # some file systems have no locks
                    fcntl.flock(stream, fcntl.LOCK_EX)  # falls with the process, however it ends
            yield opened
            for stream in opened:
                stream.flush()
                os.fsync(stream.fileno())
        for partial, out in zip(partials, outs, strict=True):
            _replace(partial, out)
    except OSError as error:
        raise CannotWrite(f"« {outs[0]} » ne peut pas être écrit : {error.strerror or error}.") from error
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)


def sweep_partials(out: Path, *, of_the_living: bool = False) -> None:
    """Remove what killed processes left of this file; `of_the_living`: what others write now too, so that it never appears."""
    of_this_file = [
        each for each in _names(out.parent) if each.startswith(f".{out.name}.") and each.endswith(".partial")
    ]
    for partial in map(out.with_name, of_this_file):
        if of_the_living:
            partial.unlink(missing_ok=True)
            continue
        with suppress(OSError), partial.open("rb") as stream:  # locked, or just completed
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink()


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _replace(partial: Path, out: Path) -> None:
    try:
        partial.replace(out)
    except FileNotFoundError as error:
        raise Removed(
            f"« {out} » n’a pas été écrit : ce qu’il dirait a été retiré entre-temps. Recommencez."
        ) from error
