"""Establishments of FINESS that had another SIRET before, sold or moved, and legal units that have two SIREN."""

import random

import numpy as np

from etl.demo.facts import Entity, Establishment, Past, Point
from etl.demo.names import entity_name, pick, street
from etl.demo.places import Places
from etl.demo.plan import Plan
from etl.demo.ranges import demo_siren, demo_siret
from etl.demo.sites import located
from etl.demo.statutes import STATUTES
from geo.communes import Commune

LATE = 0.5  # of sales and moves: FINESS still declares the number of before
BEFORE_THE_STOCK = 60  # days: the last sale is in it


class Lineage:
    """Tells what became of an entity that has one establishment, open and known to SIRENE."""

    def __init__(self, places: Places, plan: Plan, seed: int, today: int) -> None:
        self._places, self._plan, self._seed, self._today = places, plan, seed, today
        later = plan.later_sirens
        self._first_rank = len(plan.sizes) + np.cumsum(later) - later

    def tell(self, entity: Entity) -> None:
        """Its past, if the plan gives it one."""
        index = entity.number - 1
        sales, moved, twice = (each[index] for each in (self._plan.sales, self._plan.moved, self._plan.numbered_twice))
        if not (sales or moved or twice) or entity.hidden:
            return
        [ege] = entity.establishments
        if ege.siret is None or not ege.is_open(self._today):
            return
        rank, draw = int(self._first_rank[index]), random.Random(f"{self._seed}/lineage/{index}")
        if twice:
            entity.duplicate = demo_siren(rank)
        elif moved:
            self._move(draw, entity, ege)
        else:
            self._sell(draw, entity, ege, [demo_siren(rank + each) for each in range(sales)])

    def _sell(self, draw: random.Random, entity: Entity, ege: Establishment, buyers: list[str]) -> None:
        """The same place and FINESS number under one new owner, or two in turn."""
        sellers = [entity.siren, *buyers[:-1]]
        days = [ege.opened, *sorted(self._some_day(draw, ege) for _ in sellers)]
        names = STATUTES[entity.statut].names
        ege.pasts = tuple(
            Past(
                siret=demo_siret(seller, 1),
                owner=entity_name(draw, pick(draw, names), ege.commune, ege.name),
                began=began,
                ended=ended,
                commune=ege.commune,
                place=ege.place,
                street=ege.street,
                at=ege.at,
            )
            for seller, began, ended in zip(sellers, days[:-1], days[1:], strict=True)
        )
        entity.siren = buyers[-1]
        self._renumber(draw, entity, ege, demo_siret(buyers[-1], 1))

    def _move(self, draw: random.Random, entity: Entity, ege: Establishment) -> None:
        """From another commune of the département: the same owner, the next number."""
        place, commune, at = self._elsewhere(entity, ege)
        ege.pasts = (
            Past(
                siret=demo_siret(entity.siren, 1),
                owner=entity.name,
                began=ege.opened,
                ended=self._some_day(draw, ege),
                commune=commune,
                place=place,
                street=street(draw, "housenumber"),
                at=at,
            ),
        )
        self._renumber(draw, entity, ege, demo_siret(entity.siren, 2))

    def _renumber(self, draw: random.Random, entity: Entity, ege: Establishment, siret: str) -> None:
        late = draw.random() < LATE
        ege.siret = entity.siret = siret
        entity.declared_siren = (ege.pasts[0].siret if late else siret)[:9]
        if ege.declared_siret is not None:
            ege.declared_siret = ege.pasts[0].siret if late else siret

    def _some_day(self, draw: random.Random, ege: Establishment) -> int:
        return ege.opened + int(draw.random() * max(1, self._today - BEFORE_THE_STOCK - ege.opened))

    def _elsewhere(self, entity: Entity, ege: Establishment) -> tuple[int, Commune, Point]:
        draw = np.random.default_rng([self._seed, 7, entity.number])
        place = self._places.draw_near(draw, np.array([ege.place]))
        [at] = located(self._places, self._places.points(draw, place), place)
        return int(place[0]), self._places.communes[int(place[0])], at
