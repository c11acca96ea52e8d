"""Where an export goes: an ordinary file, that appears complete and readable, or does not appear."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from geo.errors import Lum1Error


class CannotWrite(Lum1Error):
    """A place where no export can be written."""


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

    The partial files are created as any program would, so that the permissions are those of the operator's umask.
    """
    partials = [out.with_name(f".{out.name}.{os.getpid()}.partial") for out in outs]
    try:
        with ExitStack() as streams:
            yield [streams.enter_context(partial.open("xb")) for partial in partials]
        for partial, out in zip(partials, outs, strict=True):
            partial.replace(out)
    except OSError as error:
        raise CannotWrite(f"« {outs[0]} » ne peut pas être écrit : {error.strerror or error}.") from error
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)
