"""Where long work says how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Told the name of each step as it begins, and how much of it is done."""

    def step(self, name: str) -> None: ...
    def advance(self, done: int, total: int) -> None: ...


class Silent:
    """Progress for nobody."""

    def step(self, name: str) -> None:
        pass

    def advance(self, done: int, total: int) -> None:
        pass
