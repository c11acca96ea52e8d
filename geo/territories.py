"""The French territories: the projection each publishes in, and the box it lies in.

FINESS gives projected coordinates without naming the projection: the commune's code decides (DATA-FACTS § 1.7). Boxes are
those of the State's own pipelines, a little wider than the land.
"""

from functools import cache

import msgspec

from geo.filters import Bounds


class Territory(msgspec.Struct, frozen=True):
    """A part of France with one projection."""

    name: str
    prefixes: tuple[str, ...]  # of commune codes; empty for the métropole: everything else
    epsg: int
    bounds: Bounds


TERRITORIES = (
    Territory("Guadeloupe", ("971",), 5490, (-62.0, 15.5, -60.5, 16.7)),  # RGAF09 / UTM 20N
    Territory("Martinique", ("972",), 5490, (-61.5, 14.3, -60.5, 15.0)),  # RGAF09 / UTM 20N
    Territory("Guyane", ("973",), 2972, (-55.0, 2.0, -51.0, 6.0)),  # RGFG95 / UTM 22N
    Territory("La Réunion", ("974",), 2975, (55.0, -21.5, 56.0, -20.5)),  # RGR92 / UTM 40S
    Territory("Saint-Pierre-et-Miquelon", ("975",), 4467, (-56.5, 46.5, -55.5, 47.5)),  # RGSPM06 / UTM 21N
    Territory("Mayotte", ("976",), 4471, (44.5, -13.5, 45.5, -12.5)),  # RGM04 / UTM 38S
    Territory("Saint-Barthélemy", ("977",), 5490, (-63.0, 17.85, -62.75, 18.0)),  # RGAF09 / UTM 20N
    Territory("Saint-Martin", ("978",), 5490, (-63.2, 17.9, -62.9, 18.2)),  # RGAF09 / UTM 20N
    Territory("Terres australes", ("984",), 32742, (39.0, -90.0, 143.0, -11.0)),  # WGS 84 / UTM 42S
    Territory("Wallis-et-Futuna", ("986",), 32701, (-179.0, -15.0, -175.0, -12.0)),  # WGS 84 / UTM 1S
    Territory("Polynésie française", ("987",), 3297, (-155.0, -28.0, -130.0, -7.0)),  # RGPF / UTM 6S
    Territory("Nouvelle-Calédonie", ("988",), 3163, (163.0, -23.0, 169.0, -19.0)),  # RGNC91-93 / Lambert NC
    Territory("Clipperton", ("989",), 4326, (-109.5, 10.0, -109.0, 10.6)),
    Territory("Métropole", (), 2154, (-5.5, 41.0, 10.0, 51.5)),  # RGF93 v1 / Lambert-93
)


@cache
def territory_of(code: str) -> Territory:
    """The territory of a commune's or a département's code."""
    return next(t for t in TERRITORIES if not t.prefixes or code.startswith(t.prefixes))


def is_in_france(lon: float, lat: float) -> bool:
    """Whether a point is in the box of some territory; never for what is no number.

    >>> is_in_france(2.35, 48.85), is_in_france(48.85, 2.35), is_in_france(float("nan"), 48.85)
    (True, False, False)
    """
    return any(
        west <= lon <= east and south <= lat <= north for west, south, east, north in (t.bounds for t in TERRITORIES)
    )
