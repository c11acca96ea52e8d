"""Units whom FINESS does not have that change places: those who did before the stock, who do and who begin after it."""

from datetime import date

import numpy as np
import polars as pl

from etl.demo.country import Country
from etl.demo.events import MOVES, OPENS
from etl.demo.people import UNIX_EPOCH, addresses, people_of
from etl.demo.ranges import demo_siret
from etl.demo.sirene_units import UNIT, completed
from etl.demo.trades import OTHER_TRADES, PRACTICES

MOVED = 0.02  # of the open ones: they were in another commune before, under another SIRET
SETTLED = 500  # days since they began, at least, of those who moved
Draw = np.random.Generator


def openings(country: Country, draw: Draw, first: int, count: int) -> pl.DataFrame:
    """Those who begin after the stock: two practitioners for one of another trade, some masked from their first day."""
    others = count // 3
    practices = people_of(country, draw, first, count - others, PRACTICES, persons=1.0)
    trades = people_of(country, draw, first + count - others, others, OTHER_TRADES, persons=0.5)
    begins = pl.date(*_ymd(country.today - 2))
    return pl.concat([practices, trades]).with_columns(
        open=True, unit_open=True, created=begins, since=begins, event=pl.lit(OPENS)
    )


def moved_on(country: Country, draw: Draw, units: pl.DataFrame) -> pl.DataFrame:
    """The new establishments of those who move after the stock: the same unit in another commune of the département."""
    movers = units.filter(pl.col("event") == MOVES)
    begins = pl.date(*_ymd(country.today - 2))
    here = _elsewhere(country, draw, movers).with_columns(created=begins, since=begins, event=pl.lit(OPENS))
    return completed(_renumbered(here, 2).select(UNIT.names()).cast(UNIT))


def with_pasts(country: Country, draw: Draw, people: pl.DataFrame) -> pl.DataFrame:
    """Some were elsewhere before: closed there, number 2 here."""
    settled = pl.col("created").cast(pl.Int32) < country.today - UNIX_EPOCH - SETTLED
    quiet = pl.col("event").is_null() & (pl.col("diffusion") == "O") & (pl.col("unit_diffusion") == "O")
    chosen = pl.Series(draw.random(len(people)) < MOVED) & people.select(settled & quiet & pl.col("open")).to_series()
    here = people.filter(chosen)
    days = here["created"].cast(pl.Int32)
    moved = (days + (draw.random(len(here)) * (country.today - UNIX_EPOCH - 60 - days))).cast(pl.Int32).cast(pl.Date)
    now = _renumbered(here.with_columns(created=moved, since=moved), 2)
    before = _elsewhere(country, draw, here).with_columns(
        since=moved, open=False, head=False, head_nic=now["head_nic"], successor=now["siret"]
    )
    rows = pl.concat([each.select(UNIT.names()).cast(UNIT) for each in (people.filter(~chosen), before, now)])
    return completed(rows.sort("siret"))


def _renumbered(units: pl.DataFrame, rank: int) -> pl.DataFrame:
    """With their unit's establishment of this rank as head office."""
    siret = pl.Series("siret", [demo_siret(siren, rank) for siren in units["siren"]], pl.String)
    return units.with_columns(siret, siret.str.slice(9).alias("head_nic"), head=True)


def _elsewhere(country: Country, draw: Draw, units: pl.DataFrame) -> pl.DataFrame:
    """At an address of another commune of the département, or of the same one where it has no other."""
    return units.with_columns(addresses(country, draw, len(units), units["place"].to_numpy()))


def _ymd(day: int) -> tuple[int, int, int]:
    found = date.fromordinal(day)
    return found.year, found.month, found.day
