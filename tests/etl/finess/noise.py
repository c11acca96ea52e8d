"""The same content written otherwise, as the producer does every night."""

import random
from typing import Any

Json = Any
TECHNICAL = {"dateDerniereMaj": "2026-11-22 03:00:00", "dateEnregistrement": "2026-11-22 03:00:00"}


def noisy(value: Json, draw: random.Random) -> Json:
    """Technical dates moved, texts padded, pairs of coordinates exchanged, phones punctuated, keys and lists shuffled."""
    if isinstance(value, list):
        return draw.sample([noisy(each, draw) for each in value], len(value))
    if isinstance(value, dict):
        written = {name: noisy(member, draw) for name, member in value.items()}
        written |= {name: text for name, text in TECHNICAL.items() if name in written}
        if written.get("telephone"):
            written["telephone"] = _punctuated(written["telephone"], draw)
        if "coordonneeX" in written:
            written = _exchanged(written)
        return dict(draw.sample(list(written.items()), len(written)))
    if isinstance(value, str) and draw.random() < 0.3:
        return value.ljust(len(value) + draw.randint(1, 9))
    return value


def _punctuated(phone: str, draw: random.Random) -> str:
    digits = "".join(c for c in phone if c.isdigit())
    if len(digits) != 10 or not digits.startswith("0") or digits.startswith("00"):
        return phone  # not a number that can be written otherwise
    pairs = [digits[i : i + 2] for i in range(0, 10, 2)]
    return draw.choice([" ", ".", "-", ""]).join(pairs) if draw.random() < 0.7 else "+33 " + digits[1:]


def _exchanged(point: dict[str, Json]) -> dict[str, Json]:
    x, y = point["coordonneeX"], point["coordonneeY"]
    return point | {
        "coordonneeX": point["directionLatitude"],
        "coordonneeY": point["directionLongitude"],
        "directionLatitude": y,
        "directionLongitude": x,
    }
