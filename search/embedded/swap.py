"""A folder takes another's place in one step, so that whoever asks finds one of them there at any moment."""

import ctypes
import errno
import os
import shutil
import sys
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # <fcntl.h>, <linux/fs.h>
_NOT_HERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)  # an older kernel, a file system shared over a network


def put(made: Path, folder: Path) -> None:
    """`made` becomes `folder`; what was there leaves. A crash leaves one of the two there, whole, and perhaps `made`."""
    if not folder.exists():
        os.rename(made, folder)
    elif _exchanged(made, folder):
        shutil.rmtree(made, ignore_errors=True)
    else:
        _one_after_the_other(made, folder)


def _exchanged(one: Path, other: Path) -> bool:
    """Both names change hands at once (renameat2, Linux); False where the system or the file system has no such thing."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):  # glibc before 2.28
        return False
    if not libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        return True
    failed = ctypes.get_errno()
    if failed in _NOT_HERE:
        return False
    raise OSError(failed, os.strerror(failed), str(one), None, str(other))


def _one_after_the_other(made: Path, folder: Path) -> None:
    """Nothing is there between two renames, which is shorter than deleting would take."""
    replaced = folder.with_name(folder.name + ".replaced")
    shutil.rmtree(replaced, ignore_errors=True)
    os.rename(folder, replaced)
    os.rename(made, folder)
    shutil.rmtree(replaced, ignore_errors=True)
