"""Columns of a batch of establishments: which category, where, published how precisely."""

import numpy as np

from etl.demo.facts import Point
from etl.demo.mix import draw_siblings
from etl.demo.places import Floats, Indices, Places, Points
from etl.demo.plan import Plan

CLOSED = 0.40  # of the live stock: 69,799 of 174,681
AT_HOME = 0.55  # of an entity's other establishments: in the commune of the first; the rest in the département
ON_THE_SAME_SITE = 0.08  # of them: two FINESS numbers, one place, one SIRET
WITHOUT_COORDINATES = 0.25  # of open establishments (DATA-FACTS § 1.3, 3)
CLOSED_WITHOUT_COORDINATES = 0.55
# What the BAN key promises when there is one: how often, and how far (m) the published point is from the true one.
PRECISIONS = {"housenumber": (0.772, 4.0), "street": (0.18, 90.0), "locality": (0.045, 150.0), "commune": (0.003, 0.0)}
SCATTER_M = np.array([metres for _, metres in PRECISIONS.values()] + [0.0])
NO_COORDINATES = len(PRECISIONS)
PRECISION_NAMES = (*PRECISIONS, "none")


class Sites:
    """The columns of a batch's establishments, drawn at once."""

    def __init__(self, places: Places, plan: Plan, draw: np.random.Generator, owner: Indices) -> None:
        count = len(owner)
        head = np.diff(owner, prepend=-1) != 0
        self.sort = np.where(head, plan.heads[owner], draw_siblings(draw, plan.heads[owner]))
        self.same_as_before = ~head & (draw.random(count) < ON_THE_SAME_SITE)
        away = ~head & (draw.random(count) > AT_HOME)
        site = np.maximum.accumulate(np.where(self.same_as_before, 0, np.arange(count)))
        self.where = np.where(away, places.draw_near(draw, plan.homes[owner]), plan.homes[owner])[site]
        lon, lat = (axis[site] for axis in places.points(draw, self.where))
        self.closing = draw.random(count) < CLOSED
        self.precision = _precisions(draw, self.closing)
        self.at = located(places, (lon, lat), self.where)
        self.published = located(places, self._published(places, draw, (lon, lat)), self.where)

    def _published(self, places: Places, draw: np.random.Generator, true: Points) -> Points:
        lon, lat = places.scatter(draw, true, SCATTER_M[self.precision])
        at_centre = self.precision == PRECISION_NAMES.index("commune")
        return (
            np.where(at_centre, places.lon[self.where].round(6), lon),
            np.where(at_centre, places.lat[self.where].round(6), lat),
        )


def located(places: Places, points: Points, where: Indices) -> list[Point]:
    east, north = (axis.round(2) for axis in places.project(where, points))
    columns = (points[0], points[1], east, north, places.epsg[where])
    return [Point(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _precisions(draw: np.random.Generator, closing: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Indices:
    shares = np.array([share for share, _ in PRECISIONS.values()])
    promised = draw.choice(len(shares), len(closing), p=shares / shares.sum())
    without: Floats = np.where(closing, CLOSED_WITHOUT_COORDINATES, WITHOUT_COORDINATES)
    return np.where(draw.random(len(closing)) < without, NO_COORDINATES, promised)
