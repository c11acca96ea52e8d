"""What is remembered beside a file, whole or partial: where it came from, and what the server calls this version of it."""

import os
from datetime import date
from pathlib import Path

import msgspec


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Announced (size, sha1, licence), answered (etag, last_modified) and, once whole, what it is (got_sha1)."""

    url: str
    size: int | None = None
    sha1: str | None = None
    licence: str = "inconnue"
    published_on: date | None = None
    etag: str | None = None
    last_modified: str | None = None
    got_sha1: str | None = None

    def conditions(self) -> dict[str, str]:
        """Headers that let the server answer « 304, you have it »."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}

    @property
    def validator(self) -> str | None:
        """For If-Range, where a weak tag has no meaning: equal tags may be different bytes (RFC 9110 § 13.1.5)."""
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        return strong or self.last_modified


def recall(file: Path) -> Memory | None:
    """What is remembered of a file; None when nothing is, or nothing that can be read."""
    try:
        return msgspec.json.decode(_beside(file).read_bytes(), type=Memory)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def remember(file: Path, memory: Memory) -> None:
    """Write it whole or not at all."""
    draft = _beside(file).with_suffix(".draft")
    with draft.open("wb") as out:
        out.write(msgspec.json.format(msgspec.json.encode(memory)))
        out.flush()
        os.fsync(out.fileno())
    os.replace(draft, _beside(file))


def forget(file: Path) -> None:
    """Remove what is remembered."""
    _beside(file).unlink(missing_ok=True)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.memory.json")
