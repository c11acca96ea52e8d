"""Where the legacy file puts each establishment, in WGS 84.

The projection is the one that the point's source names (legacy_origin); the commune's territory tells whether the point can
be true. Nothing is tried in another projection: what is out of its territory is dropped and counted.
"""

import msgspec
import polars as pl

from etl.cleaning import decimal
from etl.finess.legacy_layout import GEOLOCALISATION, insee_commune
from etl.finess.legacy_origin import origin
from geo.communes import current_code
from geo.position import Precision
from geo.projections import to_wgs84
from geo.territories import Territory, territory_of

PLACED = (*GEOLOCALISATION, "lon", "lat", "precision", "placing", "geocoder", "other_projection")


def place(establishments: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """The PLACED columns of every establishment, in the same order; lon and lat are null when `placing` is not `placee`."""
    return (
        establishments.select("nofinesset", "departement", "commune")
        .join(points, on="nofinesset", how="left", maintain_order="left")
        .pipe(_read_origins)
        .pipe(_find_territories)
        .pipe(_project)
        .pipe(_judge)
        .select(PLACED)
    )


def _read_origins(frame: pl.DataFrame) -> pl.DataFrame:
    texts = frame["sourcecoordet"].drop_nulls().unique().to_list()  # hundreds, for tens of thousands of rows
    known = [(text, *msgspec.structs.astuple(found)) for text in texts if (found := origin(text))]
    schema = {"sourcecoordet": pl.String, "geocoder": pl.String, "promised": pl.String, "epsg": pl.Int32}
    read = pl.DataFrame(known, schema=schema, orient="row")
    return frame.join(read, on="sourcecoordet", how="left", maintain_order="left")


def _find_territories(frame: pl.DataFrame) -> pl.DataFrame:
    frame = frame.with_columns(insee=insee_commune())
    codes = frame["insee"].drop_nulls().unique().to_list()
    rows = [(code, _territory(code).epsg, *_territory(code).bounds) for code in codes]
    names = ("insee", "territory_epsg", "west", "south", "east", "north")
    schema = dict.fromkeys(names, pl.Float64) | {"insee": pl.String, "territory_epsg": pl.Int32}
    return frame.join(pl.DataFrame(rows, schema=schema, orient="row"), on="insee", how="left", maintain_order="left")


def _territory(code: str) -> Territory:
    return territory_of(current_code(code) or code)  # 97123 is in Guadeloupe by its number, 97701 where it is


def _project(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds lon and lat: groups of one projection each, put back in their order."""
    numbered = frame.with_row_index("order").with_columns(x=decimal("coordxet"), y=decimal("coordyet"))
    readable = numbered.filter(pl.all_horizontal(pl.col("x", "y").is_finite(), pl.col("epsg").is_not_null()))
    located = [
        _degrees(int(epsg), rows) for (epsg,), rows in readable.select("order", "x", "y", "epsg").group_by("epsg")
    ]
    nowhere = pl.DataFrame(schema={"order": numbered.schema["order"], "lon": pl.Float64, "lat": pl.Float64})
    return numbered.join(pl.concat([nowhere, *located]), on="order", how="left", maintain_order="left").drop("order")


def _degrees(epsg: int, rows: pl.DataFrame) -> pl.DataFrame:
    lon, lat = to_wgs84(epsg, rows["x"].to_numpy(), rows["y"].to_numpy())
    # a centimetre: the file has decimetres, and another version of PROJ must not make every row differ
    return rows.select("order", lon=pl.Series(lon).round(7), lat=pl.Series(lat).round(7))


def _judge(frame: pl.DataFrame) -> pl.DataFrame:
    inside = pl.col("lon").is_between("west", "east") & pl.col("lat").is_between("south", "north")
    judged = frame.with_columns(
        placing=pl.when(pl.col("x").is_null() | pl.col("y").is_null()).then(pl.lit("sans_point"))
        .when(pl.col("promised").is_null()).then(pl.lit("source_inconnue"))
        .when(pl.col("epsg").is_null()).then(pl.lit("projection_inconnue"))
        .when(pl.col("insee").is_null()).then(pl.lit("commune_illisible"))
        .when(~inside.fill_null(False)).then(pl.lit("hors_du_territoire"))
        .when(pl.col("promised") == Precision.NONE.value).then(pl.lit("sans_precision"))
        .otherwise(pl.lit("placee")),
        other_projection=pl.col("epsg") != pl.col("territory_epsg"),
    )  # fmt: skip
    placed = pl.col("placing") == "placee"
    return judged.with_columns(
        lon=pl.when(placed).then("lon"),
        lat=pl.when(placed).then("lat"),
        precision=pl.when(placed).then("promised").otherwise(pl.lit(Precision.NONE.value)),
    )
