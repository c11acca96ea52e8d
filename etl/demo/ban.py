"""The BAN of this country: communes, streets with their numbers, places, where they truly are, in the form that addok indexes.

One JSON object a line. An address of the same words in the same commune stands where the first that has it does.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import ascii_lowercase

import msgspec
import polars as pl

from etl.demo.addresses import locality_code, street_code
from etl.demo.events import TURNED_P
from etl.demo.facts import Entity, Establishment, Past
from etl.demo.names import REPETITIONS, STREET_WORDS
from geo.communes import Commune, communes

Json = dict[str, object]
Point = tuple[float, float]  # lon, lat
Streets = dict[tuple[str | None, str], dict[str | None, Point]]  # by kind and name, then by number

NAME = "adresses-addok.ndjson"
MILLIONS = 3_000_000  # inhabitants of a commune of the greatest importance
SMALL_WORDS = frozenset({"DE", "DU", "DES", "LA", "LE", "LES", "ET", "A", "AU", "AUX", "EN", "SUR", "SOUS"})
ARRONDISSEMENT = re.compile(r" \d+e?r? Arrondissement$")


class Address(msgspec.Struct, frozen=True):
    """One address and its true point; a place without streets has neither kind nor number."""

    commune: str
    number: str | None  # « 12 », « 12bis »
    kind: str | None  # « RUE »
    name: str
    lon: float
    lat: float


class AddressFile:
    """Gathers what is true while files are written; nobody who is masked, or will be, is in it."""

    def __init__(self, out: Path) -> None:
        self._path = out / NAME
        self._known: dict[str, Streets] = {}

    def add_entities(self, entities: list[Entity]) -> None:
        """Those of FINESS: offices, establishments, and where these were before."""
        for entity in entities:
            told = [ege for ege in entity.establishments if ege.event not in TURNED_P]
            if not entity.hidden and (told or not entity.establishments):
                sites: list[Entity | Establishment | Past] = [
                    entity,
                    *told,
                    *(past for ege in told for past in ege.pasts),
                ]
                self._add(map(_of_site, sites))

    def add_units(self, units: pl.DataFrame) -> None:
        """Those of SIRENE alone, of etl.demo.sirene_units.UNIT."""
        masked = pl.col("event").is_in(TURNED_P).fill_null(False)
        shown = units.filter((pl.col("diffusion") == "O") & (pl.col("unit_diffusion") == "O") & ~masked)
        columns = shown.select("commune", "number", "repetition", "street_kind", "street_name", "lon", "lat")
        self._add(
            Address(commune, _number(number, repetition), kind, name, lon, lat)
            for commune, number, repetition, kind, name, lon, lat in columns.iter_rows()
        )

    def finish(self) -> Path:
        """Written in the order of communes, then of names."""
        return write(self._path, self._known)

    def _add(self, addresses: Iterable[Address]) -> None:
        for each in addresses:
            streets = self._known.setdefault(each.commune, {})
            streets.setdefault((each.kind, each.name), {}).setdefault(each.number, (each.lon, each.lat))


def write(path: Path, known: Mapping[str, Streets]) -> Path:
    """The file of these communes' streets, in the order of codes, then of names; known to geo.communes, all of them."""
    partial = path.with_suffix(".partial")
    cities = {parent for code in known if (parent := communes()[code].parent)}
    with partial.open("wb") as out:
        for code in sorted({*known, *cities}):
            for document in _documents(communes()[code], known.get(code, {})):
                out.write(msgspec.json.encode(document) + b"\n")
    return partial.replace(path)


def _of_site(site: Entity | Establishment | Past) -> Address:
    street = site.street
    kind = STREET_WORDS[street.kind] if street.kind else None
    return Address(
        site.commune.code, _number(street.number, street.repetition), kind, street.name, site.at.lon, site.at.lat
    )


def _number(number: str | None, repetition: str | None) -> str | None:
    return f"{number}{REPETITIONS.get(repetition or '', repetition or '').lower()}" if number else None


def _documents(commune: Commune, streets: Streets) -> Iterator[Json]:
    """The commune first; streets of an arrondissement answer to the city's name and code too."""
    town = ARRONDISSEMENT.sub("", commune.name)
    importance = round(min(1.0, (commune.population / MILLIONS) ** 0.25), 4)
    shared: Json = {
        "postcode": list(commune.postcodes),
        "citycode": [commune.code, *([commune.parent] if commune.parent else [])],
        "city": town if town == commune.name else [town, commune.name],
    }
    about: Json = {"id": commune.code, "type": "municipality", "name": commune.name, "population": commune.population}
    here: Json = {"citycode": commune.code, "lon": commune.lon, "lat": commune.lat, "importance": importance}
    yield about | shared | here
    for (kind, name), numbers in sorted(streets.items(), key=lambda each: (each[0][0] or "", each[0][1])):
        yield _street(commune.code, kind, name, numbers) | shared | {"importance": round(importance * 0.6, 4)}


def _street(commune: str, kind: str | None, name: str, numbers: dict[str | None, Point]) -> Json:
    """It stands where an address of it without number does, else at its first number."""
    key = f"{commune}_{street_code(name) if kind else locality_code(name)}"
    lon, lat = numbers.get(None) or next(iter(numbers.values()))
    told: Json = {
        "id": key,
        "type": "street" if kind else "locality",
        "name": _written(f"{kind} {name}" if kind else name),
        "lon": lon,
        "lat": lat,
    }
    housenumbers = {
        number: {"id": f"{key}_{_padded(number)}", "lon": lon, "lat": lat}
        for number, (lon, lat) in sorted((number, at) for number, at in numbers.items() if number)
    }
    return told | ({"housenumbers": housenumbers} if housenumbers else {})


def _padded(number: str) -> str:
    """« 12bis » → « 00012_bis »."""
    digits = number.rstrip(ascii_lowercase)
    return "_".join(filter(None, (f"{int(digits):05d}", number[len(digits) :])))


def _written(name: str) -> str:
    """« RUE DES TILLEULS » → « Rue des Tilleuls »."""
    written = " ".join(word.lower() if word in SMALL_WORDS else word.capitalize() for word in name.split())
    return written[:1].upper() + written[1:]
