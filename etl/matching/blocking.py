"""Which pairs are worth comparing: of one commune, sharing a legal unit, an address, a rare word or a point."""

import polars as pl

from etl.matching.places import distance_m
from etl.matching.shapes import PAIR
from etl.matching.weights import BLOCK_M, RARE

CELL = BLOCK_M / 111_000  # degrees of latitude; of longitude, in France, 150 m are up to 0.0021°
CELL_LON = CELL / 0.62  # at Dunkerque, the northernmost: cos 51.1°


def candidate_pairs(
    ege: pl.DataFrame, searching: pl.DataFrame, pool: pl.DataFrame, names: tuple[pl.DataFrame, pl.DataFrame]
) -> pl.DataFrame:
    """Pairs (finess, siret) of one partition; siblings for every EGE, the rest for those that search."""
    found = [
        _sharing(ege, pool, ["town", "unit"]),
        _sharing(searching, pool, ["town", "house", "way"]),
        _sharing_words(searching, pool, *names),
        _near(searching, pool),
    ]
    return pl.concat(found).unique().sort(PAIR)


def _sharing(ege: pl.DataFrame, pool: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    return ege.join(pool, on=keys).select(PAIR)


def _sharing_words(
    ege: pl.DataFrame, pool: pl.DataFrame, of_ege: pl.DataFrame, of_sirene: pl.DataFrame
) -> pl.DataFrame:
    """By words that few of the commune have: a proper name, mostly."""
    ours, theirs = _words(ege, of_ege, "finess"), _words(pool, of_sirene, "siret")
    rare = theirs.filter(pl.len().over("town", "word") <= RARE)
    return ours.join(rare, on=["town", "word"]).select(PAIR)


def _words(rows: pl.DataFrame, names: pl.DataFrame, owner: str) -> pl.DataFrame:
    cores = names.join(rows.select(owner, "town"), on=owner).drop_nulls("core")
    words = cores.select(owner, "town", word=pl.col("core").str.split(" ")).explode("word", empty_as_null=True)
    return words.filter(pl.col("word").str.len_chars() > 2).unique()


def _near(ege: pl.DataFrame, pool: pl.DataFrame) -> pl.DataFrame:
    """By a grid of cells as large as the reach, each with its eight neighbours."""
    ours = _cells(ege).select("finess", "town", "lon", "lat", "column", "row")
    around = pl.DataFrame({"dx": [-1, 0, 1]}).join(pl.DataFrame({"dy": [-1, 0, 1]}), how="cross")
    reached = ours.join(around, how="cross").with_columns(
        column=pl.col("column") + pl.col("dx"), row=pl.col("row") + pl.col("dy")
    )
    theirs = _cells(pool).select("siret", "town", "lon", "lat", "column", "row")
    met = reached.join(theirs, on=["town", "column", "row"])
    return met.filter(distance_m() <= BLOCK_M).select(PAIR)


def _cells(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter("good").with_columns(
        column=(pl.col("lon") / CELL_LON).floor().cast(pl.Int64), row=(pl.col("lat") / CELL).floor().cast(pl.Int64)
    )
