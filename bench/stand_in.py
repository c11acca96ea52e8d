"""A stand-in for the BAN where it cannot be had: addresses of SIRENE's establishments that Insee places at their door or street.

Only to measure with. It knows no address where nobody of the stock is, and its points are Insee's, which came from the BAN.
An establishment must not find itself: leave out the SIRET of those whose addresses are going to be asked.
"""

from collections.abc import Collection
from pathlib import Path

import msgspec
import polars as pl

from etl.demo.ban import Streets, write
from etl.sirene.addresses import REPETITIONS
from geo.addresses import STREET_KINDS
from geo.communes import communes

AT_THE_DOOR, IN_THE_STREET = "11", "12"  # qualite_xy: sure street, and sure number or any (DATA-FACTS § 2.6)
HIDDEN = "[ND]"


class StandIn(msgspec.Struct, frozen=True):
    """What was written."""

    path: Path
    streets: int
    numbers: int


def stand_in(establishments: Path, positions: Path, target: Path, leave_out: Collection[str] = ()) -> StandIn:
    """The file that addok indexes, of StockEtablissement and its positions; an address of several is at their median."""
    points = _addresses(establishments, positions, leave_out).collect(engine="streaming")
    known: dict[str, Streets] = {code: {} for code in communes()}  # the BAN has them all
    for code, kind, name, number, lon, lat in points.iter_rows():
        if code in known:
            known[code].setdefault((kind, name), {})[number] = (lon, lat)
    streets = [numbers for of_commune in known.values() for numbers in of_commune.values()]
    numbers = sum(number is not None for of_street in streets for number in of_street)
    return StandIn(write(target, known), len(streets), numbers)


def _addresses(establishments: Path, positions: Path, leave_out: Collection[str]) -> pl.LazyFrame:
    """A row for each number of a street, and one without number for those that are only placed in it."""
    placed = pl.scan_parquet(positions).filter(pl.col("qualite_xy").is_in([AT_THE_DOOR, IN_THE_STREET]))
    others = pl.LazyFrame({"siret": list(leave_out)}, schema={"siret": pl.String})
    told = pl.scan_parquet(establishments).filter(
        pl.col("libelleVoieEtablissement") != HIDDEN, pl.col("codeCommuneEtablissement") != HIDDEN
    )
    number = pl.when(pl.col("qualite_xy") == AT_THE_DOOR).then(_number())
    return (
        told.join(others, on="siret", how="anti")
        .join(placed, on="siret")
        .group_by(
            commune="codeCommuneEtablissement",
            kind=pl.col("typeVoieEtablissement").replace(STREET_KINDS),
            name="libelleVoieEtablissement",
            number=number,
        )
        .agg(lon=_degrees("x_longitude"), lat=_degrees("y_latitude"))
        .sort("commune", "kind", "name", "number")
    )


def _number() -> pl.Expr:
    digits = pl.col("numeroVoieEtablissement").str.extract(r"^0*([1-9]\d{0,3})$")
    letter = pl.col("indiceRepetitionEtablissement").str.to_uppercase()
    return pl.concat_str(digits, letter.replace(REPETITIONS).str.to_lowercase().fill_null(""))


def _degrees(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64).median().round(6)
