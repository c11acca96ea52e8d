"""What was made for the last questions, kept while it is asked for again: a page asks for its list and its tiles in a second."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

import msgspec

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Least recently used values leave first once `max_bytes` are held; safe between threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = 0
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of this many bytes; one larger than all that may be held is not kept."""
        if size > self._max_bytes:
            return
        with self._lock:
            self._held += size - self._values.pop(key, (None, 0))[1]
            self._values[key] = (value, size)
            while self._held > self._max_bytes:
                _, (_, gone) = self._values.popitem(last=False)
                self._held -= gone

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
            self._held = 0


def digest_of(*asked: Any) -> str:
    """What a question is kept under: of one length, where two hundred codes are tens of kilobytes in memory."""
    return hashlib.blake2b(msgspec.json.encode(asked), digest_size=16).hexdigest()
