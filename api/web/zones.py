"""Zones of intervention as pages say them."""

from api.structures.zones import Zone
from geo.zones import ZoneKind


def served(zone: Zone) -> str:
    """What makes a structure come to a point.

    >>> served(Zone("commune", "59350", "Lille"))
    'Vient dans la commune : Lille'
    """
    if zone.kind == ZoneKind.OUTLINE:
        return "Vient dans un secteur qui contient ce point"
    where = {
        ZoneKind.COMMUNE: "la commune",
        ZoneKind.EPCI: "l’intercommunalité",
        ZoneKind.DEPARTEMENT: "le département",
    }
    return f"Vient dans {where[ZoneKind(zone.kind)]} : {zone.label}"


def named(zone: Zone) -> str:
    """A part of a zone in a list of them."""
    if zone.kind == ZoneKind.DEPARTEMENT:
        return f"Département : {zone.label}"
    return "Un secteur dessiné" if zone.kind == ZoneKind.OUTLINE else zone.label
