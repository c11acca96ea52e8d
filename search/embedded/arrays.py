"""What columns, postings and names are made of: arrays of numpy, mapped from the files of a publication."""

from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def mapped(file: Path) -> Array:
    """A file's array, read as it is asked for; a plain view: np.memmap's own bookkeeping costs more than a small box's answer."""
    array: Array = np.load(file, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    return array
