"""One number with what it is compared with; and the two other ends a case may have."""

import msgspec

from geo.errors import Lum1Error


class WrongAnswer(Lum1Error):
    """The thing measured does not do what it should: its speed is nobody's interest."""


class Skipped(Lum1Error):
    """This machine, or this version, lacks what the case is about."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A value, beside the least that the same work could take (`floor`) and what we promise (`target`, not to be passed)."""

    label: str
    value: float
    unit: str
    floor: float | None = None
    floor_label: str | None = None
    target: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the floor."""
        return self.value / self.floor if self.floor else None

    @property
    def held(self) -> bool | None:
        """Whether the promise was kept this time; on a noisy machine a broken one proves little."""
        return self.value < self.target if self.target is not None else None


def check(label: str, found: object, expected: object) -> None:
    """Correctness first."""
    if found != expected:
        raise WrongAnswer(f"{label} : {found!r} au lieu de {expected!r}.")
