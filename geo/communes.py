"""Communes and the areas above them: their codes of today and yesterday, their names, where they are."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import msgspec
import polars as pl
from geoalchemy2 import Geometry
from sqlalchemy import Column, Double, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from geo.database import metadata
from geo.filters import Bounds
from geo.reference import files

EDGES = ("min_lon", "min_lat", "max_lon", "max_lat")

commune = Table(
    "commune",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),  # geo.text.sort_key: what people type is compared with it
    Column("parent", Text),  # of an arrondissement: Paris, Lyon or Marseille
    Column("departement", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("epci", Text),
    Column("postcodes", ARRAY(Text), nullable=False),
    Column("population", Integer, nullable=False),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("min_lon", Double, nullable=False),
    Column("min_lat", Double, nullable=False),
    Column("max_lon", Double, nullable=False),
    Column("max_lat", Double, nullable=False),
    Column("contour", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)),  # null where no package draws it
)
# Usage: which commune holds a point; commune outlines of a base map tile.
Index("commune_contour_idx", commune.c.contour, postgresql_using="gist")
# Usage: whether a point is the centre of some commune (geo.plausibility).
Index("commune_lat_idx", commune.c.lat)

area = Table(
    "area",
    metadata,
    Column("kind", Text, primary_key=True),  # departement, region, epci
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("parent", Text),  # of a département: its region
    Column("contour", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)),  # départements only
)

# Countries other than France, for the base map: `monde` at small scales, `voisins` around French territories.
world = Table(
    "world",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("contour", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
)


class Commune(msgspec.Struct, frozen=True, gc=False):  # 35,000 of them, in no cycle: nothing to collect
    """A commune of the current COG, or an arrondissement of Paris, Lyon or Marseille (`parent` says of which)."""

    code: str
    name: str
    departement: str
    region: str
    epci: str | None
    postcodes: tuple[str, ...]
    population: int
    lon: float
    lat: float
    bounds: Bounds
    parent: str | None


@cache
def communes() -> Mapping[str, Commune]:
    """Every commune and arrondissement by its INSEE code."""
    table = pl.read_parquet(files.COMMUNES)
    bounds = zip(*(table[edge].to_list() for edge in EDGES), strict=True)
    postcodes = map(tuple, table["postcodes"].to_list())
    members = {name: table[name].to_list() for name in Commune.__struct_fields__ if name in table.columns}
    columns = members | {"bounds": bounds, "postcodes": postcodes}
    every = map(Commune, *(columns[name] for name in Commune.__struct_fields__))
    return MappingProxyType({each.code: each for each in every})


def current_code(code: str) -> str | None:
    """The code of today for a code of today or yesterday (merged, delegated), None when nobody knows it."""
    return code if code in communes() else _former_codes().get(code)


@cache
def arrondissements_of(code: str) -> tuple[str, ...]:
    """The arrondissements of Paris, Lyon or Marseille; nothing for another commune."""
    return tuple(each.code for each in communes().values() if each.parent == code)


@cache
def area_names(kind: str) -> Mapping[str, str]:
    """Names by code of every `departement`, `region` or `epci`."""
    rows = _areas().filter(kind=kind).select("code", "name").iter_rows()
    return MappingProxyType(dict(rows))


@cache
def region_of_departement(departement: str) -> str | None:
    """The region that a département is in."""
    found = _areas().filter(kind="departement", code=departement)["parent"].to_list()
    return found[0] if found else None


@cache
def _former_codes() -> Mapping[str, str]:
    return dict(pl.read_parquet(files.FORMER_CODES).iter_rows())


@cache
def _areas() -> pl.DataFrame:
    return pl.read_parquet(files.AREAS)
