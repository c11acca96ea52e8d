"""Communes and points in the form they are compared in."""

import polars as pl

from etl.matching.weights import GOOD_PRECISION, GOOD_QUALITY
from geo.communes import communes, current_code
from geo.position import EARTH_RADIUS_M

TOWN = pl.Schema(dict.fromkeys(("commune", "town", "arrondissement", "departement"), pl.String))
NOWHERE = ""  # the département of a commune that nobody knows


def with_town(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `town`: today's commune, Paris, Lyon and Marseille whole; `arrondissement` when the code tells it; `departement`."""
    codes = frame["commune"].drop_nulls().unique().sort()
    known = pl.DataFrame([(code, *_town(code)) for code in codes], schema=TOWN, orient="row")
    return frame.join(known, on="commune", how="left", maintain_order="left").with_columns(
        pl.col("departement").fill_null(NOWHERE)
    )


def _town(code: str) -> tuple[str | None, str | None, str]:
    today = communes().get(current_code(code) or "")
    if today is None:
        return None, None, NOWHERE
    return today.parent or today.code, today.code if today.parent else None, today.departement


def good_point(precision: pl.Expr, *, finess: bool) -> pl.Expr:
    """Whether a point stands at the very address."""
    return precision.is_in(GOOD_PRECISION if finess else GOOD_QUALITY).fill_null(False)


def distance_m() -> pl.Expr:
    """Between (lon, lat) and (lon_right, lat_right), on the sphere: the haversine."""
    lat, lat_right = pl.col("lat").radians(), pl.col("lat_right").radians()
    across = (pl.col("lon_right") - pl.col("lon")).radians()
    half = ((lat_right - lat) / 2).sin() ** 2 + lat.cos() * lat_right.cos() * (across / 2).sin() ** 2
    return 2 * EARTH_RADIUS_M * half.sqrt().arcsin()
