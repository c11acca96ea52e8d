"""The official history of an object: events and commitments, numbered through the whole file."""

import random
from collections.abc import Iterator
from datetime import date
from functools import cache

from etl.demo.facts import Entity, Establishment
from etl.demo.names import pick

Json = dict[str, object]

ENTITY_RECORDED_ON, RECORDED_ON = "2025-10-21 18:36:29", "2023-03-15 11:21:01"  # the two migrations of FINESS
COMMITTED = 0.05
FIRST_NUMBER = 700_000


class History:
    """Gives events their numbers."""

    def __init__(self, draw: random.Random, today: int) -> None:
        self._draw, self._today, self._number = draw, today, FIRST_NUMBER

    def of_entity(self, entity: Entity) -> Iterator[Json]:
        """Closing (by 002 or 005), creation (001)."""
        number = str(entity.number)
        if entity.closed is not None:
            code = "005" if self._draw.random() < 0.5 else "002"
            yield self._event(ENTITY_RECORDED_ON, entity.closed, code, "PM", number, code)
        yield self._event(ENTITY_RECORDED_ON, entity.opened, "001", "PM", number, "001")

    def of_establishment(self, ege: Establishment, activities: int) -> Iterator[Json]:
        """Creation (003), closing (005), opening (007), and so many events of activities (010)."""
        number = str(ege.number)
        yield self._event(RECORDED_ON, ege.opened, "003", "EG", number, "003")
        if ege.closed is not None:
            yield self._event(RECORDED_ON, ege.closed, "100", "EG", number, "005")
        yield self._event(RECORDED_ON, ege.opened, "007", "EG", number, "007")
        for rank in range(activities):
            day = ege.opened + int(self._draw.random() * (self._today - ege.opened))
            yield self._event(RECORDED_ON, day, "010", "AC", f"{number}{rank:03d}", "010")

    def commitments(self, ege: Establishment) -> list[Json]:
        """An agreement with an authority, of a few."""
        if self._draw.random() >= COMMITTED:
            return []
        day = iso(ege.opened)
        return [
            {
                "engagementId": self._next(), "typeEngagement": "CONV",
                "sousTypeEngagement": pick(self._draw, ("ASE", "AS", "CPOM")), "dateEffetEngagement": day,
                "dateSignatureEngagement": day, "autoriteRegulationEngagement": [],
            }
        ]  # fmt: skip

    def _event(self, recorded: str, day: int, state: str, kind: str, number: str, code: str) -> Json:
        return {
            "evenementId": self._next(), "dateEnregistrement": recorded, "dateEvenement": iso(day),
            "etatObjet1": state, "identifiantObjet1": number, "systemeMaitre": "01", "typeObjet1": kind,
            "codeEvenement": code,
        }  # fmt: skip

    def _next(self) -> str:
        self._number += 1
        return str(self._number)


@cache
def iso(day: int) -> str:
    """The date of an ordinal, as published."""
    return date.fromordinal(day).isoformat()
