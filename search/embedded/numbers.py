"""FINESS and SIRET numbers of the open structures, in order: those that begin as what is typed stand together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from search.document import Document
from search.embedded.arrays import Array, between, mapped

PARTS = ("numbers", "ranks")
DIGITS = 14  # of a SIRET, the longest


class Numbers:
    """Memory-mapped, safe between threads."""

    def __init__(self, numbers: Array, ranks: Array) -> None:
        self.arrays = {"numbers": numbers, "ranks": ranks}

    @classmethod
    def open(cls, folder: Path) -> "Numbers":
        return cls(*(mapped(folder / f"{part}.npy") for part in PARTS))

    def __len__(self) -> int:
        return len(self.arrays["numbers"])

    def are_complete(self) -> bool:
        """Whether each number has its rank."""
        return len(self.arrays["ranks"]) == len(self)

    def begun(self, digits: str, most: int) -> list[int]:
        """Ranks of at most so many structures one of whose numbers begins so, ascending."""
        if len(digits) > DIGITS:
            return []
        (first,), (last,) = between(self.arrays["numbers"], [digits], begun=True)
        return sorted(dict.fromkeys(self.arrays["ranks"][first : min(last, first + most)].tolist()))


class NumbersFiles:
    """The files of `Numbers`, written as documents come."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._numbers: list[Array] = []
        self._ranks: list[Array] = []

    def append(self, first: int, documents: Sequence[Document]) -> None:
        """The next documents; `first`: the rank of the first of them."""
        held = [document.numbers.split() for document in documents]
        self._numbers.append(np.array([number for each in held for number in each], dtype=f"S{DIGITS}"))
        self._ranks.append(np.repeat(np.arange(first, first + len(held), dtype=np.int32), [len(each) for each in held]))

    def finish(self) -> None:
        """Once every document is there."""
        numbers = np.concatenate([np.empty(0, dtype=f"S{DIGITS}"), *self._numbers])
        ranks = np.concatenate([np.empty(0, dtype=np.int32), *self._ranks])
        order = np.argsort(numbers, kind="stable")
        np.save(self._folder / "numbers.npy", numbers[order])
        np.save(self._folder / "ranks.npy", ranks[order])
