"""Rendered tiles, compressed once, kept while they are asked for."""

import gzip
from collections.abc import Hashable
from functools import cached_property

import brotli
import msgspec
from msgspec.structs import replace

from geo.filters import Filters
from geo.publication import Publication
from geo.recent import Recent, digest_of
from tiles.form import form
from tiles.grid import TileAddress

GZIP_LEVEL = 4  # a tenth larger than the default, in half its time
BROTLI_QUALITY = 5  # smaller than gzip's best, in about its time
MAX_BYTES = 64 << 20
ENTRY_BYTES = 600  # the key, which is a digest, and the entry
GZIP, BROTLI, IDENTITY = "gzip", "br", "identity"


class StoredTile(msgspec.Struct, frozen=True):
    """A tile as it goes out in one encoding; nothing for an empty one."""

    body: bytes

    @classmethod
    def of(cls, encoded: bytes) -> "StoredTile":
        """Compressed by gzip."""
        return cls(gzip.compress(encoded, GZIP_LEVEL, mtime=0) if encoded else b"")

    def plain(self) -> bytes:
        """Of a gzip one, for the rare client that takes no other."""
        return gzip.decompress(self.body) if self.body else b""

    def as_brotli(self) -> "StoredTile":
        """Of a gzip one."""
        return StoredTile(brotli.compress(self.plain(), quality=BROTLI_QUALITY) if self.body else b"")


class Question(msgspec.Struct, frozen=True, dict=True):
    """What a tile shows, of which publication."""

    stamp: str
    address: TileAddress
    words: str
    filters: Filters
    shows: str = "structures"  # or areas

    def of(self, publication: Publication) -> "Question":
        """The same of another publication."""
        return replace(self, stamp=publication.stamp)

    @cached_property
    def digest(self) -> str:
        """The same data, drawn by the same program, for the same question, are the same bytes."""
        z, x, y = self.address.z, self.address.x, self.address.y
        return digest_of(form(), self.stamp, self.shows, z, x, y, self.words, self.filters)

    def etag(self, encoding: str) -> str:
        """Strong (RFC 9110 § 8.8.3)."""
        return f'"{self.digest}-{encoding}"'


class TileCache:
    """Tiles by a question's digest, or a base tile's address, and encoding; safe between threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._tiles: Recent[StoredTile] = Recent(max_bytes)

    def get(self, key: Hashable) -> StoredTile | None:
        return self._tiles.get(key)

    def put(self, key: Hashable, tile: StoredTile) -> None:
        self._tiles.put(key, tile, len(tile.body) + ENTRY_BYTES)

    def clear(self) -> None:
        self._tiles.clear()
