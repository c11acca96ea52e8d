"""The invented facts: who runs what, where, since when."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date

import numpy as np

from etl.demo.events import draw_events
from etl.demo.facts import Entity, Establishment, Point
from etl.demo.lineage import Lineage
from etl.demo.mix import Sort, sorts
from etl.demo.names import entity_name, establishment_name, pick, street
from etl.demo.places import Places
from etl.demo.plan import draw_plan
from etl.demo.ranges import demo_finess, demo_siren, demo_siret
from etl.demo.sites import PRECISION_NAMES, Sites, located
from etl.demo.statutes import STATUTES
from geo.communes import Commune

BATCH = 2_000  # entities invented at once: bounds the memory

OWN_OFFICE = 0.25  # of entities with several establishments: the head office is none of them

WITHOUT_SIRET = 0.02  # SIRENE does not know them at all
SIRET_LEFT_OUT = 0.11  # FINESS does not say it
SIRET_OF_THE_OFFICE = 0.06  # FINESS gives the head office's, of establishments that are elsewhere
HIDDEN = 0.004  # entities that asked SIRENE for a partial diffusion
DAMAGED = 0.002  # of published coordinates: zeros, decimal commas, another département

FIRST_DAY = date(1950, 1, 1).toordinal()


class Country:
    """Everything that is drawn, the same for the same size, seed and day."""

    def __init__(self, size: int, seed: int, today: date) -> None:
        self.places = Places()
        self.today = today.toordinal()
        self._seed = seed
        self.plan = draw_plan(self.places, size, seed)
        self._lineage = Lineage(self.places, self.plan, seed, self.today)
        self._finess = Counter[str]()
        self._numbers = 0

    @property
    def entity_count(self) -> int:
        return len(self.plan.sizes)

    @property
    def sirens_taken(self) -> int:
        """Ranks from which nobody has a SIREN yet."""
        return self.entity_count + int(self.plan.later_sirens.sum())

    def batches(self) -> Iterator[list[Entity]]:
        """Entities in the order of their SIREN, some at a time."""
        for first in range(0, self.entity_count, BATCH):
            yield self._batch(first, min(first + BATCH, self.entity_count))

    def _batch(self, first: int, last: int) -> list[Entity]:
        draw, chances = np.random.default_rng([self._seed, 1, first]), random.Random(f"{self._seed}/{first}")
        sizes = self.plan.sizes[first:last]
        sites = Sites(self.places, self.plan, draw, np.repeat(np.arange(first, last), sizes))
        offices = located(
            self.places, self.places.points(draw, self.plan.homes[first:last]), self.plan.homes[first:last]
        )
        starts = np.cumsum(sizes) - sizes
        made = [
            self._entity(
                chances, first + rank, offices[rank], sites, range(int(starts[rank]), int(starts[rank] + sizes[rank]))
            )
            for rank in range(last - first)
        ]
        events = draw_events(np.random.default_rng([self._seed, 6, first]), len(made), of_companies=True)
        for entity, event in zip(made, events, strict=True):
            self._lineage.tell(entity)
            _happen(entity, event, self.today)
        return made

    def _entity(self, chances: random.Random, index: int, office: Point, sites: Sites, rows: range) -> Entity:
        sort, commune = sorts()[self.plan.heads[index]], self.places.communes[self.plan.homes[index]]
        siren, statut = demo_siren(index), _statut(chances, sort)
        finess = self._next_finess(commune)
        own_office = len(rows) > 1 and chances.random() < OWN_OFFICE
        made: list[Establishment] = []
        for row in rows:
            made.append(self._establishment(chances, sites, row, siren, len(made) + 1 + own_office, made))
        if made and not own_office:
            office = made[0].at
        first_name = made[0].name if made else establishment_name(chances, sort, commune)
        return Entity(
            number=index + 1,
            finess=finess,
            siren=siren,
            declared_siren=siren,
            name=entity_name(chances, pick(chances, STATUTES[statut].names), commune, first_name),
            statut=statut,
            sort=sort,
            commune=commune,
            place=int(self.plan.homes[index]),
            street=street(chances, "housenumber") if own_office or not made else made[0].street,
            at=office,
            precision="housenumber" if chances.random() < 0.7 else "none",
            opened=min((e.opened for e in made), default=self._some_day(chances)),
            closed=self._end_of(chances, made),
            siret=demo_siret(siren, 1),
            own_office=own_office,
            hidden=chances.random() < HIDDEN,
            establishments=made,
        )

    def _establishment(
        self, chances: random.Random, sites: Sites, row: int, siren: str, nic: int, siblings: list[Establishment]
    ) -> Establishment:
        commune = self.places.communes[sites.where[row]]
        twin = siblings[-1] if sites.same_as_before[row] else None
        precision = twin.precision if twin else PRECISION_NAMES[sites.precision[row]]
        siret = twin.siret if twin else demo_siret(siren, nic) if chances.random() >= WITHOUT_SIRET else None
        opened = self._some_day(chances)
        closed, active = self._closing(chances, opened, closing=bool(sites.closing[row]))
        self._numbers += 1
        return Establishment(
            number=self._numbers,
            finess=self._next_finess(commune),
            siret=siret,
            declared_siret=_declared(chances, siret, demo_siret(siren, 1) if siblings else None),
            sort=sorts()[sites.sort[row]],
            name=establishment_name(chances, sorts()[sites.sort[row]], commune),
            commune=commune,
            place=int(sites.where[row]),
            street=twin.street if twin else street(chances, precision),
            at=sites.at[row],
            published_at=twin.published_at if twin else sites.published[row],
            precision=precision,
            damage=pick(chances, ("zero", "comma", "elsewhere")) if chances.random() < DAMAGED else None,
            opened=opened,
            closed=closed,
            active=active,
        )

    def _closing(self, chances: random.Random, opened: int, *, closing: bool) -> tuple[int | None, bool]:
        """The closing day and the state published; they disagree now and then, and a closing may be announced."""
        if not closing:
            announced = self.today + 30 if chances.random() < 0.001 else None
            return announced, chances.random() >= 0.001
        return opened + int(chances.random() * (self.today - opened)), chances.random() < 0.003

    def _end_of(self, chances: random.Random, made: list[Establishment]) -> int | None:
        """An entity ends with its last establishment, mostly."""
        days = [e.closed for e in made if e.closed is not None and e.closed <= self.today]
        if len(days) < len(made) or chances.random() < 0.1:
            return None
        return max(days, default=self.today - 1 - int(chances.random() * 5000))

    def _some_day(self, chances: random.Random) -> int:
        """Since 1950, more and more often."""
        return FIRST_DAY + int((self.today - FIRST_DAY - 60) * chances.random() ** 0.6)

    def _next_finess(self, commune: Commune) -> str:
        # FINESS numbers Saint-Barthélemy and Saint-Martin with Guadeloupe
        departement = "971" if commune.departement in ("977", "978") else commune.departement
        self._finess[departement] += 1
        return demo_finess(departement, self._finess[departement])


def _happen(entity: Entity, event: str | None, today: int) -> None:
    """An event of the API's pages, to those of whom nothing else is told."""
    told = entity.hidden or entity.duplicate or len(entity.establishments) != 1
    if not told:
        [ege] = entity.establishments
        ege.event = event if ege.siret and ege.is_open(today) and not ege.pasts else None


def _statut(chances: random.Random, sort: Sort) -> str:
    """The most frequent one twice out of three."""
    return sort.statuts[0] if chances.random() < 0.67 else pick(chances, sort.statuts)


def _declared(chances: random.Random, siret: str | None, office: str | None) -> str | None:
    if siret is None or chances.random() < SIRET_LEFT_OUT:
        return None
    return office if office and chances.random() < SIRET_OF_THE_OFFICE else siret
