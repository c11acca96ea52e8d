"""Structures invented by the million: in communes by their population, of kinds by Zipf's law, named as the demo names.

Drawn by columns, not through a register's file: questions are measured without waiting for a pipeline. Always the same rows.
"""

import random
from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl

from etl.demo import vocabulary as words
from etl.demo.mix import Sort, sorts
from etl.demo.names import WITH_ACCENTS, establishment_name, pick, surname
from etl.demo.ranges import PHONE_ROOTS, PHONES_PER_ROOT
from geo.activites import labels
from geo.categories import Categorie, categories, legal_statuses
from geo.communes import Commune, communes
from geo.position import Precision
from geo.reference.naf import codes_in_scope
from geo.text import sort_key

SEED = 12
ZIPF = 1.1  # how much rarer each kind is than the one before
JITTER_DEG = 0.03  # around a commune's centre
OPEN, WITH_PHONE, PLACED, OF_AN_ENTITY = 0.9, 0.8, 0.98, 0.4
PRACTITIONERS = (
    "lib"  # family of the kinds that are most of two million: Sirene's people beside FINESS's establishments
)
WITH_ACTIVITIES, MOST_ACTIVITIES = 0.3, 4
WITH_NAF = 0.8
PRECISIONS = (Precision.HOUSENUMBER, Precision.STREET, Precision.LOCALITY, Precision.COMMUNE)
SURNAMES = 2_016
FIRST_DAY, DAYS = 14_610, 5_800  # since 1970: from 2010 to November 2025
LISTS = ("other_names", "finess", "siret", "address_lines", "phones", "activites", "publics", "naf", "aliases")
Draw = np.random.Generator
Picked = np.ndarray[tuple[int], np.dtype[np.int64]]


def drawn(count: int) -> pl.DataFrame:
    """Rows of `structure`: what a register's load would leave in it, but for what the database computes."""
    draw = np.random.default_rng(SEED)
    places, kinds = _places(), by_frequency()
    at = _weighted(draw, [each.population for each in places], count)
    of = _weighted(draw, [rank**-ZIPF for rank in range(1, len(kinds) + 1)], count)
    where = pl.DataFrame(_columns_of(places))[at]
    return where.with_columns(
        pl.Series("categorie_no", np.array([each.no for each in kinds], dtype=np.int32)[of]),
        *_names(at, of),
        *_numbers(draw, where["departement"]),
        *_positions(draw, where),
        *_what_it_does(draw, kinds, of),
        *_days(draw, count),
        pl.lit([], pl.List(pl.String)).alias("other_names"),
        pl.lit([], pl.List(pl.String)).alias("aliases"),
    )


@cache
def by_frequency() -> tuple[Categorie, ...]:
    """Kinds that a structure may be of, the most frequent first: practitioners, then as FINESS has them, then the others."""
    weights = {sort.code: sort.weight for sort in sorts()}
    offered = [each for each in categories().values() if not each.ended]
    return tuple(sorted(offered, key=lambda each: (each.family != PRACTITIONERS, -weights.get(each.code, 0), each.no)))


@cache
def _places() -> tuple[Commune, ...]:
    """Inhabited communes; Paris, Lyon and Marseille by their arrondissements."""
    whole = {each.parent for each in communes().values()}
    return tuple(each for each in communes().values() if each.population and each.code not in whole)


def _columns_of(places: Sequence[Commune]) -> dict[str, Sequence[object]]:
    return {
        "commune": [each.code for each in places],
        "commune_name": [each.name for each in places],
        "postcode": [each.postcodes[0] if each.postcodes else None for each in places],
        "departement": [each.departement for each in places],
        "region": [each.region for each in places],
        "epci": [each.epci for each in places],
        "centre_lon": [each.lon for each in places],
        "centre_lat": [each.lat for each in places],
    }


def _weighted(draw: Draw, weights: Sequence[float], count: int) -> Picked:
    chances = np.cumsum(weights, dtype=np.float64)
    picked: Picked = np.searchsorted(chances, draw.random(count) * chances[-1], side="right")
    return picked


def _names(at: Picked, of: Picked) -> list[pl.Series]:
    """Names in capitals without accents mostly, as registers write them, and who runs the structure."""
    chances, named = random.Random(SEED), [_sort(each) for each in by_frequency()]
    names, entities = [], []
    for place, kind in zip(at.tolist(), of.tolist(), strict=True):
        name = _name(chances, named[kind], _places()[place])
        names.append(name if chances.random() < WITH_ACCENTS else sort_key(name))
        entities.append(f"ASSOCIATION {pick(chances, _ENTITIES)}" if chances.random() < OF_AN_ENTITY else None)
    return [
        pl.Series("name", names),
        pl.Series("name_key", list(map(sort_key, names))),
        pl.Series("ej_name", entities, dtype=pl.String),
    ]


_ENTITIES = tuple(map(sort_key, (*words.NAMED, *words.SAINTS)))


