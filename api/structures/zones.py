"""The zone of intervention of a structure, in words."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select

from geo.communes import area_names, communes
from geo.text import sort_key
from geo.zones import ZoneKind, intervention_zone

WIDEST_FIRST = (ZoneKind.DEPARTEMENT, ZoneKind.EPCI, ZoneKind.COMMUNE, ZoneKind.OUTLINE)


class Zone(msgspec.Struct, frozen=True):
    """A part of a zone: `contour`, `commune`, `epci` or `departement`."""

    kind: str
    code: str | None
    label: str


def zone_of(kind: str, code: str | None) -> Zone:
    """A part in words; a code that is no longer known stands for itself."""
    if kind == ZoneKind.OUTLINE or code is None:
        return Zone(kind, None, "secteur dessiné")
    if kind == ZoneKind.COMMUNE:
        known = communes().get(code)
        return Zone(kind, code, known.name if known else code)
    return Zone(kind, code, area_names(kind).get(code, code))


def zones_of(connection: Connection, ids: Sequence[str]) -> dict[str, list[Zone]]:
    """By structure, its parts, the widest first, then by name; by intervention_zone_structure_idx."""
    zone = intervention_zone.c
    found: dict[str, list[Zone]] = {}
    for row in connection.execute(select(zone.structure, zone.kind, zone.code).where(zone.structure.in_(ids))):
        found.setdefault(row.structure, []).append(zone_of(row.kind, row.code))
    order = {kind.value: at for at, kind in enumerate(WIDEST_FIRST)}
    return {
        each: sorted(parts, key=lambda part: (order[part.kind], sort_key(part.label))) for each, parts in found.items()
    }
