"""What columns, postings and names are made of: arrays of numpy, mapped from the files of a publication."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def mapped(file: Path) -> Array:
    """A file's array, read as it is asked for; a plain view: np.memmap's own bookkeeping costs more than a small box's answer.

    OSError where there is none, ValueError where it is none.
    """
    try:
        array: Array = np.load(file, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    except OSError:
        raise
    except Exception as damaged:  # a header is read as Python: whatever a parser may say
        raise ValueError(f"{file.name} : {damaged}") from None
    return array


def to_fill(file: Path, kind: Any, length: int) -> Array:
    """A file's array of so many values, mapped, to be written in any order."""
    array: Array = np.lib.format.open_memmap(file, mode="w+", dtype=kind, shape=(length,))
    return array


def write_header(stream: IO[bytes], kind: Any, length: int) -> None:
    """What a file's array begins with; its values follow, in their order."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": (length,)}
    np.lib.format.write_array_header_1_0(stream, header)


def starts_of(lengths: Any) -> Array:
    """Where each of several lists begins once they follow one another, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def begins(values: Array) -> Array:
    """Where each stretch of equal values, none negative, begins."""
    return np.flatnonzero(np.diff(values, prepend=-1))


def once(values: Array) -> Array:
    """Each of these once, ascending; none negative: numpy's own `unique` hashes them first, which takes five times as long."""
    in_order = np.sort(values)
    return in_order[begins(in_order)]


def between(words: Array, sought: Sequence[str], *, begun: bool) -> tuple[Array, Array]:
    """Where each of these stands among sorted words, or those that it begins: the first, and one after the last."""
    # As they are kept: of another width, numpy would copy them all.
    exact = np.array([each.encode() for each in sought], dtype=words.dtype)
    past = (
        [each.encode().ljust(words.itemsize, b"\xff") for each in sought] if begun else exact
    )  # no word of ours has this byte
    return np.searchsorted(words, exact), np.searchsorted(words, np.array(past, dtype=words.dtype), "right")
