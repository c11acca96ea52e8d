"""The base map from the reference contours: land, départements, communes, names; no third party.

Shapes are simplified once per range of zooms into `base_shape`, so that a tile is one index scan. Those that only counts are
drawn in (tiles/areas.py) stand there too, in layers that the base map leaves out.
"""

import hashlib
from functools import cache

from geoalchemy2 import Geometry
from sqlalchemy import Boolean, Column, Connection, Index, Integer, SmallInteger, Table, Text, text

from geo.database import metadata
from geo.reference import files
from tiles.grid import TileAddress
from tiles.sql import statement

MAX_ZOOM = 12  # clients overzoom: contours have no more detail
DEPARTEMENTS, COMMUNES = "departements", "communes"
REGIONS, COLLECTIVITES, COMMUNES_FAR = "regions", "collectivites", "communes_far"  # of tiles/areas.py

base_shape = Table(
    "base_shape",
    metadata,
    Column("layer", Text, nullable=False),  # land, departements, communes, labels; those of tiles/areas.py alone
    Column("min_zoom", SmallInteger, nullable=False),
    Column("max_zoom", SmallInteger, nullable=False),
    Column("kind", Text),
    Column("code", Text),
    Column("name", Text),
    Column("rank", Integer),
    Column("geom", Geometry(srid=3857, spatial_index=False), nullable=False),
)
# Usage: tiles/sql/base.sql, areas_here.sql, areas.sql.
Index("base_shape_geom_idx", base_shape.c.geom, postgresql_using="gist")
# Usage: tiles/sql/areas_here.sql, areas.sql, of a tile as wide as the country: eighteen régions among all communes.
Index("base_shape_layer_idx", base_shape.c.layer)
# What the shapes were made by: another program may simplify them otherwise, or draw others.
base_form = Table(
    "base_form",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("form", Text, nullable=False),
)

# layer, source of polygons, zooms, tolerance in metres of EPSG:3857: about half a pixel at the last zoom of each range
OUTLINES = (
    ("land", "world", "kind = 'monde'", 0, 4, 4000),
    ("land", "world", "kind = 'voisins'", 5, 8, 600),
    ("land", "world", "kind = 'voisins'", 9, MAX_ZOOM, 60),
    (DEPARTEMENTS, "area", "kind = 'departement'", 3, 6, 1000),
    (DEPARTEMENTS, "area", "kind = 'departement'", 7, 9, 200),
    (DEPARTEMENTS, "area", "kind = 'departement'", 10, MAX_ZOOM, 30),
    (COMMUNES_FAR, "commune", "true", 9, 9, 120),
    (COMMUNES, "commune", "true", 10, 11, 60),
    (COMMUNES, "commune", "true", 12, MAX_ZOOM, 20),
)
REGION_ZOOMS = (0, 5)
REGION_GAP_M = 1_500  # between neighbours that were simplified apart; half a pixel of zoom 5
REGION_TOLERANCE_M = 1_000
# Overseas collectivities, which no French package draws: the country that Natural Earth has, by its ISO 3166 number.
COLLECTIVITE_OF_COUNTRY = {
    "666": "975",
    "652": "977",
    "663": "978",
    "260": "984",
    "876": "986",
    "258": "987",
    "540": "988",
}
COLLECTIVITE_ZOOMS = (0, 8)
COLLECTIVITE_TOLERANCE_M = 200
# Communes named from each zoom on, by population: enough to find one's way, few enough to read.
CITY_ZOOMS = ((5, 200_000), (6, 100_000), (7, 50_000), (8, 20_000), (9, 8_000), (10, 3_000), (11, 1_000), (12, 0))


@cache
def form() -> str:
    """It changes with the reference and with how it is drawn."""
    regions = (REGION_ZOOMS, REGION_GAP_M, REGION_TOLERANCE_M)
    collectivites = (COLLECTIVITE_OF_COUNTRY, COLLECTIVITE_ZOOMS, COLLECTIVITE_TOLERANCE_M)
    told = (files.fingerprint(), OUTLINES, CITY_ZOOMS, regions, collectivites)
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()


def is_current(connection: Connection) -> bool:
    """Whether the shapes are those that this program would make."""
    return connection.execute(text("SELECT form FROM base_form")).scalar_one_or_none() == form()


def build(connection: Connection) -> None:
    """Fill `base_shape` from the reference tables, in the caller's transaction."""
    connection.execute(text("DELETE FROM base_shape"))
    connection.execute(text("DELETE FROM base_form"))
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
    _insert_regions(connection)
    _insert_collectivites(connection)
    connection.execute(text("INSERT INTO base_form (form) VALUES (:form)"), {"form": form()})
    connection.execute(text("ANALYZE base_shape"))


def _insert_regions(connection: Connection) -> None:
    """The union of their départements."""
    low, high = REGION_ZOOMS
    connection.execute(
        text(
            """
            INSERT INTO base_shape (layer, min_zoom, max_zoom, code, name, geom)
            SELECT :layer, :low, :high, region.code, region.name,
                   ST_SimplifyPreserveTopology(ST_Buffer(swollen, -:gap, 'quad_segs=1'), :tolerance)
            FROM (
                SELECT parent, ST_Union(ST_Buffer(ST_Transform(contour, 3857), :gap, 'quad_segs=1')) AS swollen
                FROM area
                WHERE kind = 'departement' AND contour IS NOT NULL
                GROUP BY parent
            ) AS whole
            JOIN area AS region ON region.kind = 'region' AND region.code = whole.parent
            """
        ),
        {"layer": REGIONS, "low": low, "high": high, "gap": REGION_GAP_M, "tolerance": REGION_TOLERANCE_M},
    )


def _insert_collectivites(connection: Connection) -> None:
    """The finer of the two outlines that a country has (`voisins` around most territories, else `monde`)."""
    low, high = COLLECTIVITE_ZOOMS
    connection.execute(
        text(
            """
            INSERT INTO base_shape (layer, min_zoom, max_zoom, code, name, geom)
            SELECT DISTINCT ON (area.code) :layer, :low, :high, area.code, area.name,
                   ST_SimplifyPreserveTopology(ST_Transform(world.contour, 3857), :tolerance)
            FROM unnest(CAST(:countries AS text[]), CAST(:codes AS text[])) AS given (country, code)
            JOIN world ON world.code = given.country
            JOIN area ON area.kind = 'region' AND area.code = given.code
            ORDER BY area.code, world.kind DESC
            """
        ),
        {
            "layer": COLLECTIVITES,
            "low": low,
            "high": high,
            "tolerance": COLLECTIVITE_TOLERANCE_M,
            "countries": list(COLLECTIVITE_OF_COUNTRY),
            "codes": list(COLLECTIVITE_OF_COUNTRY.values()),
        },
    )


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
