"""What is said in public of each structure, kept beside the words index: a page of results is read without a database.

The same transaction fills it as fills the columns, so that both are of one publication; `verify` compares both.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from geo.errors import NotReady
from search.embedded.arrays import Array, mapped, starts_of
from search.results import Hit, Structure
from search.rows import Told, structure_of

# One after the other, in the order of ranks; where each begins, and the last one ends.
ROWS, STARTS = "rows.msgpack", "starts.npy"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Told)


class Stored:
    """Memory-mapped, safe between threads."""

    def __init__(self, rows: Array, starts: Array) -> None:
        self.arrays = {"rows": rows, "starts": starts}

    @classmethod
    def open(cls, folder: Path) -> "Stored":
        file = folder / ROWS
        rows = np.memmap(file, mode="r") if file.stat().st_size else np.empty(0, np.uint8)  # nothing cannot be mapped
        return cls(rows.view(np.ndarray), mapped(folder / STARTS))

    def __len__(self) -> int:
        return len(self.arrays["starts"]) - 1

    def are_complete(self) -> bool:
        """Whether every row is there."""
        return int(self.arrays["starts"][-1]) == len(self.arrays["rows"])

    def told(self, rank: int) -> Told:
        """What is said of the structure of this rank; NotReady where its bytes are damaged."""
        first, last = self.arrays["starts"][rank : rank + 2].tolist()
        try:
            return _decoder.decode(self.arrays["rows"][first:last].data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise NotReady("L’index de recherche est endommagé : lancez ./lum1 search rebuild.") from None

    def structures(self, ranks: Iterable[int], hits: Sequence[Hit], *, explain: bool = False) -> list[Structure]:
        """The structures of these hits, which have these ranks, each with its distance and score."""
        return [structure_of(self.told(rank), hit, explain=explain) for rank, hit in zip(ranks, hits, strict=True)]


class StoredFiles:
    """The files of `Stored`, written as rows come."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._stream = (folder / ROWS).open("wb")
        self._lengths: list[Array] = []

    def __enter__(self) -> "StoredFiles":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def append(self, rows: Iterable[Told]) -> None:
        """The next rows, in the order of their ranks."""
        packed = [_encoder.encode(row) for row in rows]
        self._lengths.append(np.array(list(map(len, packed)), dtype=np.int64))
        self._stream.write(b"".join(packed))

    def finish(self) -> None:
        """Once every row is there."""
        self._stream.flush()
        np.save(self._folder / STARTS, starts_of(np.concatenate([np.empty(0, np.int64), *self._lengths])))
