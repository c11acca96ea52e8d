"""Columns beside the words index, one value per structure in the order of ids: filters, counts and order for any set of hits."""

import datetime as dt
import json
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo.filters import Bounds, Circle, Filters, bounds_of, categories_of, statuts_of_each
from geo.position import EARTH_RADIUS_M
from search.embedded import sphere
from search.embedded.arrays import Array, mapped, starts_of
from search.embedded.standing import STANDING, WHERE
from search.embedded.strips import STRIPS, in_strips
from search.query import Origin

Rows = Array | slice  # ranks, or every structure: a slice of a column is no copy

EVERY = slice(None)
NUMBERS = {
    "lon": np.float64,
    "lat": np.float64,
    "categorie_no": np.int32,
    "open": np.bool_,
    "completeness": np.float32,
    "has_phone": np.bool_,
    "updated_on": np.int32,  # days since 1970, NEVER where no register says any
}
NEVER = np.iinfo(np.int32).min
CODES = (
    "commune",
    "departement",
    "region",
    "epci",
    "statut",
    "precision",
)  # stored as positions in their vocabulary, -1 for none
# Lists of codes: all of them one after the other in NAME, where each structure's begin in NAME_starts (one more than structures).
LISTS = ("activites", "publics", "naf")
VOCABULARIES = "vocabularies.json"
FEW = 4  # codes that are quicker compared one by one
# Ranks by category, ascending in each: which categories there are, where each one's ranks begin (one more than categories).
KINDS = ("kind_ranks", "kinds", "kind_starts")
# A box that holds more than this part of the structures is read from end to end, as fast as memory goes.
MOST_PICKED = 0.25


