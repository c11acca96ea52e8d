"""Draw one tile of structures: clusters up to zoom 13, points from 14 on."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import numpy as np
from sqlalchemy import Connection, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from geo.categories import categorie
from geo.cells import EXTENT
from geo.filters import Filters, categories_of, conditions
from geo.structures import structure
from tiles import counts
from tiles.grid import BUFFER_UNITS, TileAddress
from tiles.sql import statement

NAME_ZOOM = 16  # from here on a name fits beside its point
POINT_MAX_ZOOM = 18


class Clusters(Protocol):
    """What stands in a tile, counted elsewhere, by cell, aligned: centres in the tile's units, how many, the id of one alone."""

    @property
    def x(self) -> Sequence[int]: ...
    @property
    def y(self) -> Sequence[int]: ...
    @property
    def n(self) -> Sequence[int]: ...
    @property
    def ids(self) -> Sequence[str | None]: ...


class Points(msgspec.Struct, frozen=True):
    """Structures that words have found, filters already applied; the arrays are aligned."""

    ids: Sequence[str]
    lon: Sequence[float]
    lat: Sequence[float]


def tile(connection: Connection, address: TileAddress, filters: Filters, found: Points | None = None) -> bytes:
    """The encoded tile (empty bytes when nothing is there); `found` replaces the filters when words were asked."""
    if not address.clustered:
        return _points_tile(connection, address, filters, found)
    if found is None and is_in_the_grid(filters):
        return _counted_tile(connection, address, _categories(filters))
    points = found if found is not None else _filtered_points(connection, address, filters)
    return _clusters_of(connection, address, points)


def is_in_the_grid(filters: Filters) -> bool:
    """Whether the grid, which knows categories, has counted what passes."""
    return filters == Filters(categories=filters.categories, domaines=filters.domaines)


def clusters(connection: Connection, counted: Clusters) -> bytes:
    """The encoded tile of clusters counted elsewhere."""
    columns = {"x": counted.x, "y": counted.y, "n": counted.n, "id": counted.ids}
    return _bytes(connection.execute(text(statement("clusters_of_points")), columns))


def _categories(filters: Filters) -> list[int] | None:
    """The categories that the filters leave; None for all of them."""
    if not filters.domaines:
        return list(filters.categories) or None
    of_domaines = categories_of(filters.domaines)
    return [number for number in of_domaines if not filters.categories or number in filters.categories]


def _counted_tile(connection: Connection, address: TileAddress, categories: list[int] | None) -> bytes:
    query = text(statement("clusters" if categories is None else "clusters_of_categories"))
    where = {"z": address.z, "x": address.x, "y": address.y}
    return _bytes(connection.execute(query, where | ({} if categories is None else {"categories": categories})))


def _filtered_points(connection: Connection, address: TileAddress, filters: Filters) -> Points:
    query = select(structure.c.id, structure.c.lon, structure.c.lat).where(
        *conditions(filters, structure), structure.c.geom.op("&&")(_envelope(address, margin=1 / EXTENT))
    )
    rows = connection.execute(query.order_by(structure.c.id)).all()
    ids, lon, lat = zip(*rows, strict=True) if rows else ((), (), ())
    return Points(ids, lon, lat)


def _clusters_of(connection: Connection, address: TileAddress, points: Points) -> bytes:
    lon, lat = (np.array(axis, dtype=np.float64) for axis in (points.lon, points.lat))
    frame = counts.frame_of(lon, lat, [counts.ALL] * len(points.ids), points.ids)
    grid = counts.cells(frame, address.z).filter(tx=address.x, ty=address.y).sort("cell")
    columns = {
        "x": (grid["sx"] // grid["n"]).to_list(),
        "y": (grid["sy"] // grid["n"]).to_list(),
        "n": grid["n"].to_list(),
        "id": grid["id"].to_list(),
    }
    return _bytes(connection.execute(text(statement("clusters_of_points")), columns))


def _points_tile(connection: Connection, address: TileAddress, filters: Filters, found: Points | None) -> bytes:
    """Points straight from `structure`; the box with its margin is answered by structure_open_geom_idx."""
    columns = [
        func.ST_AsMVTGeom(structure.c.geom, _envelope(address), EXTENT, BUFFER_UNITS, False).label("geom"),
        structure.c.id,
        categorie.c.code.label("categorie"),
        *([structure.c.name] if address.z >= NAME_ZOOM else []),
    ]
    asked = conditions(filters, structure)
    if found is not None:
        asked.append(structure.c.id == func.any(literal(list(found.ids), ARRAY(Text))))
    points = (
        select(*columns)
        .join_from(structure, categorie, categorie.c.no == structure.c.categorie_no)
        .where(*asked, structure.c.geom.op("&&")(_envelope(address, margin=BUFFER_UNITS / EXTENT)))
        .order_by(structure.c.id)
        .subquery("point")
    )
    return _bytes(connection.execute(select(func.ST_AsMVT(points.table_valued(), "structures", EXTENT, "geom"))))


def _envelope(address: TileAddress, margin: float = 0.0) -> Any:
    west, south, east, north = address.mercator
    more = (east - west) * margin
    return func.ST_MakeEnvelope(west - more, south - more, east + more, north + more, 3857)


def _bytes(result: Any) -> bytes:
    return bytes(result.scalar_one() or b"")
