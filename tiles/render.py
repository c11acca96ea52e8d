"""Draw one tile of structures: clusters up to zoom 13, points from 14 on."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from geo.cells import places_of_tile, tile_number
from geo.compiled import Compiled
from geo.filters import Filters, categories_of
from tiles import points
from tiles.grid import TileAddress
from tiles.layers import ALL, layers_of
from tiles.sql import stated


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


def is_plain(address: TileAddress, filters: Filters) -> bool:
    """Whether one range draws what passes: categories alone; the grid counts what is open."""
    return points.is_drawn(filters) and (filters.open_only or not address.clustered)


def plain(address: TileAddress, filters: Filters) -> tuple[Compiled, dict[str, Any]]:
    """The statement that draws plain filters, and its values: a row of the encoded tile and of its publication's version."""
    if address.clustered:
        return _of_the_grid(address, filters)
    first, after = places_of_tile(address.z, address.x, address.y)
    given: dict[str, Any] = {"first": first, "after": after}
    categories = _categories(filters)
    if categories is not None:
        given["categories"] = categories
    return points.plain(address.z, filters.open_only, categories is not None), given


def tile(connection: Connection, address: TileAddress, filters: Filters, ids: Sequence[str] | None = None) -> bytes:
    """The encoded tile of any filters; `ids` have passed them."""
    if ids is None and is_plain(address, filters):
        asked, given = plain(address, filters)
        (row,) = asked.execute(connection, **given)
        return bytes(row.tile or b"")
    return _bytes(connection.execute(points.tile_of(address, filters, ids)))


def clusters(connection: Connection, counted: Clusters) -> bytes:
    """The encoded tile of clusters counted elsewhere."""
    asked = stated("clusters_of_points")
    (row,) = asked.execute(connection, x=list(counted.x), y=list(counted.y), n=list(counted.n), id=list(counted.ids))
    return bytes(row.tile or b"")


def _categories(filters: Filters) -> list[int] | None:
    """The categories that the filters leave; None for all of them."""
    if not filters.domaines:
        return list(filters.categories) or None
    of_domaines = categories_of(filters.domaines)
    return [number for number in of_domaines if not filters.categories or number in filters.categories]


def _of_the_grid(address: TileAddress, filters: Filters) -> tuple[Compiled, dict[str, Any]]:
    categories = _categories(filters)
    layers = [ALL] if categories is None else layers_of(categories)
    tile = tile_number(address.z, address.x, address.y)
    if len(layers) == 1:
        return stated("clusters"), {"tile": tile, "layer": layers[0]}
    return stated("clusters_of_layers"), {"tile": tile, "layers": layers}


def _bytes(result: Any) -> bytes:
    return bytes(result.scalar_one() or b"")