class Columns:
    """Memory-mapped arrays of one publication; `ids[i]` is the structure whose values stand at i everywhere."""

    def __init__(self, arrays: Mapping[str, Array], vocabularies: Mapping[str, list[str]]) -> None:
        self.arrays = arrays
        self.vocabularies = vocabularies
        self._numbers = {name: {code: i for i, code in enumerate(known)} for name, known in vocabularies.items()}
        self._places = {name: _places_in_order(known) for name, known in vocabularies.items()}
        self.totals: dict[Filters, int] = {}  # of the whole country (embedded.tally); they leave with the version

    def __len__(self) -> int:
        return len(self.arrays["ids"])

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def of(self, name: str, among: Rows) -> Array:
        """The values of the rows `among`."""
        # take is twice as quick as indexing
        return self.arrays[name] if isinstance(among, slice) else self.arrays[name].take(among, axis=0)

    @classmethod
    def open(cls, folder: Path) -> "Columns":
        arrays = {path.stem: mapped(path) for path in folder.glob("*.npy")}
        return cls(arrays, json.loads((folder / VOCABULARIES).read_text(encoding="utf-8")))

    def are_complete(self) -> bool:
        """Whether every column is there, as long as the others."""
        names = (
            "ids",
            "name_key",
            "name_length",
            "name_order",
            "by_name",
            "sphere",
            "kind_ranks",
            WHERE,
            *NUMBERS,
            *CODES,
        )
        lists = (*LISTS, *(f"{name}_starts" for name in LISTS), *STRIPS, *KINDS, *STANDING)
        return {*names, *lists} <= set(self.arrays) and len({len(self.arrays[name]) for name in names}) == 1

    def standing_in(self, bounds: Bounds | None) -> Rows:
        """The rows that a box may hold: near it where few do, else all of them."""
        if bounds is None:
            return EVERY
        return in_strips(self.arrays, bounds, most=int(MOST_PICKED * len(self)))

    def candidates(self, filters: Filters) -> Rows:
        """The rows that the places of the filters may hold."""
        return self.standing_in(bounds_of(filters))

    def of_categories(self, numbers: Collection[int], most: int) -> Array | None:
        """Every row of these categories, ascending; None where they are more than `most`."""
        known, starts = self["kinds"], self["kind_starts"]
        at = np.flatnonzero(np.isin(known, list(numbers)))
        if int((starts[at + 1] - starts[at]).sum()) > most:
            return None
        found = [self["kind_ranks"][starts[i] : starts[i + 1]] for i in at.tolist()]
        return np.sort(np.concatenate([np.empty(0, np.int32), *found]))

    def passing(self, filters: Filters, among: Rows) -> Array:
        """A flag for each of the rows `among`: whether it passes the filters, as geo.filters.conditions would say in SQL."""
        return self.all_of(list(self.tests(filters, among).values()), among)

    def all_of(self, flags: Sequence[Array], among: Rows) -> Array:
        """A flag for each of the rows `among`: whether all of these say so."""
        if not flags:
            return np.ones(self._size(among), dtype=bool)
        return reduce(np.logical_and, flags)

    def tests(self, filters: Filters, among: Rows) -> dict[str, Array]:
        """The same for each filter that is in force alone, by its name in Filters."""
        found: dict[str, Array] = {}
        if filters.open_only:
            found["open_only"] = self.of("open", among)
        if filters.circle:
            found["circle"] = self._within(filters.circle, among)
        if filters.bbox:
            found["bbox"] = self._in_box(filters.bbox, among)
        if filters.polygon:
            found["polygon"] = _in_polygon(filters.polygon, self.of("lon", among), self.of("lat", among))
        if filters.categories:
            found["categories"] = _among(self.of("categorie_no", among), filters.categories)
        if filters.domaines:
            found["domaines"] = _among(self.of("categorie_no", among), categories_of(filters.domaines))
        for name, column, codes in (
            ("communes", "commune", filters.communes),
            ("epcis", "epci", filters.epcis),
            ("departements", "departement", filters.departements),
            ("regions", "region", filters.regions),
            ("statuts", "statut", filters.statuts),
            ("secteurs", "statut", statuts_of_each(filters.secteurs)),
            ("precisions", "precision", filters.precisions),
        ):
            if codes:
                found[name] = _among(self.of(column, among), self._ranks(column, codes))
        for name in LISTS:
            if codes := getattr(filters, name):
                found[name] = self._having(name, codes, among)
        if filters.telephone is not None:
            found["telephone"] = self.of("has_phone", among) == filters.telephone
        if filters.maj_depuis:
            found["maj_depuis"] = self.of("updated_on", among) >= days_since_1970(filters.maj_depuis)
        return found

    def ranks_passing(self, filters: Filters, among: Rows) -> Array:
        """Those of the rows `among` that pass."""
        return those(self.passing(filters, among), among)

    def names_up_to(self, name_key: str, identifier: str) -> int:
        """How many names come before the one after this name and id: where the next page begins in `by_name`."""
        in_order, last = self["by_name"], (name_key.encode(), identifier.encode())

        def name_and_id(rank: int) -> tuple[bytes, bytes]:
            return bytes(self["name_key"][rank]), bytes(self["ids"][rank])

        return bisect_right(in_order, last, key=name_and_id)

    def distances(self, origin: Origin, among: Rows) -> Array:
        """Metres on the sphere to each of the rows `among`, NaN without a position."""
        lon, lat = np.radians(self.of("lon", among)), np.radians(self.of("lat", among))
        lon0, lat0 = np.radians(origin.lon), np.radians(origin.lat)
        half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat0) * np.cos(lat) * np.sin((lon - lon0) / 2) ** 2
        metres: Array = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
        return metres

    def at_least(self, origin: Origin, among: Rows) -> Array:
        """Metres that those distances are at least, in a tenth of the time."""
        return sphere.at_least(sphere.lines(self.of("sphere", among), origin.lon, origin.lat))

    def counts(self, name: str, among: Array) -> dict[str, int]:
        """How many of the rows `among` have each value of a code, a list, a number or a flag; codes in order."""
        held = self._held(name, among)[0] if name in LISTS else self.of(name, among)
        if name in self.vocabularies:
            known = self.vocabularies[name]
            numbers = np.bincount(held + 1, minlength=len(known) + 1)[1:]
            found = np.flatnonzero(numbers)
            found = found[np.argsort(self._places[name][found])]
            return {known[i]: number for i, number in zip(found.tolist(), numbers[found].tolist(), strict=True)}
        numbers = np.bincount(held)
        return {str(i): int(numbers[i]) for i in np.flatnonzero(numbers)}

    def worths(self, name: str, by_code: Mapping[str, float], among: Rows) -> Array:
        """What the code of each of the rows `among` is worth, 0 for those that have none."""
        known = self._numbers[name]
        worths = np.zeros(len(known) + 1)  # the last one, -1, is of those without a code
        for code, worth in by_code.items():
            if code in known:
                worths[known[code]] = worth
        return worths.take(self.of(name, among))

    def _size(self, among: Rows) -> int:
        return len(self) if isinstance(among, slice) else len(among)

    def _within(self, circle: Circle, among: Rows) -> Array:
        """Only what stands on the very edge is measured on the sphere."""
        line = sphere.lines(self.of("sphere", among), circle.lon, circle.lat)
        inside = sphere.at_most(line) <= circle.radius_m
        edge = np.flatnonzero((sphere.at_least(line) <= circle.radius_m) & ~inside)
        ranks = edge if isinstance(among, slice) else among[edge]
        inside[edge] = self.distances(Origin(circle.lon, circle.lat), ranks) <= circle.radius_m
        return inside

    def _in_box(self, bounds: Bounds, among: Rows) -> Array:
        west, south, east, north = bounds
        lon, lat = self.of("lon", among), self.of("lat", among)
        inside: Array = lon >= west
        for each in (lon <= east, lat >= south, lat <= north):
            inside &= each
        return inside

    def _having(self, name: str, codes: Iterable[str], among: Rows) -> Array:
        """A flag for each of the rows `among`: whether its list has one of these codes."""
        flags = np.zeros(self._size(among), dtype=bool)
        held, lengths = self._held(name, among)
        flags[np.repeat(np.arange(len(flags)), lengths)[_among(held, self._ranks(name, codes))]] = True
        return flags

    def _held(self, name: str, among: Rows) -> tuple[Array, Array]:
        """The lists of the rows `among`, one after the other, and how long each is."""
        starts = self[f"{name}_starts"]
        if isinstance(among, slice):
            return self[name], np.diff(starts)
        first = starts.take(among)
        lengths = starts.take(among + 1) - first
        ends = np.cumsum(lengths)
        places = np.repeat(first - ends + lengths, lengths)
        places += np.arange(len(places))
        return self[name].take(places), lengths

    def _ranks(self, name: str, codes: Iterable[str]) -> list[int]:
        known = self._numbers.get(name, {})
        return [known[code] for code in codes if code in known]


