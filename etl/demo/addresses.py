"""One published address: lines, codes, and the two pairs of coordinates that change places."""

import random
import re
from functools import cache
from zlib import crc32

from etl.demo.facts import Entity, Establishment
from etl.demo.names import STREET_WORDS, Street, pick, postal_name, street
from geo.communes import Commune

Json = dict[str, object]

DEGREES_FIRST = 0.74  # the rest have the projection first, northing before easting (DATA-FACTS § 1.3, 2)
NULL_COORDINATES = 0.5  # of those without: the key is there, and null; else it is absent
HALF_RECODED = 0.07  # "Rue des Tilleuls" in one field, from the BAN (§ 1.3, 5)
TH_LOST = 0.5  # of streets with a TH: "MONEIERS" for Monthiers (§ 1.3, 5)
CEDEX = 0.03
ALPHABET = "abcdefghijkmnpqrstuvwxyz"
ELSEWHERE_DEGREES = 2.5  # another département, still in the same country


def address(
    draw: random.Random, site: Entity | Establishment, usage: str, *, padded: bool = False, elsewhere: bool = False
) -> Json:
    """The address of a site, or of something of its own `elsewhere` in the commune."""
    lane = street(draw, "housenumber") if elsewhere else site.street
    written: Json = {"usageAdresse": usage} | _lines(draw, lane, padded)
    written |= {"cogCommune": site.commune.code} | _last_line(draw, site.commune, lane)
    if elsewhere:
        return written
    if site.precision != "none":
        written["coordonneesGeographique"] = _coordinates(draw, site)
    elif draw.random() < NULL_COORDINATES:
        written["coordonneesGeographique"] = None
    return written


def _lines(draw: random.Random, lane: Street, padded: bool) -> Json:
    name = lane.name.replace("TH", "E") if "TH" in lane.name and draw.random() < TH_LOST else lane.name
    written: Json = {}
    if lane.kind and draw.random() < HALF_RECODED:
        written |= _recoded(lane, name)
    else:
        if lane.number:
            written["numeroVoie"] = lane.number
        if lane.kind:
            written["typeVoie"] = lane.kind.ljust(4) if padded else lane.kind
        written["libelleVoie"] = name.ljust(21) if padded else name
        if lane.repetition:
            written["complementVoie"] = lane.repetition
    if lane.inside:
        written["complementPointGeographique"] = lane.inside
    if lane.box:
        written["lieuDit"] = lane.box
    return written


def _recoded(lane: Street, name: str) -> Json:
    """Kind and name in one mixed-case field, the repetition stuck to the number."""
    number: Json = {"numeroVoie": f"{lane.number}{(lane.repetition or '').lower()}"} if lane.number else {}
    return number | {"libelleVoie": f"{STREET_WORDS[lane.kind or 'R']} {name}".capitalize()}


def _last_line(draw: random.Random, commune: Commune, lane: Street) -> Json:
    town, postcode = postal_name(_town(commune.name)), pick(draw, commune.postcodes)
    if lane.box and draw.random() < CEDEX / 0.08:  # boxes are a twelfth of addresses, and have the CEDEX
        town, postcode = f"{town} CEDEX", f"{postcode[:3]}{10 + int(draw.random() * 89)}"
    return {"ligneAcheminement": town, "ligneQuatre": lane.line(), "codePostal": postcode}


def _town(name: str) -> str:
    """The post writes "PARIS", not the arrondissement."""
    return re.sub(r" \d+e?r? Arrondissement$", "", name)


def _coordinates(draw: random.Random, site: Entity | Establishment) -> Json:
    point, damage = (site.published_at, site.damage) if isinstance(site, Establishment) else (site.at, None)
    if damage == "elsewhere":
        point = point._replace(lon=point.lon + ELSEWHERE_DEGREES, east=point.east + 190_000.0)
    degrees, metres = (f"{point.lon:.6f}", f"{point.lat:.6f}"), (_metres(point.east), _metres(point.north))
    if damage == "zero":
        degrees = metres = ("0", "0")
    if damage == "comma":
        degrees = (degrees[0].replace(".", ","), degrees[1].replace(".", ","))
    return _pairs(draw, degrees, metres) | {
        "cleInInteropBAN": _ban_key(site.commune.code, site.street, site.precision),
        "scoreBAN": repr(0.9 + 0.08 * draw.random()),
    }


def _pairs(draw: random.Random, degrees: tuple[str, str], metres: tuple[str, str]) -> Json:
    (lon, lat), (east, north) = degrees, metres
    if draw.random() < DEGREES_FIRST:
        return {"coordonneeX": lon, "coordonneeY": lat, "directionLatitude": north, "directionLongitude": east}
    return {"coordonneeX": north, "coordonneeY": east, "directionLatitude": lat, "directionLongitude": lon}


def _metres(value: float) -> str:
    return repr(value)  # two decimals at most: "6688306.0"


def _ban_key(commune: str, lane: Street, precision: str) -> str:
    """The precision is in this key (DATA-FACTS § 1.3, 4)."""
    if precision == "commune":
        return commune
    if precision == "locality" or not lane.kind:
        return f"{commune}_{locality_code(lane.name)}"
    if precision == "street" or not lane.number:
        return f"{commune}_{street_code(lane.name)}"
    repetition = f"_{lane.repetition.lower()}" if lane.repetition else ""
    return f"{commune}_{street_code(lane.name)}_{int(lane.number):05d}{repetition}"


@cache
def street_code(name: str) -> str:
    """Four digits that stand for a street in a BAN key, the same for one name."""
    return f"{1000 + crc32(name.encode()) % 9000}"


@cache
def locality_code(name: str) -> str:
    """Six letters that stand for a place without streets."""
    drawn = crc32(name.encode())
    return "".join(ALPHABET[drawn >> shift & 15] for shift in range(0, 24, 4))
