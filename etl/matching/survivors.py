"""Who is told in place of whom: the last of those that went on, at the same door, by successions and doubles in any order.

One that is closed is told in another's place only where none that is open can be. Of several that each went on after the others
(a circle), or that nobody went on after, the one with the smallest SIRET: it does not depend on the order of rows, and of two
SIREN of one unit it is the one that `one_unit` chooses.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from etl.matching.successions import representatives

STEPS = 10  # a place that changed hands more often under numbers that we never told is nobody's any more

Door = tuple[str, ...]
Room = tuple[str, Door]  # a legal unit, however many SIREN it has, at a door


class Establishment(msgspec.Struct, frozen=True):
    """What is asked of one that is known."""

    siret: str
    active: bool
    tells: bool  # a structure tells it, or would: one may be told in its place
    door: Door | None  # commune, then lines; none where it is not known

    @property
    def siren(self) -> str:
        return self.siret[:9]

    @property
    def told_open(self) -> bool:
        return self.active and self.tells


class Absorbed(msgspec.Struct, frozen=True):
    """One that is told as another."""

    siret: str
    survivor: str
    why: str  # succession, duplicate


def absorbed(
    known: Iterable[Establishment], successions: Iterable[tuple[str, str]], doubles: Iterable[tuple[str, str]]
) -> Iterator[Absorbed]:
    """Of these establishments, those that are told as another; `successions`: pairs of SIRET, `doubles`: of SIREN."""
    lineage = _Lineage({each.siret: each for each in known}, successions, representatives(doubles))
    for siret in sorted(lineage.known):
        survivor = lineage.survivor(siret)
        if survivor != siret:
            yield Absorbed(siret, survivor, "duplicate" if lineage.one_unit(siret, survivor) else "succession")


class _Lineage:
    def __init__(
        self, known: Mapping[str, Establishment], successions: Iterable[tuple[str, str]], units: Mapping[str, str]
    ) -> None:
        self.known = known
        self._units = units
        self._after: dict[str, set[str]] = defaultdict(set)
        for predecessor, successor in successions:
            self._after[predecessor].add(successor)
        self._rooms: dict[Room, list[Establishment]] = defaultdict(list)
        for each in known.values():
            if room := self._room(each):
                self._rooms[room].append(each)

    def survivor(self, siret: str) -> str:
        """Itself, where nobody is told in its place."""
        establishment = self.known[siret]
        return self._head(siret if establishment.active else self._last(establishment))

    def one_unit(self, siret: str, other: str) -> bool:
        return self._unit(siret) == self._unit(other)

    def _last(self, closed: Establishment) -> str:
        reached = self._reached(closed.siret)
        tell = {siret for siret in reached if self._tells_at(siret, closed.door)}
        tell = {siret for siret in tell if self.known[siret].told_open} or tell
        further = {siret: self._reached(siret, within=reached) & tell for siret in tell} if len(tell) > 1 else {}
        last = {siret for siret in tell if all(siret in further[other] for other in further.get(siret, ()))}
        return min(last, default=closed.siret)

    def _reached(self, start: str, within: Collection[str] | None = None) -> set[str]:
        """Whoever went on after this one; `within`: through these alone, however many."""
        seen: set[str] = set()
        edge, steps = {start}, 0
        while edge and (within is not None or steps < STEPS):
            edge = {each for siret in edge for each in self._next(siret) if within is None or each in within} - seen
            seen |= edge
            steps += 1
        return seen

    def _next(self, siret: str) -> set[str]:
        return self._after.get(siret, set()) | {each.siret for each in self._doubles(siret)}

    def _doubles(self, siret: str) -> list[Establishment]:
        """Of the same unit under another SIREN, at the same door."""
        room = self._room(self.known[siret]) if siret in self.known else None
        return [each for each in self._rooms[room] if each.siren != siret[:9]] if room else []

    def _head(self, siret: str) -> str:
        """Of a unit that has several SIREN, the one that is told at this door."""
        tell = [each.siret for each in self._doubles(siret) if each.told_open]
        return siret if not tell or (self.known[siret].told_open and siret[:9] < min(tell)[:9]) else min(tell)

    def _tells_at(self, siret: str, door: Door | None) -> bool:
        found = self.known.get(siret)
        return found is not None and found.tells and found.door is not None and found.door == door

    def _room(self, establishment: Establishment) -> Room | None:
        unit = self._units.get(establishment.siren)
        return (unit, establishment.door) if unit and establishment.door else None

    def _unit(self, siret: str) -> str:
        return self._units.get(siret[:9], siret[:9])
