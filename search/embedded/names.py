"""Whole names, compared as one: which structures are called exactly so."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from search.document import Document
from search.embedded.arrays import Array, mapped

# Names are kept as 64 bits of their digest, sorted, and the rank of each: of two million names, one typed is taken for another's
# once in nine thousand billion questions.
DIGEST_BYTES = 8
PARTS = ("digests", "ranks")


class Names:
    """Memory-mapped, safe between threads."""

    def __init__(self, digests: Array, ranks: Array) -> None:
        self.arrays = {"digests": digests, "ranks": ranks}

    @classmethod
    def open(cls, folder: Path) -> "Names":
        return cls(*(mapped(folder / f"{part}.npy") for part in PARTS))

    def __len__(self) -> int:
        return len(self.arrays["digests"])

    def are_complete(self) -> bool:
        """Whether each name has its rank."""
        return len(self.arrays["ranks"]) == len(self)

    def called(self, names: Iterable[str]) -> Array:
        """Ranks of the structures that bear one of these names, ascending."""
        digests, ranks = self.arrays["digests"], self.arrays["ranks"]
        found = [np.empty(0, dtype=np.int32)]
        for digest in {_digest(name) for name in names}:
            sought = np.uint64(int.from_bytes(digest, "little"))
            found.append(ranks[np.searchsorted(digests, sought) : np.searchsorted(digests, sought, "right")])
        return np.sort(np.concatenate(found))


class NamesFiles:
    """The files of `Names`, written as documents come."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._digests = bytearray()

    def append(self, documents: Sequence[Document]) -> None:
        """The next documents, in the order of their ranks."""
        self._digests += b"".join(_digest(document.exact) for document in documents)

    def finish(self) -> None:
        """Once every document is there."""
        digests = np.frombuffer(self._digests, dtype="<u8")
        order = np.argsort(digests, kind="stable")
        for part, values in zip(PARTS, (digests[order], order.astype(np.int32)), strict=True):
            np.save(self._folder / f"{part}.npy", values)


def _digest(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=DIGEST_BYTES).digest()
