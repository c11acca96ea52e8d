"""The producer's files read in a bounded memory: plain or gzip, guarded, every damage told as a sentence."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import ijson
import numpy as np

from etl.finess.layout import GZIP_MAGIC
from geo.errors import Refused

READ_BYTES = 1 << 18
MAX_NESTING = 200  # brackets opened in one block and not closed: the flows have nine levels
NESTING = np.zeros(256, dtype=np.int8)
NESTING[[*b"{["]], NESTING[[*b"}]"]] = 1, -1
MAX_TEXT_BYTES = 1 << 20  # of one string: the longest published has some hundreds
T = TypeVar("T")


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], "Guarded"]]:
    """The file as it lies (how far one is) and as text to parse."""
    with path.open("rb") as compressed, _decompressed(path, compressed) as stream:
        yield compressed, Guarded(path, stream)


def items(path: Path, stream: "Guarded", prefix: str) -> Iterator[Any]:
    """The values at a prefix, one after the other."""
    return explained(path, ijson.items(stream, prefix, buf_size=READ_BYTES))


def values_at(path: Path, prefixes: Sequence[str]) -> dict[str, list[Any]]:
    """Every value at each of these prefixes, wherever it stands: reads the whole file once."""
    found: dict[str, list[Any]] = {prefix: ijson.sendable_list() for prefix in prefixes}
    readers = [ijson.items_coro(values, prefix) for prefix, values in found.items()]
    with opened(path) as (_, stream), _explaining(path):
        while block := stream.read(READ_BYTES):
            for reader in readers:
                reader.send(block)
    return found


def explained(path: Path, read: Iterator[T]) -> Iterator[T]:
    """The same items, a parser's complaint turned into Refused."""
    with _explaining(path):
        yield from read


def instant(path: Path, text: str) -> datetime:
    """When the file says it was made."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{path.name} : generatedAt «\u202f{text[:40]}\u202f» n’est pas une date.") from None
    if not 2000 <= found.year < 9999:  # no register of ours is older, and a time zone may not leave the calendar
        raise Refused(f"{path.name} : generatedAt «\u202f{text[:40]}\u202f» n’est pas une date.")
    return found if found.tzinfo else found.astimezone()


class Guarded:
    """A stream that refuses what no register publishes: brackets in brackets without end, a text of megabytes.

    Both would make the parser take all the memory of the machine before it could complain. Counted on bytes: a bracket inside
    a text counts too, but never two hundred of them in a row.
    """

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path = path
        self._stream = stream
        self._since_quote = 0
        self._begun = False

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        if block and not self._begun:
            self._begun = True
            block = block.removeprefix(b"\xef\xbb\xbf")  # a byte order mark says nothing in UTF-8
        if block:
            self._check(block)
        return block

    def _check(self, block: bytes) -> None:
        quote = block.rfind(b'"')
        self._since_quote = self._since_quote + len(block) if quote < 0 else len(block) - quote
        if self._since_quote > MAX_TEXT_BYTES:
            raise Refused(f"{self._path.name} n’est pas un flux FINESS : un texte de plus d’un mégaoctet.")
        marks = NESTING[np.frombuffer(block, dtype=np.uint8)]
        depth = np.cumsum(marks[marks != 0], dtype=np.int32)
        if depth.size and int(depth.max()) - min(int(depth.min()), 0) > MAX_NESTING:
            raise Refused(f"{self._path.name} n’est pas un flux FINESS : des objets imbriqués sans fin.")


def _decompressed(path: Path, stream: IO[bytes]) -> IO[bytes]:
    magic = stream.read(2)
    stream.seek(0)
    if magic == GZIP_MAGIC:
        return cast(IO[bytes], gzip.GzipFile(fileobj=stream))
    if not magic:
        raise Refused(f"{path.name} est vide.")
    return stream


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, ijson.JSONError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise Refused(f"{path.name} {_damage(error)}.") from None


def _damage(error: Exception) -> str:
    if isinstance(error, EOFError) or "premature EOF" in str(error) or "ncomplete" in str(error):
        return "est tronqué : le téléchargement ou la copie s’est arrêté avant la fin"
    said = " ".join(str(error).split())[:200]
    return f"n’est pas lisible : abîmé, ou d’un autre format («\u202f{said}\u202f»)"
