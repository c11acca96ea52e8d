"""The legacy file's point for an establishment whose flow has none that can be used."""

import polars as pl

from etl.placing import far_from_commune

# What etl.finess.legacy_load.ancien_positions gives.
POSITIONS = pl.Schema({"finess": pl.String, "lon": pl.Float64, "lat": pl.Float64, "precision": pl.String})
NO_POSITIONS = pl.DataFrame(schema=POSITIONS)


def fall_back_on_ancien(frame: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """Fills lon and lat where they are null, and adds `ancien_precision`: not null where the legacy point was taken.

    The commune is the one that the flow gives today: an establishment that left the commune left its old point too. Without
    a known commune nothing vouches for the point.
    """
    old = positions.select("finess", old_lon="lon", old_lat="lat", old_precision="precision")
    joined = frame.join(old, on="finess", how="left", maintain_order="left")
    taken = pl.col("lon").is_null() & (~far_from_commune("old_lon", "old_lat")).fill_null(False)
    return joined.with_columns(
        lon=pl.when(taken).then("old_lon").otherwise("lon"),
        lat=pl.when(taken).then("old_lat").otherwise("lat"),
        ancien_precision=pl.when(taken).then("old_precision"),
    ).drop("old_lon", "old_lat", "old_precision")
