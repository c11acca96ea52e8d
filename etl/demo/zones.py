"""Where invented services that go to people's homes come: communes around, their EPCI, their département, or a drawn sector."""

import math
import random
from datetime import date
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np

from etl.demo.facts import Entity, Establishment
from etl.demo.places import KM_PER_DEGREE, Floats
from geo.communes import communes

Json = dict[str, object]

NAME = "zones.ndjson"
AT_HOME = frozenset({"127", "182", "209", "354", "445", "446", "460"})  # HAD, SESSAD, SAAS, SSIAD, SAMSAH, SAVS, SAAD
DECLARED = 0.85  # of them: some never say where they come
AROUND, EPCI, DEPARTEMENT = 0.55, 0.2, 0.15  # the rest draws its sector
NEAREST_KM, FARTHEST_KM = 6.0, 25.0
CORNERS = 16


class ZoneFile:
    """Written while establishments are; the same seed gives the same bytes."""

    def __init__(self, out: Path, seed: int, produced_on: date) -> None:
        self._path = out / NAME
        self._seed = seed
        self._today = produced_on.toordinal()
        self._file = self._path.with_suffix(".partial").open("wb")
        self._write({"zones": "1", "producedAt": f"{produced_on}T03:00:00Z", "fictif": True})

    def add_entities(self, entities: list[Entity]) -> None:
        """A line for each open service that has declared its zone."""
        for entity in entities:
            for each in entity.establishments:
                if each.sort.code in AT_HOME and each.is_open(self._today):
                    self._add(each)

    def finish(self) -> Path:
        """Where the whole file is."""
        self._file.close()
        return self._path.with_suffix(".partial").replace(self._path)

    def _add(self, service: Establishment) -> None:
        draw = random.Random(f"{self._seed} zone {service.finess}")
        if draw.random() < DECLARED:
            declared_on = date.fromordinal(self._today - draw.randrange(700)).isoformat()
            self._write({"finess": service.finess, **self._zone(draw, service), "declaredOn": declared_on})

    def _zone(self, draw: random.Random, service: Establishment) -> Json:
        kind, reach = draw.random(), draw.uniform(NEAREST_KM, FARTHEST_KM)
        if kind < AROUND:
            return {"communes": self._around(service, reach)}
        if kind < AROUND + EPCI and service.commune.epci:
            return {"epcis": [service.commune.epci]}
        if kind < AROUND + EPCI + DEPARTEMENT:
            return {"departements": [service.commune.departement]}
        return {"contour": _sector(draw, service, reach)}

    def _around(self, service: Establishment, reach_km: float) -> list[str]:
        codes, lon, lat = self._centres
        east = (lon - service.at.lon) * math.cos(math.radians(service.at.lat))
        near = np.hypot(east, lat - service.at.lat) * KM_PER_DEGREE < reach_km
        return sorted({service.commune.code, *(codes[at] for at in np.flatnonzero(near))})

    @cached_property
    def _centres(self) -> tuple[list[str], Floats, Floats]:
        every = [each for each in communes().values() if each.parent is None]
        return (
            [each.code for each in every],
            np.array([each.lon for each in every]),
            np.array([each.lat for each in every]),
        )

    def _write(self, line: Json) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")


def _sector(draw: random.Random, service: Establishment, reach_km: float) -> Json:
    """A ring that goes around once: however uneven, it does not cross itself."""
    widening = math.cos(math.radians(service.at.lat))
    corners = []
    for at in range(CORNERS):
        angle, reach = 2 * math.pi * at / CORNERS, reach_km * draw.uniform(0.5, 1.0) / KM_PER_DEGREE
        lon, lat = service.at.lon + reach * math.cos(angle) / widening, service.at.lat + reach * math.sin(angle)
        corners.append([round(lon, 5), round(lat, 5)])
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
