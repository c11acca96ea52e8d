"""The names of SIRENE's files, and their columns that nobody fills."""

import polars as pl

from etl.sirene.layout import POSITIONS, STOCK, UNITS
from etl.sirene.lineage import DUPLICATES as DUPLICATES_SOURCE
from etl.sirene.lineage import SUCCESSIONS as SUCCESSIONS_SOURCE

__all__ = ["POSITIONS", "POSITIONS_NAME", "STOCK", "STOCK_NAME", "UNITS", "UNITS_NAME", "with_nulls"]

STOCK_NAME = "StockEtablissement_utf8.parquet"
UNITS_NAME = "StockUniteLegale_utf8.parquet"
POSITIONS_NAME = "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet"
SUCCESSIONS_NAME = "StockEtablissementLiensSuccession_utf8.parquet"
DUPLICATES_NAME = "StockDoublons_utf8.parquet"
SUCCESSIONS, DUPLICATES = SUCCESSIONS_SOURCE.columns, DUPLICATES_SOURCE.columns


def with_nulls(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The schema's other columns, empty."""
    return frame.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in frame.columns
    )
