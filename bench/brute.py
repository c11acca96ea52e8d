"""Answers found by looking at every structure: what the server's own are compared with before any clock runs."""

from typing import Any

import mapbox_vector_tile
import numpy as np
import polars as pl
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from bench.ground import asked
from bench.measure import WrongAnswer
from geo.cells import EXTENT, EXTENT_BITS, units
from geo.position import EARTH_RADIUS_M
from geo.settings import Settings

PLACED = "SELECT id, name, lon, lat FROM structure WHERE open AND lon IS NOT NULL ORDER BY md5(id)"


class Everything:
    """Open structures with a position, in an order that has nothing to do with place: the first ones are a fair sample."""

    def __init__(self, rows: pl.DataFrame) -> None:
        """Rows have at least lon and lat."""
        self.rows = rows
        self._lon, self._lat = (self.rows[axis].to_numpy() for axis in ("lon", "lat"))

    @classmethod
    def of(cls, instance: Settings) -> "Everything":
        """As PostgreSQL has them: id, name, lon, lat."""
        return cls(pl.DataFrame(asked(instance, PLACED), schema=["id", "name", "lon", "lat"], orient="row"))

    @classmethod
    def drawn(cls, rows: pl.DataFrame) -> "Everything":
        """As they were drawn, each apart from the others, before any database held them."""
        return cls(rows.filter(pl.col("open") & pl.col("lon").is_not_null()))

    def only(self, condition: pl.Expr) -> "Everything":
        """Those of a kind."""
        return Everything(self.rows.filter(condition))

    def nearest_m(self, lon: float, lat: float, count: int) -> list[float]:
        """Metres of the nearest ones."""
        return sorted(self.distances_m(lon, lat).tolist())[:count]

    def in_box(self, west: float, south: float, east: float, north: float) -> int:
        within = (self._lon >= west) & (self._lon <= east) & (self._lat >= south) & (self._lat <= north)
        return int(within.sum())

    def in_tile(self, z: int, x: int, y: int) -> int:
        """Those that a tile holds."""
        return int(self._within(z, x, y, 0).sum())

    def ids_in_tile(self, z: int, x: int, y: int, margin: int = 0) -> set[str]:
        """Of those that a tile holds, with a margin in its units."""
        return set(self.rows.filter(self._within(z, x, y, margin))["id"])

    def _within(self, z: int, x: int, y: int, margin: int) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        ux, uy = (axis - (at << EXTENT_BITS) for axis, at in zip(units(self._lon, self._lat, z), (x, y), strict=True))
        inside: np.ndarray[Any, np.dtype[np.bool_]] = (
            (ux >= -margin) & (uy >= -margin) & (ux < EXTENT + margin) & (uy < EXTENT + margin)
        )
        return inside

    def tiles(self, z: int, count: int) -> list[tuple[int, int]]:
        """The tiles of the sample's first places: towns come as often as they have structures; each tile once."""
        ux, uy = units(self._lon, self._lat, z)
        wanted = zip((ux >> EXTENT_BITS).tolist(), (uy >> EXTENT_BITS).tolist(), strict=True)
        return list(dict.fromkeys(wanted))[:count]

    def distances_m(self, lon: float, lat: float) -> Any:
        """Metres to each."""
        phi, there = np.radians(lat), np.radians(self._lat)
        half = (
            np.sin((there - phi) / 2) ** 2 + np.cos(phi) * np.cos(there) * np.sin(np.radians(self._lon - lon) / 2) ** 2
        )
        return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(half))


def counted(tile: bytes) -> int:
    """Structures that a tile of clusters stands for."""
    features = mapbox_vector_tile.decode(tile)["clusters"]["features"] if tile else []
    return sum(feature["properties"]["n"] for feature in features)


def drawn(tile: bytes) -> int:
    """Points of a tile of structures, or what its clusters stand for where they are too many."""
    layers = mapbox_vector_tile.decode(tile) if tile else {}
    return len(layers["structures"]["features"]) if "structures" in layers else counted(tile)


def ids(tile: bytes) -> list[str]:
    """Of the points of a tile whose only words are ids. Read without decoding geometries: they may be a million."""
    layers = vector_tile_pb2.tile.FromString(tile).layers
    words = [value.string_value for layer in layers for value in layer.values if value.HasField("string_value")]
    if len(words) != sum(len(layer.features) for layer in layers):
        raise WrongAnswer("Une tuile n’a pas autant de points que d’identifiants.")
    return words
