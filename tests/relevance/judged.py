"""Judged questions: what was typed, from where, and rules over the columns of `structure` that grade every row.

A file has groups (`[noms]`) and lines « question | lon,lat | 3: conditions ; 1: conditions ». A structure has the highest grade
of the rules it satisfies: 3 it is what was meant, 2 it would do, 1 it is close. Conditions, joined by « & », all hold:

    categorie=500,4401  one of these categories or families     commune=75*      code, or the beginning of codes
    departement=35      postcode=750*                           region=11
    nom~^CLINIQUE       regular expression found in its name, upper case without accents or punctuation
    noms~EHPAD          the same in any of its names            ej~KORIAN        the same in its legal entity's
    finess=… siret=… telephone=…  bears this number             km=5             no farther than that from the point asked from
    autour=21231:50             within 50 km of that commune's centre
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path

import msgspec
import polars as pl

from geo.categories import categories, family_members
from geo.communes import communes
from geo.position import EARTH_RADIUS_M
from geo.text import sort_key
from search.query import Origin

COLUMN = re.compile(r"(?<=\s)\|(?=\s)")  # in a regular expression « | » stands between letters
CONDITION = re.compile(r"^(\w+)([=~])(.+)$")
CODES = {"commune": "commune", "departement": "departement", "region": "region", "postcode": "postcode"}
NUMBERS = {"finess": "finess", "siret": "siret", "telephone": "phones"}
TEXTS = {"nom": "name", "noms": "names", "ej": "ej_name"}


class Judged(msgspec.Struct, frozen=True):
    """One question; `rules` are pairs of a grade and its conditions."""

    group: str
    words: str
    origin: Origin | None
    rules: tuple[tuple[int, str], ...]


def read(path: Path) -> list[Judged]:
    """The questions of a file, in its order."""
    return list(_read(path.read_text(encoding="utf-8").splitlines()))


def prepared(structures: pl.DataFrame) -> pl.DataFrame:
    """The open structures that an answer may hold, with the texts that rules compare."""
    names = pl.concat_list(pl.concat_list("name"), "other_names").list.join(" / ")
    return structures.filter("open").with_columns(
        _plain(pl.col("name")), _plain(names).alias("names"), _plain(pl.col("ej_name"))
    )


def grades(question: Judged, structures: pl.DataFrame) -> Mapping[str, int]:
    """The positive grades by structure id, of `prepared` structures."""
    found: dict[str, int] = {}
    for grade, conditions in sorted(question.rules):
        held = reduce(lambda a, b: a & b, (_condition(each, question.origin) for each in conditions.split(" & ")))
        found |= dict.fromkeys(structures.filter(held)["id"], grade)
    return found


def _read(lines: list[str]) -> Iterator[Judged]:
    group = ""
    for line in lines:
        if line.startswith("["):
            group = line.strip("[]")
        elif line and not line.startswith("#"):
            words, where, rules = (part.strip() for part in COLUMN.split(line))
            origin = Origin(*map(float, where.split(","))) if where else None
            yield Judged(group, words, origin, tuple(_rule(rule) for rule in rules.split(" ; ")))


def _rule(text: str) -> tuple[int, str]:
    grade, _, conditions = text.partition(":")
    return int(grade), conditions.strip()


def _condition(text: str, origin: Origin | None) -> pl.Expr:
    found = CONDITION.match(text)
    if found is None:
        raise ValueError(f"condition illisible : {text}")
    name, how, value = found.groups()
    if how == "~":
        return pl.col(TEXTS[name]).fill_null("").str.contains(value)
    if name == "categorie":
        return pl.col("categorie_no").is_in([no for code in value.split(",") for no in _categorie_numbers(code)])
    if name == "km":
        assert origin is not None, "une distance se compte d’un point"
        return _metres(origin) <= float(value) * 1000
    if name == "autour":
        code, _, km = value.partition(":")
        town = communes()[code]
        return _metres(Origin(town.lon, town.lat)) <= float(km) * 1000
    if name in NUMBERS:
        return pl.col(NUMBERS[name]).list.contains(value)
    return reduce(lambda a, b: a | b, (_code(pl.col(CODES[name]), each) for each in value.split(",")))


def _categorie_numbers(code: str) -> list[int]:
    members = (code,) if code in categories() else family_members(code)
    if not members:
        raise ValueError(f"catégorie inconnue : {code}")
    return [categories()[member].no for member in members]


def _code(column: pl.Expr, code: str) -> pl.Expr:
    return column.str.starts_with(code[:-1]) if code.endswith("*") else column == code


def _metres(origin: Origin) -> pl.Expr:
    lat, lon = pl.col("lat").radians(), pl.col("lon").radians()
    lat0, lon0 = math.radians(origin.lat), math.radians(origin.lon)
    half = ((lat - lat0) / 2).sin().pow(2) + lat.cos() * math.cos(lat0) * ((lon - lon0) / 2).sin().pow(2)
    return 2 * EARTH_RADIUS_M * half.sqrt().arcsin()


def _plain(text: pl.Expr) -> pl.Expr:
    return text.map_elements(_each_plain, return_dtype=pl.String)


def _each_plain(names: str) -> str:
    return " / ".join(sort_key(name) for name in names.split(" / "))
