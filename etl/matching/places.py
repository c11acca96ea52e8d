"""Communes and points in the form they are compared in."""

import polars as pl

from etl.matching.weights import GOOD_PRECISION, GOOD_QUALITY
from geo.communes import communes, current_code
from geo.position import EARTH_RADIUS_M


def with_town(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `town`, today's commune with Paris, Lyon and Marseille whole, and `arrondissement` when the code tells it."""
    codes = frame["commune"].drop_nulls().unique().sort()
    today = [current_code(code) for code in codes]
    parents = [communes()[code].parent if code else None for code in today]
    known = pl.DataFrame(
        {
            "commune": codes,
            "town": [parent or code for parent, code in zip(parents, today, strict=True)],
            "arrondissement": [code if parent else None for parent, code in zip(parents, today, strict=True)],
        },
        schema={"commune": pl.String, "town": pl.String, "arrondissement": pl.String},
    )
    return frame.join(known, on="commune", how="left", maintain_order="left")


def departement(town: str) -> pl.Expr:
    """The département of a column of communes; communes unknown to all are one of their own."""
    code = pl.col(town)
    return pl.when(code.str.starts_with("97")).then(code.str.slice(0, 3)).otherwise(code.str.slice(0, 2)).fill_null("")


def good_point(precision: pl.Expr, *, finess: bool) -> pl.Expr:
    """Whether a point stands at the very address."""
    return precision.is_in(GOOD_PRECISION if finess else GOOD_QUALITY).fill_null(False)


def distance_m() -> pl.Expr:
    """Between (lon, lat) and (lon_right, lat_right), on the sphere: the haversine."""
    lat, lat_right = pl.col("lat").radians(), pl.col("lat_right").radians()
    across = (pl.col("lon_right") - pl.col("lon")).radians()
    half = ((lat_right - lat) / 2).sin() ** 2 + lat.cos() * lat_right.cos() * (across / 2).sin() ** 2
    return 2 * EARTH_RADIUS_M * half.sqrt().arcsin()
