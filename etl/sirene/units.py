"""Legal units that changed, seen from our establishments: Insee treats the one without the others."""

from collections.abc import Collection

import polars as pl
from sqlalchemy import Connection, text

from etl.sirene.diffusion import OF_THE_UNIT
from etl.sirene.records import open_frame
from etl.sirene.rows import LAST_MICROSECOND
from geo.sirene import KIND


def establishments_of(connection: Connection, units: pl.DataFrame, but_of: Collection[str] = ()) -> pl.DataFrame:
    """Rows of OPEN for what these legal units change in what we know.

    `units`: of `diffusion.told_of_units`, and `treated_now`, when each was treated. `but_of`: SIRET that are told by themselves,
    their legal unit included.
    """
    known = known_rows(connection, RECORDS_OF_UNITS, units["siren"].to_list())
    told = known.filter(~pl.col("siret").is_in(list(but_of))).join(units, on="siren", suffix="_now")
    ceases = pl.col("active") & ~pl.col("active_now")
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in OF_THE_UNIT)
    return (
        told.filter(ceases | changes)
        .with_columns(pl.col(f"{name}_now").alias(name) for name in OF_THE_UNIT)
        .with_columns(closed(ceases), treated_at=by_the_unit_alone(pl.col("treated_now")))
        .select(known.columns)
    )


def by_the_unit_alone(treated: pl.Expr) -> pl.Expr:
    """The moment, in its second's last microsecond, which no entry of Insee's has: nothing was said of the establishment itself.

    So a stock that masks it is heard, however old (`withheld.TREATED_AFTER`).
    """
    return treated.dt.truncate("1s") + pl.duration(microseconds=LAST_MICROSECOND)


def closed(where: pl.Expr) -> list[pl.Expr]:
    """`active` and `since` of rows that close there, on a day that nobody gives: the period under way began long before."""
    return [(pl.col("active") & ~where).alias("active"), pl.when(~where).then("since").alias("since")]


def known_rows(connection: Connection, statement: str, numbers: list[str]) -> pl.DataFrame:
    """Rows of OPEN as we know them."""
    return open_frame(connection.execute(text(statement), {"numbers": numbers, "kind": KIND}).scalars())


# By sirene_establishment_siren_idx, then source_record_current_idx, one probe a number.
RECORDS_OF_UNITS = """
SELECT r.record
FROM sirene_establishment AS e
JOIN source_record AS r ON r.kind = :kind AND r.key = e.siret AND r.valid_to IS NULL
WHERE e.siren = ANY (:numbers)
ORDER BY r.key
"""
RECORDS = """
SELECT record FROM source_record WHERE kind = :kind AND key = ANY (:numbers) AND valid_to IS NULL ORDER BY key
"""
