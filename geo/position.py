"""How precise a position is, where it comes from, and distances on the sphere."""

import math
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

EARTH_RADIUS_M = 6_371_008.7714  # mean radius of the sphere that PostGIS and Lucene use (DESIGN.md decision 7)
HALF_WAY_ROUND_M = math.pi * EARTH_RADIUS_M * (1 + 1e-9)  # no two places are farther apart, whoever rounds


class Precision(StrEnum):
    """From a point placed by hand to nothing at all."""

    PIN = "pin"
    HOUSENUMBER = "housenumber"
    STREET = "street"
    LOCALITY = "locality"
    COMMUNE = "commune"
    NONE = "none"


MORE_PRECISE_FIRST = tuple(Precision)
# better than the middle of the commune: a person who goes there arrives
PRECISE = frozenset({Precision.PIN, Precision.HOUSENUMBER, Precision.STREET, Precision.LOCALITY})

PRECISIONS: Mapping[str, str] = MappingProxyType(
    {
        Precision.PIN.value: "Placée à la main",
        Precision.HOUSENUMBER.value: "Au numéro",
        Precision.STREET.value: "Dans la rue",
        Precision.LOCALITY.value: "Au lieu-dit",
        Precision.COMMUNE.value: "Au centre de la commune",
        Precision.NONE.value: "Sans position",
    }
)


class PositionSource(StrEnum):
    """Who says where the structure is."""

    ADMINISTRATOR = "administrator"
    FINESS = "finess"
    FINESS_ANCIEN = "finess_ancien"  # the legacy file of 2026, where the flow has no point (geo.ancien)
    INSEE = "insee"
    GEOCODER = "geocoder"
    COMMUNE = "commune"  # the centre of its commune, for want of better


def precision_of_ban_key(key: str | None) -> Precision:
    """What a BAN interoperability key promises; its score promises nothing (DATA-FACTS § 1.3, 4).

    >>> [str(precision_of_ban_key(k)) for k in ("01053_1950_00062_bis", "01053_1950", "85191_zkcryr", "01053", None)]
    ['housenumber', 'street', 'locality', 'commune', 'street']
    """
    parts = (key or "").split("_")
    if len(parts) >= 3:
        return Precision.HOUSENUMBER
    if len(parts) == 2:
        return Precision.STREET if parts[1][:1].isdigit() else Precision.LOCALITY
    return Precision.COMMUNE if parts[0] else Precision.STREET


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Metres on the sphere between two points in degrees.

    >>> round(distance_m(2.3522, 48.8566, 3.0573, 50.6292))
    203509
    """
    south, north = math.radians(lat), math.radians(other_lat)
    half = math.sin((north - south) / 2) ** 2
    half += math.cos(south) * math.cos(north) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))
