"""Where invented structures stand: real communes by population, a point inside each, and its projected pair."""

import math
import random
from functools import cache
from itertools import accumulate

from pyproj import Transformer

from geo.communes import Commune, communes
from geo.territories import territory_of

CLOSEST_TO_EDGE = 0.12  # of the bounds' width: boxes are wider than communes, corners are next door
SPREAD_KM_PER_ROOT = 0.011  # standard deviation per square root of an inhabitant: 1 km for 8,000, 5 km for 200,000


class Places:
    """Draws communes and points; the same generator draws the same ones."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._communes = [
            c for c in communes().values() if c.population > 0 and c.code not in ("75056", "69123", "13055")
        ]
        self._weights = list(accumulate(c.population**0.9 for c in self._communes))

    def commune(self) -> Commune:
        return self._draw.choices(self._communes, cum_weights=self._weights)[0]

    def point(self, commune: Commune) -> tuple[float, float]:
        """Longitude and latitude, to a micro-degree as published."""
        spread = min(6.0, SPREAD_KM_PER_ROOT * math.sqrt(commune.population)) / 111.2
        west, south, east, north = commune.bounds
        lon = self._near(commune.lon, spread / math.cos(math.radians(commune.lat)), west, east)
        return round(lon, 6), round(self._near(commune.lat, spread, south, north), 6)

    def _near(self, centre: float, spread: float, low: float, high: float) -> float:
        margin = (high - low) * CLOSEST_TO_EDGE
        drawn = self._draw.gauss(centre, min(spread, (high - low) / 6))
        return min(max(drawn, low + margin), high - margin)


def projected(commune: Commune, lon: float, lat: float) -> tuple[str, str]:
    """Easting and northing in the territory's own projection, as published: text with two decimals."""
    east, north = _transformer(territory_of(commune.code).epsg).transform(lon, lat)
    return f"{east:.2f}", f"{north:.2f}"


@cache
def _transformer(epsg: int) -> Transformer:
    return Transformer.from_crs(4326, epsg, always_xy=True)
