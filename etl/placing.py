"""Where a register says that a structure is: its commune of today, the areas above, and whether a point can be true."""

from functools import cache

import polars as pl

from geo.communes import Commune, communes, current_code
from geo.territories import Territory, territory_of

# A published point this far outside its commune's box is another place, or garbage: about 8 to 11 km. The finer check
# against contours (their own error is 261 m at the ninetieth percentile) is plausibility's, later.
COMMUNE_BOX_MARGIN_DEG = 0.1


def with_commune(frame: pl.DataFrame, published: str) -> pl.DataFrame:
    """Adds the commune of the code published (followed to today's when it merged), its areas, its centre and its box."""
    known = {code: current_code(code) for code in frame[published].drop_nulls().unique()}
    current = pl.col(published).replace_strict(known, default=None, return_dtype=pl.String)
    return frame.with_columns(commune=current).join(_communes_frame(), on="commune", how="left", maintain_order="left")


def far_from_commune(lon: str = "lon", lat: str = "lat") -> pl.Expr:
    """Whether the point of these columns is out of its commune's box, margin included; null when either is unknown."""
    west, south, east, north = (pl.col(name) for name in ("min_lon", "min_lat", "max_lon", "max_lat"))
    margin = COMMUNE_BOX_MARGIN_DEG
    inside = pl.col(lon).is_between(west - margin, east + margin) & pl.col(lat).is_between(
        south - margin, north + margin
    )
    return ~inside


@cache
def territory_of_place(commune: str | None, departement: str | None) -> Territory | None:
    """Of a commune, or of a département for want of it."""
    code = commune or departement
    return territory_of(code) if code else None


@cache
def _communes_frame() -> pl.DataFrame:
    def row(commune: Commune) -> tuple[object, ...]:
        return (
            commune.code,
            commune.name,
            commune.departement,
            commune.region,
            commune.epci,
            commune.lon,
            commune.lat,
            *commune.bounds,
        )

    names = ("commune", "commune_name", "departement", "region", "epci", "commune_lon", "commune_lat")
    schema = dict.fromkeys(names[:5], pl.String) | dict.fromkeys(
        (*names[5:], "min_lon", "min_lat", "max_lon", "max_lat"), pl.Float64
    )
    return pl.DataFrame([row(c) for c in communes().values()], schema=schema, orient="row")
