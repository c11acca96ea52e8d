"""Whether a point can be where a structure of that commune stands, said in PostGIS: one function a rule.

Each gives a condition over `point` (lon, lat, precision, source) and `c`, the row of its commune, null where it has none; rules
are tried in this order and a point is refused by the first that holds. What is refused is not shown: the next source is.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from geo.territories import TERRITORIES

# Contours are simplified: nine in ten of the true points that fall outside are within 261 m (DATA-FACTS § 1.7).
TOLERANCE_M = 300
METRES_A_DEGREE = 111_000  # of latitude, a little less than there are
CENTRE_M = 15  # centres are published to a metre or two, and rounded
OWN_CENTRE_M = 2  # a door may well stand a few metres away: it does in every quarter of Paris
SHARED_BY = 100  # addresses: a register's default, not a place


def nowhere() -> str:
    """0° N 0° E, where a missing number becomes a point."""
    return "abs(point.lon) < 0.01 AND abs(point.lat) < 0.01"


def outside_its_territory() -> str:
    """Out of the box of the territory that the commune is in."""
    boxes = " ".join(
        f"WHEN left(c.code, 3) IN ({', '.join(map(repr, each.prefixes))}) THEN {_outside(each.bounds)}"
        for each in TERRITORIES
        if each.prefixes
    )
    [mainland] = [each for each in TERRITORIES if not each.prefixes]
    return f"CASE {boxes} WHEN c.code IS NOT NULL THEN {_outside(mainland.bounds)} ELSE false END"


def centre_of_another_commune() -> str:
    """Where a geocoder that did not find the address stands, for a commune that is not this one. By commune_lat_idx."""
    return f"""c.code IS NOT NULL AND EXISTS (
        SELECT FROM commune AS centre
        WHERE centre.lat BETWEEN point.lat - {CENTRE_M / METRES_A_DEGREE:.6f} AND point.lat + {CENTRE_M / METRES_A_DEGREE:.6f}
          AND coalesce(centre.parent, centre.code) <> coalesce(c.parent, c.code)
          AND ST_DistanceSphere(ST_MakePoint(centre.lon, centre.lat), ST_MakePoint(point.lon, point.lat)) < {CENTRE_M}
    )"""


def centre_of_its_commune() -> str:
    """The same for its own: it stands there for want of better, whatever precision is promised."""
    return f"""point.precision <> 'commune' AND c.code IS NOT NULL
        AND ST_DistanceSphere(ST_MakePoint(c.lon, c.lat), ST_MakePoint(point.lon, point.lat)) < {OWN_CENTRE_M}"""


def shared_by_hundreds() -> str:
    """One point for that many different addresses."""
    return f"point.addresses >= {SHARED_BY} AND NOT ({middle_of_a_street('point')})"


def middle_of_a_street(said: str) -> str:
    """Of a point that a geocoder gave: a long street has more than a hundred numbers that it does not know, and one middle.

    Neither refused for the crowd that stands there nor counted in it: a default is a register's.
    """
    return f"{said}.source = 'geocoder' AND {said}.precision = 'street'"


def outside_its_commune() -> str:
    """Further out of the commune's contour than contours are wrong; of the whole city where arrondissements are.

    Registers write the arrondissement next door; a geocoder was asked for an address of this one (`c.own_contour`).
    """
    return (
        f"""CASE WHEN point.source = 'geocoder' THEN {_far_from("c.own_contour")} ELSE {_far_from("c.contour")} END"""
    )


def _far_from(contour: str) -> str:
    return f"""({contour} IS NOT NULL
        AND NOT ST_Covers({contour}, ST_SetSRID(ST_MakePoint(point.lon, point.lat), 4326))
        AND NOT ST_DWithin(
            CAST({contour} AS geography), CAST(ST_SetSRID(ST_MakePoint(point.lon, point.lat), 4326) AS geography), {TOLERANCE_M}
        ))"""


OF_THE_CROWD = "partage_par_des_centaines"  # the one that more than the point itself decides
RULES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "nulle_part": nowhere,
        "hors_territoire": outside_its_territory,
        "centre_d_une_autre_commune": centre_of_another_commune,
        "centre_de_sa_commune": centre_of_its_commune,
        OF_THE_CROWD: shared_by_hundreds,
        "hors_commune": outside_its_commune,
    }
)


def first_broken() -> str:
    """The name of the first rule that `point` breaks, null when it breaks none, as an SQL expression."""
    return f"CASE {' '.join(f'WHEN {rule()} THEN {name!r}' for name, rule in RULES.items())} END"


def _outside(bounds: tuple[float, float, float, float]) -> str:
    west, south, east, north = bounds
    return f"NOT (point.lon BETWEEN {west} AND {east} AND point.lat BETWEEN {south} AND {north})"
