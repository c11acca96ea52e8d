"""Zones of intervention: where a service comes to people, apart from the place where it stands.

A zone is made of parts: communes, EPCI, départements, and outlines drawn by hand; it holds a point when one of them does.
Zones are declared by a file today, by administrators later: no register says them, so none of its publications moves them.
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Identity,
    Index,
    Integer,
    String,
    Subquery,
    Table,
    Text,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on

from geo.communes import Commune, communes
from geo.database import metadata

PIPELINE = "zones"


class ZoneKind(StrEnum):
    """What a part of a zone is, the narrowest first: the one that tells most is shown."""

    OUTLINE = "contour"
    COMMUNE = "commune"
    EPCI = "epci"
    DEPARTEMENT = "departement"


intervention_zone = Table(
    "intervention_zone",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("structure", String(collation="C"), nullable=False),
    Column("kind", Text, nullable=False),  # a ZoneKind
    Column("code", Text),  # of the commune, EPCI or département; null for an outline
    Column("outline", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)),  # null for a code
    Column("declared_on", Date),
    Column("load_id", Integer, nullable=False),
)
# Usage: who comes to a commune, its EPCI, its département.
Index("intervention_zone_kind_code_idx", intervention_zone.c.kind, intervention_zone.c.code)
# Usage: whose outlines hold a point.
Index(
    "intervention_zone_outline_idx",
    intervention_zone.c.outline,
    postgresql_using="gist",
    postgresql_where=text("outline IS NOT NULL"),
)
# Usage: the zone on a structure's page; what leaves with a structure that must not be told.
Index("intervention_zone_structure_idx", intervention_zone.c.structure)

# Contours are simplified and stop at the shore: a point on a quay is in the commune next to it.
NEAREST_WITHIN_DEGREES = 0.02


class Whereabouts(msgspec.Struct, frozen=True):
    """Where a point is, in the areas that zones are declared in; all None at sea or abroad."""

    commune: Commune | None = None
    city: Commune | None = None  # Paris, Lyon or Marseille, of an arrondissement

    def parts(self) -> list[tuple[str, str]]:
        """The kinds and codes that hold the point."""
        if self.commune is None:
            return []
        named = [(ZoneKind.COMMUNE, each.code) for each in (self.commune, self.city) if each]
        epci = self.commune.epci or (self.city.epci if self.city else None)
        named += [(ZoneKind.EPCI, epci)] if epci else []
        return [(kind.value, code) for kind, code in [*named, (ZoneKind.DEPARTEMENT, self.commune.departement)]]


def whereabouts(connection: Connection, lon: float, lat: float) -> Whereabouts:
    """The commune that holds a point, else the one next to it."""
    code = connection.execute(text(COMMUNE_AT), {"lon": lon, "lat": lat, "within": NEAREST_WITHIN_DEGREES}).scalar()
    found = communes().get(code) if code else None
    if found is None:
        return Whereabouts()
    return Whereabouts(found, communes().get(found.parent) if found.parent else None)


def serving(lon: float, lat: float, here: Sequence[tuple[str, str]]) -> Subquery:
    """The structures whose zone holds a point, one row each: `structure`, `kind` and `code` of its narrowest part that does.

    `here`: `Whereabouts.parts` of the point.
    """
    zone = intervention_zone.c
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    holds: list[ColumnElement[bool]] = [func.ST_Covers(zone.outline, point)]
    if here:
        holds.append(tuple_(zone.kind, zone.code).in_(here))
    narrowest = func.array_position(text("ARRAY['contour', 'commune', 'epci', 'departement']"), zone.kind)
    found = select(zone.structure, zone.kind, zone.code).ext(distinct_on(zone.structure)).where(or_(*holds))
    return found.order_by(zone.structure, narrowest, zone.code).subquery("serving")


# By commune_contour_idx. An arrondissement and its city both hold the point: the arrondissement says more.
COMMUNE_AT = """
SELECT code FROM (
    SELECT c.code, c.parent, c.contour <-> point.geom AS apart
    FROM commune AS c, (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS geom) AS point
    WHERE c.contour && ST_Expand(point.geom, :within)
) AS near
WHERE apart <= :within
ORDER BY apart, parent IS NULL, code
LIMIT 1
"""
