"""SIRENE's stock of the same country: FINESS's units, practitioners, everybody else; masked where INSEE masks."""

from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from etl.demo.api import Pages
from etl.demo.ban import AddressFile
from etl.demo.country import Country
from etl.demo.events import OPENS, SHOWN, TURNED_P
from etl.demo.facts import Entity
from etl.demo.masks import mask_positions, mask_stock, mask_units
from etl.demo.moves import moved_on, openings, with_pasts
from etl.demo.parts import Parts
from etl.demo.people import others, practitioners
from etl.demo.ranges import demo_siren, demo_siret
from etl.demo.sirene_entities import units_of_entities
from etl.demo.sirene_layout import POSITIONS, POSITIONS_NAME, STOCK, STOCK_NAME, UNITS, UNITS_NAME
from etl.demo.sirene_rows import position_rows, stock_rows
from etl.demo.sirene_units import completed, unit_rows
from etl.demo.successions import Successions
from etl.demo.truth import Truth

PRACTITIONERS, OTHERS, OPENINGS = 1.5, 0.5, 0.015  # per FINESS establishment
NUMBERED_TWICE = 0.004  # of open practitioners: two SIREN, both active
WITHOUT_POSITION = 0.11
# Quality of INSEE's point: how often, and how far (m) it is from the true one; 33 is anywhere in the commune (§ 2.6).
QUALITIES = {"11": (0.724, 5.0), "12": (0.181, 80.0), "21": (0.019, 40.0), "22": (0.02, 150.0), "33": (0.056, 0.0)}
Draw = np.random.Generator


class SireneFiles(msgspec.Struct, frozen=True):
    """Where SIRENE's stock was written."""

    establishments: Path
    units: Path
    positions: Path
    successions: Path
    duplicates: Path

    def all(self) -> tuple[Path, Path, Path, Path, Path]:
        """In the order of the fields."""
        return self.establishments, self.units, self.positions, self.successions, self.duplicates


