"""What is to be said of the SIRET that FINESS declares, before any word is compared."""

import polars as pl

from etl.matching.words import by_word
from geo.errors import InvalidIdentifier
from geo.identifiers import Siret, compact

FORM = r"^\d{14}$"


def declared_findings(ege: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """A row per EGE that declares something: finess, siret, checks, masked, confirmed, shared.

    `ege` has its town, unit and place; `known`: siret, unit, town, active, masked of every establishment of SIRENE.
    """
    declaring = ege.filter(pl.col("declared").str.strip_chars() != "")
    return (
        declaring.with_columns(siret=by_word(declaring["declared"], _number))
        .with_columns(key=by_word(pl.Series("key", declaring["declared"]), _number_with_its_key).is_not_null())
        .join(known.with_columns(present=True), on="siret", how="left", maintain_order="left", suffix="_known")
        .with_columns(pl.col("present", "masked").fill_null(False))
        .pipe(_check)
        .pipe(_share)
        .select("finess", "siret", "checks", "masked", "confirmed", "shared")
    )


def _check(frame: pl.DataFrame) -> pl.DataFrame:
    """`confirmed`: nothing stands against it, and its commune is the one of the EGE."""
    well_formed, present = pl.col("declared").str.contains(FORM), pl.col("present")
    closed = present & ~pl.col("active") & pl.col("open")  # both closed: they agree
    away = (pl.col("town") != pl.col("town_known")).fill_null(False)
    foreign = (pl.col("unit") != pl.col("unit_known")).fill_null(False)
    findings = {
        "forme": ~well_formed,
        "cle": pl.col("siret").str.contains(FORM) & ~pl.col("key"),
        "absent": ~present,
        "masque": pl.col("masked"),
        "ferme": closed,
        "autre_commune": away,
        "autre_siren": foreign,
    }
    said = [pl.when(found).then(pl.lit(code)) for code, found in findings.items()]
    here = (pl.col("town") == pl.col("town_known")).fill_null(False)
    return frame.with_columns(
        checks=pl.concat_list(said).list.drop_nulls(), confirmed=present & pl.col("key") & ~closed & here
    )


def _share(frame: pl.DataFrame) -> pl.DataFrame:
    """`shared`: named from several addresses, so that the SIRET proves none of them by itself."""
    place = pl.struct("town", "house", "way")
    return frame.with_columns(shared=place.n_unique().over("siret") > 1)


def _number(declared: str) -> str:
    """Fourteen digits without the spaces typed among them; what has not that form stays as published."""
    number = compact(declared)
    return number if len(number) == 14 and number.isascii() and number.isdigit() else declared.strip()


def _number_with_its_key(declared: str) -> str:
    try:
        return Siret.parse(declared)
    except InvalidIdentifier:
        return ""
