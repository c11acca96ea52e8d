"""What columns, postings and names are made of: arrays of numpy, mapped from the files of a publication."""

from pathlib import Path
from typing import Any

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
