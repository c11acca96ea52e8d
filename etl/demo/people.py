"""Whom FINESS does not have: practitioners on their own account, and companies of every other trade."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from etl.demo import vocabulary as words
from etl.demo.country import FIRST_DAY, Country
from etl.demo.events import TURNED_P, draw_events
from etl.demo.names import STREET_WORDS, capitals, postal_name, surname
from etl.demo.places import Floats, Indices
from etl.demo.ranges import demo_siren, demo_siret
from etl.demo.sirene_units import NATURAL_PERSON, UNIT, completed
from etl.demo.trades import OTHER_TRADES, PRACTICES, SPLITS, naf25

BATCH = 10_000
SAME_DOOR = 0.3  # practitioners who share the address of another: one place, several structures
CLOSED, CEASED = 0.2, 0.6  # establishments; and of them, those whose legal unit ended too
HIDDEN, ONLY_HERE, ONLY_UNIT = (
    0.085,
    0.005,
    0.005,
)  # P on both levels, or on one of them: INSEE's files disagree now and then
SURNAMES = 2_016
COMPANY = 5710
CONSONANTS, VOWELS = "BCDFGLMNPRSTV", "AEIOU"
UNIX_EPOCH = 719_163  # the ordinal of 1970-01-01, from which polars counts days
Draw = np.random.Generator


def practitioners(country: Country, draw: Draw, first: int, count: int) -> Iterator[pl.DataFrame]:
    """Natural persons in a health profession, in batches of `UNIT` rows; SIREN from rank `first` on."""
    for start in range(0, count, BATCH):
        yield people_of(country, draw, first + start, min(BATCH, count - start), PRACTICES, persons=1.0)


def others(country: Country, draw: Draw, first: int, count: int) -> Iterator[pl.DataFrame]:
    """Persons and companies out of our scope: the pipeline must leave them out."""
    for start in range(0, count, BATCH):
        yield people_of(country, draw, first + start, min(BATCH, count - start), OTHER_TRADES, persons=0.5)


def people_of(
    country: Country, draw: Draw, first: int, count: int, trades: tuple[tuple[str, int], ...], *, persons: float
) -> pl.DataFrame:
    """So many units of these trades, SIREN from rank `first` on; `persons`: the share of them that are no company."""
    siren = [demo_siren(rank) for rank in range(first, first + count)]
    is_person = draw.random(count) < persons
    frame = pl.DataFrame({"siren": siren, "siret": [demo_siret(each, 1) for each in siren]}).with_columns(
        *_names(draw, is_person),
        *addresses(country, draw, count),
        *_states(country, draw, count),
        event=_events(draw, count),
        categorie_juridique=pl.Series(np.where(is_person, NATURAL_PERSON, COMPANY)),
        head=pl.lit(True),
        head_nic=pl.col("siret").str.slice(9),
        box=pl.lit(None, pl.String),
        successor=pl.lit(None, pl.String),
        duplicate_of=pl.lit(None, pl.String),
    )
    told = frame.with_columns(*_activities(draw, count, trades), since="created", event=_possible())
    marked = told.with_columns(_marks(range(first, first + count)))
    return completed(marked.select(UNIT.names()).cast(UNIT))


def _events(draw: Draw, count: int) -> pl.Series:
    """Two draws: of those whom anyone may see, and of the masked."""
    free, masked = draw_events(draw, count), draw_events(draw, count, masked=True)
    return pl.Series([{"free": one, "masked": other} for one, other in zip(free, masked, strict=True)])


def _possible() -> pl.Expr:
    """The event drawn for one of its status; nothing happens to the closed, nor to those whom the files tell two ways."""
    event, free = pl.col("event").struct, pl.col("diffusion") == "O"
    agree = pl.col("diffusion") == pl.col("unit_diffusion")
    return pl.when(pl.col("open") & agree).then(pl.when(free).then(event["free"]).otherwise(event["masked"]))


def _activities(draw: Draw, count: int, trades: tuple[tuple[str, int], ...]) -> list[pl.Series | pl.Expr]:
    """In both nomenclatures."""
    naf = _weighted(draw, count, trades)
    finer: pl.Expr = pl.lit(None, pl.String)
    for split, shares in SPLITS.items():
        finer = (
            pl.when(pl.lit(naf) == split).then(pl.lit(_weighted(draw, count, tuple(shares.items())))).otherwise(finer)
        )
    usual = pl.select(naf=naf).select(naf25("naf")).to_series()
    return [naf.alias("naf"), pl.coalesce(finer, pl.lit(usual)).alias("naf25")]


def _marks(ranks: range) -> list[pl.Expr]:
    """Names and streets that nobody else has, of the masked and of those who will be: found anywhere else, they prove a leak."""
    own = pl.Series([_word(rank) for rank in ranks])
    asked = (pl.col("diffusion") == "P") | (pl.col("unit_diffusion") == "P") | pl.col("event").is_in(TURNED_P)
    asked = asked.fill_null(False)
    return [
        pl.when(asked).then(pl.col("surname") + pl.lit("-") + own).otherwise("surname").alias("surname"),
        pl.when(asked).then(pl.lit("DU CLOS ") + own).otherwise("street_name").alias("street_name"),
    ]


def _word(rank: int) -> str:
    """A word of five syllables of its own for each rank: BABABACODU."""
    syllables = []
    for _ in range(5):
        rank, which = divmod(rank, len(CONSONANTS) * len(VOWELS))
        syllables.append(CONSONANTS[which // len(VOWELS)] + VOWELS[which % len(VOWELS)])
    return "".join(reversed(syllables))


def _names(draw: Draw, is_person: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[pl.Series]:
    count = len(is_person)
    woman = draw.random(count) < 0.57
    first = np.where(woman, draw.choice(words.FIRST_NAMES["F"], count), draw.choice(words.FIRST_NAMES["M"], count))
    surnames = np.array([surname(rank) for rank in range(SURNAMES)])
    born, married = draw.choice(surnames, count), draw.choice(surnames, count)
    married_too = is_person & woman & (draw.random(count) < 0.15)
    company = np.char.add(
        "SAS ", np.array([capitals(name) for name in words.NAMED])[draw.integers(len(words.NAMED), size=count)]
    )
    cabinet = np.char.add("CABINET ", born)
    return [
        _where(is_person, np.where(woman, "F", "M"), "sex"),
        _where(is_person, first, "first_name"),
        _where(is_person, born, "surname"),
        _where(married_too, married, "married_name"),
        _where(~is_person, company, "denomination"),
        _where(is_person & (draw.random(count) < 0.05), cabinet, "sign"),
        _where(is_person & (draw.random(count) < 0.03), cabinet, "usual_name"),
    ]


def addresses(country: Country, draw: Draw, count: int, near: Indices | None = None) -> list[pl.Series]:
    """Some at the door of the one before; each alone when it is to be near a place of its own."""
    places = country.places
    site = _doors(draw, count) if near is None else np.arange(count)
    where = places.draw(draw, count)[site] if near is None else places.draw_near(draw, near)
    lon, lat = (axis[site] for axis in places.points(draw, where))
    kinds = np.array([STREET_WORDS[code] for code, _, _ in words.STREET_KINDS])
    weights = np.array([weight for _, _, weight in words.STREET_KINDS], dtype=float)
    streets = np.array([capitals(name) for name in words.OF_SOMETHING])
    number = (1 + 150 * draw.random(count) ** 2).astype(int).astype(str)[site]
    return [
        pl.Series("commune", [places.communes[index].code for index in where]),
        pl.Series("place", where),
        pl.Series("town", [postal_name(places.communes[index].name) for index in where]),
        pl.Series("postcode", [places.communes[index].postcodes[0] for index in where]),
        pl.Series("lon", lon),
        pl.Series("lat", lat),
        pl.Series("number", number),
        pl.Series("street_kind", draw.choice(kinds, count, p=weights / weights.sum())[site]),
        pl.Series("street_name", draw.choice(streets, count)[site]),
        _where(draw.random(count) < 0.04, draw.choice(["B", "BIS", "T", "A"], count)[site], "repetition"),
        _where(draw.random(count) < 0.06, draw.choice(words.INSIDE, count), "inside"),
    ]


def _states(country: Country, draw: Draw, count: int) -> list[pl.Series]:
    closed = draw.random(count) < CLOSED
    days = FIRST_DAY + ((country.today - FIRST_DAY - 60) * draw.random(count) ** 0.4).astype(np.int32)
    chance: Floats = draw.random(count)
    here = chance < HIDDEN + ONLY_HERE
    unit = (chance < HIDDEN) | ((chance >= HIDDEN + ONLY_HERE) & (chance < HIDDEN + ONLY_HERE + ONLY_UNIT))
    return [
        pl.Series("open", ~closed),
        pl.Series("unit_open", ~(closed & (draw.random(count) < CEASED))),
        pl.Series("created", days - UNIX_EPOCH).cast(pl.Int32).cast(pl.Date),
        pl.Series("diffusion", np.where(here, "P", "O")),
        pl.Series("unit_diffusion", np.where(unit, "P", "O")),
    ]


def _doors(draw: Draw, count: int) -> Indices:
    """For each rank, the rank whose address it has: its own, or an earlier one."""
    ranks = np.arange(count)
    own = draw.random(count) >= SAME_DOOR
    own[:1] = True
    return np.maximum.accumulate(np.where(own, ranks, 0))


def _weighted(draw: Draw, count: int, trades: tuple[tuple[str, int], ...]) -> pl.Series:
    weights = np.array([weight for _, weight in trades], dtype=float)
    return pl.Series(draw.choice([naf for naf, _ in trades], count, p=weights / weights.sum()))


def _where(
    wanted: np.ndarray[tuple[int], np.dtype[np.bool_]], values: np.ndarray[tuple[int], np.dtype[np.str_]], name: str
) -> pl.Series:
    return pl.select(pl.when(pl.Series(wanted)).then(pl.Series(values)).alias(name)).to_series()
