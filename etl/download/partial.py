"""What has arrived so far of a file, and of which version of it."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import requests

from etl.download.memory import Memory, forget, recall, remember
from etl.download.resource import Resource

SUFFIX = ".partial"
NOTHING: Mapping[str, str] = MappingProxyType({})


class Partial:
    """`<title>.partial` and its memory; it survives its process, and takes the file's name only when asked to."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + SUFFIX)

    @property
    def size(self) -> int:
        """Bytes received."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def is_decoded(self) -> bool:
        """A .gz said to be coded in gzip is coded once: what is meant is the file, not a transport to undo."""
        return self.target.suffix != ".gz"

    def holds_all_of(self, resource: Resource) -> bool:
        """Whether its last byte had arrived when a process died before giving it its name."""
        return resource.size is not None and self.size == resource.size and self._is_a_part_of(resource)

    def continuation(self, resource: Resource) -> dict[str, str]:
        """Headers that ask for the rest; empty when what is here cannot be gone on with.

        Without a validator, only an announced sum can tell the end of one version glued to the beginning of another.
        """
        memory = recall(self.path)
        validator = memory.validator if memory else None
        if not self.size or not self._is_a_part_of(resource) or not (validator or resource.sha1):
            return {}
        return {"Range": f"bytes={self.size}-"} | ({"If-Range": validator} if validator else {})

    def begin(self, resource: Resource, answer: requests.Response) -> None:
        """Start again from nothing, with this answer."""
        self.path.write_bytes(b"")
        remember(self.path, memory_of(resource, answer.headers))

    def is_continued_by(self, answer: requests.Response) -> bool:
        """Whether a 206 begins where this ends, in the same version of the same file."""
        memory = recall(self.path)
        same_version = memory is not None and answer.headers.get("ETag", memory.etag) == memory.etag
        begins_here = answer.headers.get("Content-Range", "").startswith(f"bytes {self.size}-")
        # parts of a coded transport are not parts of the file
        plain = not self.is_decoded or answer.headers.get("Content-Encoding", "identity") == "identity"
        return answer.status_code == 206 and same_version and begins_here and plain

    def discard(self) -> None:
        """Forget everything received."""
        self.path.unlink(missing_ok=True)
        forget(self.path)

    def become_the_file(self, sha1: str) -> Path:
        """Take the file's name, in one step that a power cut leaves done or not done."""
        memory = recall(self.path)
        os.replace(self.path, self.target)
        _flush_names_of(self.target.parent)
        if memory is not None:
            remember(self.target, msgspec.structs.replace(memory, got_sha1=sha1))
        forget(self.path)
        return self.target

    def _is_a_part_of(self, resource: Resource) -> bool:
        memory = recall(self.path)
        if memory is None or memory.url != resource.url:
            return False
        known = ((memory.size, resource.size), (memory.sha1, resource.sha1))
        return all(before is None or now is None or before == now for before, now in known)


def memory_of(resource: Resource, answered: Mapping[str, str] = NOTHING, got_sha1: str | None = None) -> Memory:
    """What was announced, and what the server answered."""
    return Memory(
        url=resource.url,
        size=resource.size,
        sha1=resource.sha1,
        licence=resource.licence,
        published_on=resource.published_on,
        etag=answered.get("ETag"),
        last_modified=answered.get("Last-Modified"),
        got_sha1=got_sha1,
    )


def _flush_names_of(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
