"""Where the map should look: the area of the filters, the commune that words name, the place where matches are together."""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from api.areas import bounds_of_rings
from geo.communes import Commune, communes
from geo.filters import Bounds, Filters
from geo.text import sort_key

CONTRACTED = {"Le": "au", "Les": "aux"}
SHARE_TOGETHER = 0.9  # one match in ten may be elsewhere: an « EHPAD Lille » in Normandy, a point misplaced
TOGETHER_DEGREES = 2.5  # a région; « pharmacie » spans the country and says nothing of a place


def of_filters(filters: Filters) -> Bounds | None:
    """The box around the area asked for; None for filters without one, or for a point: the list gives its place."""
    if filters.bbox:
        return filters.bbox
    if filters.polygon:
        return bounds_of_rings(filters.polygon)
    areas = (filters.communes, filters.epcis, filters.departements, filters.regions)
    if not any(areas):
        return None
    return _around_boxes(each.bounds for each in communes().values() if _asked(each, filters))


def named(words: str) -> Bounds | None:
    """The commune that bears exactly this name, the most populous one."""
    found = _communes_by_name().get(sort_key(words))
    return found.bounds if found else None


def at(name: str) -> str:
    """A commune after « à ».

    >>> [at(name) for name in ("Dijon", "Le Mans", "Les Abymes", "La Rochelle")]
    ['à Dijon', 'au Mans', 'aux Abymes', 'à La Rochelle']
    """
    article, _, rest = name.partition(" ")
    return f"{CONTRACTED[article]} {rest}" if article in CONTRACTED else f"à {name}"


def around(points: Iterable[tuple[float, float]]) -> Bounds | None:
    """The box around all of these points."""
    return _around_boxes((lon, lat, lon, lat) for lon, lat in points)


def together(lon: Sequence[float], lat: Sequence[float]) -> Bounds | None:
    """The box around most of these points, when they are in one part of the country."""
    if not lon:
        return None
    east, north = np.asarray(lon), np.asarray(lat)
    away = np.maximum(np.abs(east - np.median(east)), np.abs(north - np.median(north)))
    near = away <= np.quantile(away, SHARE_TOGETHER, method="inverted_cdf")
    box = (float(east[near].min()), float(north[near].min()), float(east[near].max()), float(north[near].max()))
    return box if max(box[2] - box[0], box[3] - box[1]) <= TOGETHER_DEGREES else None


def _asked(commune: Commune, filters: Filters) -> bool:
    """Conditions combine with « and », as in the question."""
    return (
        (not filters.communes or commune.code in filters.communes)
        and (not filters.epcis or commune.epci in filters.epcis)
        and (not filters.departements or commune.departement in filters.departements)
        and (not filters.regions or commune.region in filters.regions)
    )


def _around_boxes(boxes: Iterable[Bounds]) -> Bounds | None:
    found = list(boxes)
    if not found:
        return None
    west, south, east, north = zip(*found, strict=True)
    return (min(west), min(south), max(east), max(north))


@cache
def _communes_by_name() -> dict[str, Commune]:
    return {sort_key(each.name): each for each in sorted(communes().values(), key=lambda c: c.population)}
