"""Rendered tiles, compressed once, kept while they are asked for."""

import gzip
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from geo.etag import etag_of

GZIP_LEVEL = 6  # 17 kB to 6.8 kB in half a millisecond, paid once
MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class StoredTile:
    """A tile as it goes out: gzip (empty for an empty tile) with its strong ETag."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, encoded: bytes) -> "StoredTile":
        """Compress an encoded tile; the ETag names the content, so equal tiles of two publications stay cached outside."""
        return cls(gzip.compress(encoded, GZIP_LEVEL, mtime=0) if encoded else b"", etag_of(encoded))

    @property
    def plain(self) -> bytes:
        """The encoded tile, for the rare client that does not take gzip."""
        return gzip.decompress(self.body) if self.body else b""


class TileCache:
    """Least recently used tiles leave first once MAX_BYTES are held; safe between threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._held = 0
        self._tiles: OrderedDict[Hashable, StoredTile] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> StoredTile | None:
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)

    def put(self, key: Hashable, tile: StoredTile) -> None:
        with self._lock:
            replaced = self._tiles.pop(key, None)
            self._held += _weight(tile) - (_weight(replaced) if replaced else 0)
            self._tiles[key] = tile
            while self._held > self._max_bytes:
                _, oldest = self._tiles.popitem(last=False)
                self._held -= _weight(oldest)


def _weight(tile: StoredTile) -> int:
    return len(tile.body) + 500  # the key, the ETag and the entry
