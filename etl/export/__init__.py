"""The public layer as files: CSV, GeoJSON or Parquet, closed structures included, sources beside."""

from etl.export.export import export
from etl.export.tables import TABLES
from etl.export.writers import FORMATS

__all__ = ["FORMATS", "TABLES", "export"]