@cache
def _sorts_by_code() -> dict[str, Sort]:
    return {sort.code: sort for sort in sorts()}


def _sort(categorie: Categorie) -> Sort:
    """What its structures are called: as the demo does, else by its label."""
    known = _sorts_by_code().get(categorie.code)
    return known or Sort(categorie.code, 0, (), (), (), (categorie.short_label,), categorie.family)


def _name(chances: random.Random, sort: Sort, commune: Commune) -> str:
    """Half of the practitioners go by their own name, as Sirene has them."""
    if not sort.group.startswith(PRACTITIONERS) or chances.random() < 0.5:
        return establishment_name(chances, sort, commune)
    title, sex = pick(chances, (("Mme", "F"), ("M.", "M"), ("Dr", "F"), ("Dr", "M")))
    first_name = pick(chances, words.FIRST_NAMES[sex])
    return f"{title} {first_name} {surname(int(chances.random() * SURNAMES))}"


def _numbers(draw: Draw, departements: pl.Series) -> list[pl.Series | pl.Expr]:
    """Ids and numbers of nobody, in the form of the registers'; telephones are those kept for fiction."""
    count = len(departements)
    ranks = pl.Series("rank", np.arange(count)).cast(pl.String).str.zfill(7)
    finess = departements.str.slice(0, 2) + ranks
    roots = pl.Series(list(PHONE_ROOTS.values()))[draw.integers(0, len(PHONE_ROOTS), count)]
    digits = roots + pl.Series(draw.integers(0, PHONES_PER_ROOT, count)).cast(pl.String).str.zfill(4)
    phones = digits.str.replace_all("(..)", "$1 ").str.strip_chars()
    none: list[str] = []
    has_phone = pl.Series(draw.random(count) < WITH_PHONE)
    siren = pl.Series("siren", "14" + ranks)
    return [
        pl.Series("id", "f" + finess),
        _listed("finess", finess),
        _listed("siret", siren + "00017"),
        siren,
        _listed("address_lines", "1 RUE " + ranks.str.slice(3)),
        pl.when(has_phone).then(_listed("phones", phones)).otherwise(none).alias("phones"),
    ]


def _listed(name: str, values: pl.Series) -> pl.Series:
    """Each value alone in its list."""
    return pl.DataFrame({name: values}).select(pl.concat_list(name)).to_series()


def _positions(draw: Draw, where: pl.DataFrame) -> list[pl.Series | pl.Expr]:
    count = len(where)
    placed = pl.Series(draw.random(count) < PLACED)
    precision = pl.Series([each.value for each in PRECISIONS])[draw.integers(0, len(PRECISIONS), count)]
    lon, lat = (where[f"centre_{axis}"] + draw.normal(0, JITTER_DEG, count) for axis in ("lon", "lat"))
    return [
        pl.when(placed).then(lon).alias("lon"),
        pl.when(placed).then(lat).alias("lat"),
        pl.when(placed).then(precision).otherwise(pl.lit(Precision.NONE.value)).alias("precision"),
        pl.when(placed).then(pl.lit("finess")).alias("position_source"),
    ]


def _what_it_does(draw: Draw, kinds: Sequence[Categorie], of: Picked) -> list[pl.Series]:
    count = len(of)
    care = [f"AMM:{code}" for table, code in labels() if table == "activite_amm"]
    social = [f"AMSR:{code}" for table, code in labels() if table == "activite_sociale"]
    publics = sorted(code for table, code in labels() if table == "public")
    statuts = pl.Series([*legal_statuses(), None])
    return [
        _lists(draw, "activites", [*care, *social], count, WITH_ACTIVITIES, MOST_ACTIVITIES),
        _lists(draw, "publics", publics, count, WITH_ACTIVITIES, 1),
        _lists(draw, "naf", codes_in_scope(), count, WITH_NAF, 1),
        statuts[draw.integers(0, len(statuts), count)].alias("statut"),
    ]


def _lists(draw: Draw, name: str, among: Sequence[str], count: int, share: float, most: int) -> pl.Series:
    """For a share of the rows, one to `most` of these codes, each once and in order."""
    lengths = draw.integers(1, most + 1, count) * (draw.random(count) < share)
    codes = pl.Series(among)[draw.integers(0, len(among), int(lengths.sum()))]
    rows = pl.DataFrame({"row": np.repeat(np.arange(count), lengths), name: codes}).unique().sort("row", name)
    every = pl.DataFrame({"row": np.arange(count)}).join(
        rows.group_by("row", maintain_order=True).agg(name), on="row", how="left", maintain_order="left"
    )
    return every[name].fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def _days(draw: Draw, count: int) -> list[pl.Series | pl.Expr]:
    is_open = pl.Series("open", draw.random(count) < OPEN)
    days = pl.Series("updated_on", FIRST_DAY + draw.integers(0, DAYS, count)).cast(pl.Int32).cast(pl.Date)
    return [is_open, days, pl.when(~is_open).then(days).alias("closed_on")]
