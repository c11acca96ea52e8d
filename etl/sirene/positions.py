"""Where an open establishment is: Insee's point when its quality, its territory, its commune and its Lambert pair agree."""

import numpy as np
import polars as pl

from etl.cleaning import decimal
from etl.placing import far_from_commune
from geo.position import EARTH_RADIUS_M, PositionSource, Precision
from geo.projections import to_wgs84
from geo.territories import territory_of

# qualite_xy (DATA-FACTS § 2.6): sure street with its number, or anywhere along it; then the same of a street that is only likely.
# 33 is anywhere in the commune: the producer advises against it.
PRECISION = {
    "11": Precision.HOUSENUMBER.value,
    "12": Precision.STREET.value,
    "21": Precision.STREET.value,
    "22": Precision.STREET.value,
}
NOWHERE_IN_PARTICULAR = "33"
FARTHEST_LAMBERT_M = (
    500  # Insee's two points of one establishment are 20 m apart at the median: beyond, one of them is wrong
)


def locate(found: pl.DataFrame) -> pl.DataFrame:
    """Of rows of OPEN with their commune (etl.placing): lon and lat, null when refused; precision, source, why (`placing`)."""
    projected = found.join(_territories(found), on="commune", how="left", maintain_order="left").pipe(_project)
    judged = projected.with_columns(placing=_placing())
    by_file, by_lambert = pl.col("placing") == "placees_par_insee", pl.col("placing") == "placees_par_lambert"
    return judged.with_columns(
        lon=pl.when(by_file).then("lon").when(by_lambert).then("lambert_lon"),
        lat=pl.when(by_file).then("lat").when(by_lambert).then("lambert_lat"),
        precision=pl.when(by_file).then(pl.col("quality").replace_strict(PRECISION, default=None, return_dtype=pl.String))
        .when(by_lambert).then(pl.lit(Precision.STREET.value)),
        position_source=pl.when(by_file | by_lambert).then(pl.lit(PositionSource.INSEE.value)),
    )  # fmt: skip


def fall_back_on_commune_centre(located: pl.DataFrame) -> pl.DataFrame:
    """Those without a point stand at the centre of their commune, and say so."""
    by_commune = pl.col("lon").is_null() & pl.col("commune_lon").is_not_null()
    return located.with_columns(
        lon=pl.coalesce("lon", "commune_lon"),
        lat=pl.coalesce("lat", "commune_lat"),
        precision=pl.when(by_commune).then(pl.lit(Precision.COMMUNE.value))
        .otherwise(pl.coalesce("precision", pl.lit(Precision.NONE.value))),
        position_source=pl.when(by_commune).then(pl.lit(PositionSource.COMMUNE.value)).otherwise("position_source"),
    )  # fmt: skip


def noticed(located: pl.DataFrame) -> dict[str, int]:
    """How many were placed, or refused for which reason."""
    return {
        f"positions_{reason}": count for reason, count in located["placing"].value_counts().sort("placing").iter_rows()
    }


def _placing() -> pl.Expr:
    """The first reason that holds; the file's point first, the Lambert pair of the stock for want of it."""
    has_point = pl.col("lon").is_not_null() & pl.col("lat").is_not_null()
    return (
        pl.when(pl.col("min_lon").is_null()).then(pl.lit("commune_inconnue"))
        .when(pl.col("quality") == NOWHERE_IN_PARTICULAR).then(pl.lit("voie_inconnue"))
        .when(~has_point & _in_box("lambert_lon", "lambert_lat")).then(pl.lit("placees_par_lambert"))
        .when(~has_point).then(pl.lit("absentes"))
        .when(~pl.col("quality").is_in(list(PRECISION)).fill_null(False)).then(pl.lit("qualite_inconnue"))
        .when(~_in_territory()).then(pl.lit("hors_du_territoire"))
        .when(far_from_commune()).then(pl.lit("hors_de_la_commune"))
        .when((_lambert_distance() > FARTHEST_LAMBERT_M).fill_null(False)).then(pl.lit("contredites_par_lambert"))
        .otherwise(pl.lit("placees_par_insee"))
    )  # fmt: skip


def _in_box(lon: str, lat: str) -> pl.Expr:
    """In the commune's own box: a pair whose quality nobody tells has no margin."""
    inside = pl.col(lon).is_between("min_lon", "max_lon") & pl.col(lat).is_between("min_lat", "max_lat")
    return inside.fill_null(False)


def _in_territory() -> pl.Expr:
    return pl.col("lon").is_between("west", "east") & pl.col("lat").is_between("south", "north")


def _lambert_distance() -> pl.Expr:
    """Metres on the sphere, as geo.position.distance_m."""
    south, north = pl.col("lat").radians(), pl.col("lambert_lat").radians()
    half = ((north - south) / 2).sin() ** 2
    half += south.cos() * north.cos() * ((pl.col("lambert_lon") - pl.col("lon")).radians() / 2).sin() ** 2
    return 2 * EARTH_RADIUS_M * half.sqrt().arcsin()


def _territories(found: pl.DataFrame) -> pl.DataFrame:
    codes = found["commune"].drop_nulls().unique()
    rows = [(code, territory_of(code).epsg, *territory_of(code).bounds) for code in codes]
    boxes = dict.fromkeys(("west", "south", "east", "north"), pl.Float64())
    return pl.DataFrame(rows, schema={"commune": pl.String(), "epsg": pl.Int64(), **boxes}, orient="row")


def _project(found: pl.DataFrame) -> pl.DataFrame:
    """Adds lambert_lon and lambert_lat, each row by the projection of its territory; null where there is no pair to read."""
    x, y, epsg = (found.select(each).to_series() for each in (decimal("lambert_x"), decimal("lambert_y"), "epsg"))
    lon, lat = np.full(len(found), np.nan), np.full(len(found), np.nan)
    for projection in epsg.drop_nulls().unique():
        there = ((epsg == projection) & x.is_finite() & y.is_finite()).fill_null(False).to_numpy()
        lon[there], lat[there] = to_wgs84(projection, x.filter(there).to_numpy(), y.filter(there).to_numpy())
    degrees = {"lambert_lon": pl.Series(lon), "lambert_lat": pl.Series(lat)}
    return found.with_columns(**degrees).with_columns(
        pl.when(pl.col(name).is_finite()).then(name).alias(name) for name in degrees
    )
