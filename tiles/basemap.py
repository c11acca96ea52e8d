"""The base map from the reference contours: land, départements, communes, names; no third party.

Shapes are simplified once per range of zooms into `base_shape`, so that a tile is one index scan.
"""

from geoalchemy2 import Geometry
from sqlalchemy import Column, Connection, Index, Integer, SmallInteger, Table, Text, text

from geo.database import metadata
from tiles.grid import TileAddress
from tiles.sql import statement

MAX_ZOOM = 12  # clients overzoom: contours have no more detail

base_shape = Table(
    "base_shape",
    metadata,
    Column("layer", Text, nullable=False),  # land, departements, communes, labels
    Column("min_zoom", SmallInteger, nullable=False),
    Column("max_zoom", SmallInteger, nullable=False),
    Column("kind", Text),
    Column("code", Text),
    Column("name", Text),
    Column("rank", Integer),
    Column("geom", Geometry(srid=3857, spatial_index=False), nullable=False),
)
# Usage: tiles/sql/base.sql.
Index("base_shape_geom_idx", base_shape.c.geom, postgresql_using="gist")

# layer, source of polygons, zooms, tolerance in metres of EPSG:3857: about half a pixel at the last zoom of each range
OUTLINES = (
    ("land", "world", "kind = 'monde'", 0, 4, 4000),
    ("land", "world", "kind = 'voisins'", 5, 8, 600),
    ("land", "world", "kind = 'voisins'", 9, MAX_ZOOM, 60),
    ("departements", "area", "kind = 'departement'", 3, 6, 1000),
    ("departements", "area", "kind = 'departement'", 7, 9, 200),
    ("departements", "area", "kind = 'departement'", 10, MAX_ZOOM, 30),
    ("communes", "commune", "true", 10, 11, 60),
    ("communes", "commune", "true", 12, MAX_ZOOM, 20),
)
# Communes named from each zoom on, by population: enough to find one's way, few enough to read.
CITY_ZOOMS = ((5, 200_000), (6, 100_000), (7, 50_000), (8, 20_000), (9, 8_000), (10, 3_000), (11, 1_000), (12, 0))


def build(connection: Connection) -> None:
    """Fill `base_shape` from the reference tables, in the caller's transaction."""
    connection.execute(text("DELETE FROM base_shape"))
    for layer, table, condition, low, high, tolerance in OUTLINES:
        kind = "kind" if table != "commune" else "NULL"
        # Mercator stops short of the poles, where Antarctica goes on
        shape = "ST_Intersection(contour, ST_MakeEnvelope(-180, -85, 180, 85, 4326))" if table == "world" else "contour"
        connection.execute(
            text(
                f"""
                INSERT INTO base_shape (layer, min_zoom, max_zoom, kind, code, name, geom)
                SELECT :layer, :low, :high, {kind}, code, name, simple
                FROM (
                    SELECT *, ST_SimplifyPreserveTopology(ST_Transform({shape}, 3857), :tolerance) AS simple
                    FROM {table}
                    WHERE contour IS NOT NULL AND {condition}
                ) AS shape
                WHERE NOT ST_IsEmpty(simple)
                """
            ),
            {"layer": layer, "low": low, "high": high, "tolerance": tolerance},
        )
    _insert_labels(connection)
    connection.execute(text("ANALYZE base_shape"))


def _insert_labels(connection: Connection) -> None:
    named_from = " ".join(f"WHEN population >= {people} THEN {zoom}" for zoom, people in CITY_ZOOMS)
    connection.execute(
        text(
            f"""
            INSERT INTO base_shape (layer, min_zoom, max_zoom, kind, code, name, rank, geom)
            SELECT 'labels', CASE {named_from} END, {MAX_ZOOM}, 'ville', code, name,
                   row_number() OVER (ORDER BY population DESC, code),
                   ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 3857)
            FROM commune
            WHERE parent IS NULL AND code NOT LIKE '984%'
            UNION ALL
            SELECT 'labels', 7, 9, 'departement', code, name, 0,
                   ST_Transform(ST_PointOnSurface(contour), 3857)
            FROM area
            WHERE kind = 'departement' AND contour IS NOT NULL
            """
        )
    )


def tile(connection: Connection, address: TileAddress) -> bytes:
    """One tile of the base map, its layers one after the other."""
    west, south, east, north = address.mercator
    where = {"z": min(address.z, MAX_ZOOM), "west": west, "south": south, "east": east, "north": north}
    return bytes(connection.execute(text(statement("base")), where).scalar_one() or b"")
