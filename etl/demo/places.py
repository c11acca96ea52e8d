"""Where invented establishments stand: real communes by population, points inside them, their projected coordinates."""

from functools import cache, cached_property

import numpy as np
import polars as pl
import shapely
from pyproj import Transformer

from geo.communes import Commune, communes
from geo.reference import files
from geo.territories import territory_of

Indices = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Points = tuple[Floats, Floats]

KM_PER_DEGREE = 111.2
CITY = 15_000  # from this population on, points fill the commune's contour; elsewhere they keep near its centre
NEAR_THE_CENTRE = 0.6  # of the distance from the centre to the nearest side of the bounds: 95 % are within the contour
# FINESS hardly covers the Pacific: some 90 records of 174,681 (DATA-FACTS § 1.3, 9).
PACIFIC, PACIFIC_SHARE = ("986", "987", "988"), 0.05
TRIES = 8


class Places:
    """The communes that can be drawn, in the order of their départements."""

    def __init__(self) -> None:
        divided = {
            each.parent for each in communes().values()
        }  # Paris, Lyon, Marseille: their arrondissements are drawn
        lived_in = [c for c in communes().values() if c.population > 0 and c.postcodes and c.code not in divided]
        self.communes: tuple[Commune, ...] = tuple(sorted(lived_in, key=lambda c: (c.departement, c.code)))
        self.lon = np.array([c.lon for c in self.communes])
        self.lat = np.array([c.lat for c in self.communes])
        self.epsg = np.array([territory_of(c.code).epsg for c in self.communes])
        self._cumulated = np.cumsum([_weight(c) for c in self.communes])
        self._first, self._last = _spans([c.departement for c in self.communes])

    def draw(self, draw: np.random.Generator, count: int) -> Indices:
        """Communes by population, as indices."""
        return self._at(draw.random(count) * self._cumulated[-1])

    def draw_near(self, draw: np.random.Generator, homes: Indices) -> Indices:
        """A commune of the same département for each, by population."""
        before = np.concatenate(([0.0], self._cumulated))[self._first[homes]]
        return self._at(before + draw.random(len(homes)) * (self._cumulated[self._last[homes]] - before))

    def points(self, draw: np.random.Generator, where: Indices) -> Points:
        """A place in each commune, denser towards its centre, to the micro-degree as published."""
        lon, lat = self._near_centre(draw, where)
        cities = np.flatnonzero(self._is_city[where])
        lon[cities], lat[cities] = self._in_city(draw, where[cities])
        return lon.round(6), lat.round(6)

    def scatter(self, draw: np.random.Generator, points: Points, metres: Floats) -> Points:
        """Points moved at random, by so many metres (standard deviation)."""
        lon, lat = points
        km = draw.standard_normal((2, len(lon))) * metres / 1000
        return (lon + km[0] / _km_per_degree_of_longitude(lat)).round(6), (lat + km[1] / KM_PER_DEGREE).round(6)

    def project(self, where: Indices, points: Points) -> Points:
        """Eastings and northings in metres, in the projection that each territory publishes in."""
        east, north = np.empty(len(where)), np.empty(len(where))
        epsg = self.epsg[where]
        for code in np.unique(epsg):
            rows = epsg == code
            east[rows], north[rows] = _projection(int(code)).transform(points[0][rows], points[1][rows])
        return east, north

    def _at(self, weights: Floats) -> Indices:
        drawn = np.searchsorted(self._cumulated, weights, side="right")
        return np.minimum(drawn, len(self.communes) - 1).astype(np.int64)

    def _near_centre(self, draw: np.random.Generator, where: Indices) -> Points:
        reach = self._reach_km[where] * NEAR_THE_CENTRE * draw.random(len(where)) ** 0.7
        angle = draw.random(len(where)) * 2 * np.pi
        lat = self.lat[where] + reach * np.sin(angle) / KM_PER_DEGREE
        return self.lon[where] + reach * np.cos(angle) / _km_per_degree_of_longitude(self.lat[where]), lat

    def _in_city(self, draw: np.random.Generator, where: Indices) -> Points:
        """Drawn around the centre as wide as the bounds, again until within the contour; near the centre at last."""
        lon, lat = self._near_centre(draw, where)
        missing = np.arange(len(where))
        for _ in range(TRIES):
            box = self._bounds[where[missing]]
            east = self.lon[where[missing]] + draw.standard_normal(len(missing)) * (box[:, 2] - box[:, 0]) / 4
            north = self.lat[where[missing]] + draw.standard_normal(len(missing)) * (box[:, 3] - box[:, 1]) / 4
            within = shapely.contains_xy(self._contours[where[missing]], east, north)
            lon[missing[within]], lat[missing[within]] = east[within], north[within]
            missing = missing[~within]
        return lon, lat

    @cached_property
    def _bounds(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return np.array([c.bounds for c in self.communes])

    @cached_property
    def _reach_km(self) -> Floats:
        """From the centre to the nearest side of the bounds, 3 km at most: overseas bounds hold more sea than land."""
        west, south, east, north = self._bounds.T
        across = np.minimum(self.lon - west, east - self.lon) * _km_per_degree_of_longitude(self.lat)
        along = np.minimum(self.lat - south, north - self.lat) * KM_PER_DEGREE
        reach: Floats = np.minimum(np.minimum(across, along), 3.0).clip(0.1)
        return reach

    @cached_property
    def _is_city(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        drawn = shapely.is_geometry(self._contours)
        return np.asarray(drawn)

    @cached_property
    def _contours(self) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        """Prepared contours of the cities, None for others."""
        rank = {c.code: index for index, c in enumerate(self.communes) if c.population >= CITY}
        drawn = np.full(len(self.communes), None, dtype=object)
        published = pl.read_parquet(files.CONTOURS).filter(pl.col("code").is_in(list(rank)), kind="commune")
        for row in published.iter_rows(named=True):
            drawn[rank[row["code"]]] = files.unpack(row["lengths"], row["opens"], row["deltas"])
        shapely.prepare(drawn)
        return drawn


def _weight(commune: Commune) -> float:
    return commune.population * (PACIFIC_SHARE if commune.departement in PACIFIC else 1.0)


def _spans(departements: list[str]) -> tuple[Indices, Indices]:
    """First and last index of each commune's département, which stand together."""
    _, first, rank, count = np.unique(departements, return_index=True, return_inverse=True, return_counts=True)
    return first[rank], (first + count - 1)[rank]


def _km_per_degree_of_longitude(lat: Floats) -> Floats:
    return KM_PER_DEGREE * np.cos(np.radians(lat))


@cache
def _projection(epsg: int) -> Transformer:
    return Transformer.from_crs(4326, epsg, always_xy=True)
