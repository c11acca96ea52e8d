"""Columns beside the words index, one value per structure in the order of ids: filters, counts and order for any set of hits."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo.filters import Filters
from geo.position import EARTH_RADIUS_M
from search.query import Origin

Array = np.ndarray[Any, np.dtype[Any]]

NUMBERS = {"lon": np.float64, "lat": np.float64, "categorie_no": np.int32, "open": np.bool_, "completeness": np.float32}
CODES = ("commune", "departement", "region", "epci")  # stored as positions in their vocabulary, -1 for none
# Lists of codes: all of them one after the other in NAME, where each structure's begin in NAME_starts (one more than structures).
LISTS = ("activites", "naf")
VOCABULARIES = "vocabularies.json"


class Columns:
    """Memory-mapped arrays of one publication; `ids[i]` is the structure whose values stand at i everywhere."""

    def __init__(self, arrays: Mapping[str, Array], vocabularies: Mapping[str, list[str]]) -> None:
        self.arrays = arrays
        self.vocabularies = vocabularies

    def __len__(self) -> int:
        return len(self.arrays["ids"])

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    @classmethod
    def open(cls, folder: Path) -> "Columns":
        arrays = {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in folder.glob("*.npy")}
        return cls(arrays, json.loads((folder / VOCABULARIES).read_text(encoding="utf-8")))

    def are_complete(self) -> bool:
        """Whether every column is there, as long as the others."""
        names = ("ids", "name_key", "name_length", *NUMBERS, *CODES)
        return set(names) <= set(self.arrays) and len({len(self.arrays[name]) for name in names}) == 1

    def passing(self, filters: Filters, among: Array) -> Array:
        """A flag for each of the rows `among`: whether it passes the filters, as geo.filters.conditions would say in SQL."""
        flags = np.ones(len(among), dtype=bool)
        lon, lat = self["lon"][among], self["lat"][among]
        if filters.open_only:
            flags &= self["open"][among]
        if filters.circle:
            circle = filters.circle
            flags &= self.distances(Origin(circle.lon, circle.lat), among) <= circle.radius_m
        if filters.bbox:
            west, south, east, north = filters.bbox
            flags &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        if filters.polygon:
            flags &= _in_polygon(filters.polygon, lon, lat)
        if filters.categories:
            flags &= np.isin(self["categorie_no"][among], filters.categories)
        for name, codes in (
            ("commune", filters.communes),
            ("epci", filters.epcis),
            ("departement", filters.departements),
            ("region", filters.regions),
        ):
            if codes:
                flags &= np.isin(self[name][among], self._ranks(name, codes))
        for name, codes in (("activites", filters.activites), ("naf", filters.naf)):
            if codes:
                flags &= self._having(name, codes)[among]
        return flags

    def distances(self, origin: Origin, among: Array) -> Array:
        """Metres on the sphere to each of the rows `among`, NaN without a position."""
        lon, lat = np.radians(self["lon"][among]), np.radians(self["lat"][among])
        lon0, lat0 = np.radians(origin.lon), np.radians(origin.lat)
        half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat0) * np.cos(lat) * np.sin((lon - lon0) / 2) ** 2
        metres: Array = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
        return metres

    def counts(self, name: str, among: Array) -> dict[str, int]:
        """How many of the rows `among` have each value of a code column, of a list, or of `categorie_no`."""
        held = self._held(name, among) if name in LISTS else self[name][among]
        values, numbers = np.unique(held, return_counts=True)
        pairs: Iterable[tuple[int, int]] = zip(values.tolist(), numbers.tolist(), strict=True)
        if name == "categorie_no":
            return {str(value): number for value, number in pairs}
        return {self.vocabularies[name][value]: number for value, number in pairs if value >= 0}

    def _having(self, name: str, codes: Iterable[str]) -> Array:
        """A flag for every structure: whether its list has one of these codes."""
        flags = np.zeros(len(self), dtype=bool)
        if name in self.arrays:  # an index built by an earlier version has no such list
            places = np.flatnonzero(np.isin(self[name], self._ranks(name, codes)))
            flags[np.searchsorted(self[f"{name}_starts"], places, side="right") - 1] = True
        return flags

    def _held(self, name: str, among: Array) -> Array:
        """The lists of the rows `among`, one after the other."""
        if name not in self.arrays:
            return np.empty(0, dtype=np.int32)
        starts = self[f"{name}_starts"]
        first, lengths = starts[among], starts[among + 1] - starts[among]
        offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        held: Array = self[name][np.repeat(first, lengths) + offsets]
        return held

    def _ranks(self, name: str, codes: Iterable[str]) -> list[int]:
        rank = {code: i for i, code in enumerate(self.vocabularies[name])}
        return [rank[code] for code in codes if code in rank]


def _in_polygon(rings: Any, lon: Array, lat: Array) -> Array:
    area = shapely.Polygon(rings[0], rings[1:])
    shapely.prepare(area)
    covered: Array = shapely.covers(area, shapely.points(np.nan_to_num(lon, nan=999.0), np.nan_to_num(lat, nan=999.0)))
    return covered
