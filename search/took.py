"""What a search server says that its answers took, heard by whoever asked the question."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_heard: ContextVar[list[int] | None] = ContextVar("heard", default=None)


@contextmanager
def hearing() -> Iterator[list[int]]:
    """The milliseconds of each answer that the block asks for, threads that it starts included."""
    heard: list[int] = []
    before = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(before)


def say(milliseconds: int) -> None:
    """An answer came; nobody may be listening."""
    heard = _heard.get()
    if heard is not None:
        heard.append(milliseconds)