def those(flags: Array, among: Rows) -> Array:
    """Ranks of the rows `among` that are flagged."""
    places = np.flatnonzero(flags)
    return places if isinstance(among, slice) else among.take(places)


def by_kind(categorie_no: Array) -> dict[str, Array]:
    """The three arrays of KINDS."""
    ranks = np.argsort(categorie_no, kind="stable").astype(np.int32)
    kinds, numbers = np.unique(categorie_no, return_counts=True)
    return {"kind_ranks": ranks, "kinds": kinds, "kind_starts": starts_of(numbers)}


def _places_in_order(known: Sequence[str]) -> Array:
    places = np.empty(len(known), dtype=np.int32)
    places[sorted(range(len(known)), key=known.__getitem__)] = np.arange(len(known))
    return places


def days_since_1970(day: dt.date) -> int:
    """How `updated_on` holds a day."""
    return (day - dt.date(1970, 1, 1)).days


def _among(values: Array, codes: Iterable[int]) -> Array:
    wanted = list(codes)
    if len(wanted) > FEW:
        return np.isin(values, wanted)
    flags = np.zeros(len(values), dtype=bool)
    for code in wanted:
        flags |= values == code
    return flags


def _in_polygon(rings: Any, lon: Array, lat: Array) -> Array:
    area = shapely.Polygon(rings[0], rings[1:])
    shapely.prepare(area)
    covered: Array = shapely.covers(area, shapely.points(np.nan_to_num(lon, nan=999.0), np.nan_to_num(lat, nan=999.0)))
    return covered
