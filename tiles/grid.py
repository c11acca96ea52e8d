"""Tile addresses, and where on Earth they are."""

from dataclasses import dataclass

from geo.cells import CLUSTER_MAX_ZOOM
from geo.errors import InvalidQuestion
from geo.filters import Bounds

MAX_ZOOM = 22  # of an address; nothing is drawn finer than zoom 18, clients overzoom
MERCATOR_HALF = 20037508.342789244  # metres: half the equator of EPSG:3857


class ImpossibleTile(InvalidQuestion):
    """An address outside the pyramid."""


@dataclass(frozen=True)
class TileAddress:
    """A tile that exists: `TileAddress(3, 8, 0)` raises ImpossibleTile."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        side = 1 << self.z if 0 <= self.z <= MAX_ZOOM else 0
        if not (0 <= self.x < side and 0 <= self.y < side):
            wrong = "z" if not side else "y" if 0 <= self.x < side else "x"
            raise ImpossibleTile(f"La tuile {self.z}/{self.x}/{self.y} n’existe pas.", parameter=wrong)

    @property
    def clustered(self) -> bool:
        """Whether this tile holds counts rather than points."""
        return self.z <= CLUSTER_MAX_ZOOM

    @property
    def mercator(self) -> Bounds:
        """Metres of EPSG:3857: west, south, east, north."""
        side = 2 * MERCATOR_HALF / (1 << self.z)
        west, north = self.x * side - MERCATOR_HALF, MERCATOR_HALF - self.y * side
        return (west, north - side, west + side, north)