class Stock:
    """Receives true units some at a time and writes what INSEE would publish of them, sorted by SIRET as they come."""

    def __init__(
        self, country: Country, out: Path, seed: int, today: date, addresses: AddressFile | None = None
    ) -> None:
        self._country, self._today, self._addresses = country, today, addresses
        self._draw = np.random.default_rng([seed, 2])
        self._stock = Parts(out / STOCK_NAME, STOCK)
        self._units = Parts(out / UNITS_NAME, UNITS)
        self._positions = Parts(out / POSITIONS_NAME, POSITIONS)
        self._successions = Successions(out, today)
        self._pages = Pages(out, today)
        self._later: list[pl.DataFrame] = []  # buyers and duplicates: their SIREN come after all entities'
        self._size = int(country.plan.sizes.sum())

    def add_entities(self, entities: list[Entity], truth: Truth) -> None:
        """The units behind FINESS's entities and establishments."""
        units = units_of_entities(entities, self._draw, self._today.toordinal())
        truth.add_frame(_true(units.filter(pl.col("successor").is_not_null() | pl.col("duplicate_of").is_not_null())))
        own = pl.col("siren") < demo_siren(self._country.entity_count)
        self._publish(units.filter(own))
        self._later.append(units.filter(~own))

    def finish(self, truth: Truth) -> tuple[SireneFiles, tuple[Path, ...]]:
        """Adds those whom FINESS does not have, and closes the files: the stock, and the API's pages."""
        if self._later:
            self._publish(pl.concat(self._later).sort("siret"))
        rank, practices, trades = (
            self._country.sirens_taken,
            round(self._size * PRACTITIONERS),
            round(self._size * OTHERS),
        )
        twins: list[pl.DataFrame] = []
        for persons in practitioners(self._country, self._draw, rank, practices):
            people = with_pasts(self._country, self._draw, persons)
            self._add(people, truth)
            twins.append(self._some_of(people))
        for units in others(self._country, self._draw, rank + practices, trades):
            self._add(with_pasts(self._country, self._draw, units), truth)
        rank += practices + trades
        rank += self._add(_numbered_again(twins, rank), truth)
        self._open(openings(self._country, self._draw, rank, max(3, round(self._size * OPENINGS))), truth)
        files = SireneFiles(
            self._stock.finish(), self._units.finish(), self._positions.finish(), *self._successions.finish()
        )
        return files, self._pages.finish()

    def _add(self, units: pl.DataFrame, truth: Truth) -> int:
        self._publish(units)
        truth.add_frame(_true(units))
        if (arrived := moved_on(self._country, self._draw, units)).height:
            self._open(arrived, truth)
        return units.height

    def _publish(self, units: pl.DataFrame) -> None:
        placed, stock, legal = self._rows(units)
        self._stock.add(mask_stock(stock))
        self._units.add(mask_units(legal))
        chosen = pl.Series(self._draw.random(len(placed)) >= WITHOUT_POSITION)
        self._positions.add(mask_positions(position_rows(placed.filter(chosen))))
        self._successions.add(units, self._draw)
        self._pages.add(stock, legal, units, self._draw)

    def _open(self, units: pl.DataFrame, truth: Truth) -> None:
        """In the pages only."""
        _, stock, legal = self._rows(units)
        self._pages.add(stock, legal, units, self._draw)
        truth.add_frame(_true(units))

    def _rows(self, units: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        if self._addresses:
            self._addresses.add_units(units)
        placed = self._placed(units)
        return placed, stock_rows(placed, self._draw, self._today), unit_rows(units, self._draw, self._today)

    def _some_of(self, people: pl.DataFrame) -> pl.DataFrame:
        """Those who have a second SIREN: open, of whom nothing else is told."""
        quiet = (
            pl.col("open")
            & (pl.col("diffusion") == "O")
            & (pl.col("unit_diffusion") == "O")
            & pl.col("event").is_null()
        )
        chosen = pl.Series(self._draw.random(len(people)) < NUMBERED_TWICE)
        return people.filter(quiet & chosen)

    def _placed(self, units: pl.DataFrame) -> pl.DataFrame:
        """Adds INSEE's point and its quality."""
        draw, places, where = self._draw, self._country.places, units["place"].to_numpy()
        shares = [share for share, _ in QUALITIES.values()]
        quality = draw.choice(len(shares), len(units), p=np.array(shares) / sum(shares))
        metres = np.array([metres for _, metres in QUALITIES.values()])[quality]
        lon, lat = places.scatter(draw, (units["lon"].to_numpy(), units["lat"].to_numpy()), metres)
        anywhere = places.points(draw, where)
        lost = quality == list(QUALITIES).index("33")
        lon, lat = np.where(lost, anywhere[0], lon), np.where(lost, anywhere[1], lat)
        east, north = places.project(where, (lon, lat))
        return units.with_columns(
            quality=pl.Series(np.array(list(QUALITIES))[quality]),
            insee_lon=pl.Series(lon),
            insee_lat=pl.Series(lat),
            east=pl.Series(east.round(2)),
            north=pl.Series(north.round(2)),
            epsg=pl.Series(places.epsg[where]).cast(pl.String),
            distance=pl.Series(np.where(quality == 0, 0.0, (metres * 2).round())),
        )


def _numbered_again(people: list[pl.DataFrame], rank: int) -> pl.DataFrame:
    """The same people under SIREN from this rank on."""
    again = pl.concat(people)
    siren = [demo_siren(each) for each in range(rank, rank + again.height)]
    siret = pl.Series("siret", [demo_siret(each, 1) for each in siren], pl.String)
    renumbered = again.with_columns(
        pl.Series("siren", siren, pl.String), siret, duplicate_of="siret", head_nic=siret.str.slice(9)
    )
    return completed(renumbered)


def _true(units: pl.DataFrame) -> pl.DataFrame:
    """What the truth file keeps of units that FINESS does not have."""
    hidden = (pl.col("diffusion") == "P") | (pl.col("unit_diffusion") == "P")
    opens, event = pl.col("event").eq_missing(OPENS), pl.col("event")
    after = event.is_in(TURNED_P).fill_null(False) | (hidden & event.ne_missing(SHOWN))
    person = pl.concat_str("first_name", "surname", separator=" ")
    return units.select(
        "siret", "commune", "lon", "lat", "successor", "duplicate_of", "event",
        open=pl.col("open") & ~opens,
        name=pl.coalesce("denomination", person),
        street=pl.concat_str("number", "street_kind", "street_name", separator=" "),
        diffusion=pl.when(~opens).then(pl.when(hidden).then(pl.lit("P")).otherwise(pl.lit("O"))),
        diffusion_after=pl.when(after).then(pl.lit("P")).otherwise(pl.lit("O")),
    )  # fmt: skip
