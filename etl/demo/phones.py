"""Public contacts: numbers kept for fiction, in the many forms of the real flow."""

import random

from etl.demo.ranges import demo_phone

Json = dict[str, object]

WITH_PHONE = 0.86
MOBILE = 0.05
# Départements by telephone zone; the south-east has the rest.
ZONES = {
    1: "75 77 78 91 92 93 94 95",
    2: "14 18 22 27 28 29 35 36 37 41 44 45 49 50 53 56 61 72 76 85",
    3: "02 08 10 21 25 39 51 52 54 55 57 58 59 60 62 67 68 70 71 80 88 89 90",
    5: "09 12 16 17 19 23 24 31 32 33 40 46 47 64 65 79 81 82 86 87",
}
ZONE_OF_DEPARTEMENT = {departement: zone for zone, listed in ZONES.items() for departement in listed.split()}


def contacts(draw: random.Random, departement: str) -> list[Json]:
    """One public contact, or none."""
    if draw.random() >= WITH_PHONE:
        return []
    return [{"typeContact": {"roleContact": "01"}, "telecom": {"telephone": _phone(draw, departement)}}]


def _phone(draw: random.Random, departement: str) -> str:
    """By frequency in the published file; sometimes two numbers in one field."""
    digits, chance = _number(draw, departement), draw.random()
    if chance < 0.61:
        return digits
    if chance < 0.96:
        separator = " " if chance < 0.85 else "." if chance < 0.945 else "-"
        return separator.join((digits[:2], digits[2:4], digits[4:6], digits[6:8], digits[8:]))
    if chance < 0.975:
        return f"0{digits}"
    return f"+33{digits[1:]}" if chance < 0.99 else f"{digits}/{_number(draw, departement)}"


def _number(draw: random.Random, departement: str) -> str:
    overseas = len(departement) == 3
    zone = 6 if overseas or draw.random() < MOBILE else ZONE_OF_DEPARTEMENT.get(departement, 4)
    return demo_phone(zone, int(draw.random() * 10_000))
