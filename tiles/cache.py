"""Rendered tiles, compressed once, kept while they are asked for."""

import gzip
from collections.abc import Hashable
from dataclasses import dataclass

from geo.etag import etag_of
from geo.recent import Recent

GZIP_LEVEL = 6  # 17 kB to 6.8 kB in half a millisecond, paid once
MAX_BYTES = 64 << 20
ENTRY_BYTES = 500  # the key, the ETag and the entry


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
    """Tiles by address and question; safe between threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._tiles: Recent[StoredTile] = Recent(max_bytes)

    def get(self, key: Hashable) -> StoredTile | None:
        return self._tiles.get(key)

    def put(self, key: Hashable, tile: StoredTile) -> None:
        self._tiles.put(key, tile, len(tile.body) + ENTRY_BYTES)
