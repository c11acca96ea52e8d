"""From a server's fields to an Answer: what every addok and the Géoplateforme agree on, and what they leave out."""

from collections.abc import Mapping
from typing import Any

import msgspec

from geo.geocoder.shapes import Answer, Kind, Status
from geo.patience import Interrupted

KINDS = frozenset(Kind)
NOT_FOUND = Answer(Status.NOT_FOUND)
HIGHEST_SCORE = 1.1  # addok adds what an address is worth to how well it matches, and may pass 1 by a little
TO_THE_STREET = {Kind.STREET, Kind.LOCALITY, Kind.HOUSENUMBER}


class Garbled(Interrupted):
    """An answer that was cut, or isn't one of this question; asked again it may be whole."""


def answers_of_features(body: bytes) -> list[Answer]:
    """The best first, of a GeoJSON collection; each knows the score of the one after it."""
    try:
        features = msgspec.json.decode(body)["features"]
        found = [answer_of(_fields(feature)) for feature in features]
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError, ValueError) as error:
        raise Garbled("une réponse qui n’est pas une liste d’adresses") from error
    following = [*(each.score for each in found[1:]), None]
    return [msgspec.structs.replace(each, score_next=score) for each, score in zip(found, following, strict=False)]


def answer_of(said: Mapping[str, str | None]) -> Answer:
    """One answer that was found, of fields named as in GeoJSON, some empty or absent; ValueError without a point."""
    kind = Kind(said.get("type") or "") if said.get("type") in KINDS else None
    lon, lat = float(said.get("lon") or ""), float(said.get("lat") or "")
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise ValueError("not on Earth")
    return Answer(
        status=Status.OK,
        kind=kind,
        score=_number(said.get("score")),
        score_next=_number(said.get("score_next")) or None,  # addok-csv says 0 where nothing else was found
        lon=lon,
        lat=lat,
        label=said.get("label") or None,
        id=said.get("id") or None,
        housenumber=said.get("housenumber") or None,
        street=_street(said, kind),
        postcode=said.get("postcode") or None,
        citycode=said.get("citycode") or None,
        city=said.get("city") or None,
    )


def _street(said: Mapping[str, str | None], kind: Kind | None) -> str | None:
    """addok-csv leaves `street` empty, and names a street that has numbers by its own name."""
    if kind not in TO_THE_STREET:
        return None
    named = said.get("street") or said.get("name") or None
    number = said.get("housenumber")
    return named.removeprefix(f"{number} ") if named and number else named


def _number(text: str | None) -> float | None:
    """A score, from 0 to 1; ValueError for what is none."""
    score = float(text) if text else None
    if score is not None and not 0 <= score <= HIGHEST_SCORE:
        raise ValueError("no score")
    return score


def _fields(feature: Any) -> dict[str, str | None]:
    lon, lat = feature["geometry"]["coordinates"][:2]
    said = {name: _text(value) for name, value in feature["properties"].items()}
    # a number at a place without streets is told under the name of that place
    return said | {"lon": str(lon), "lat": str(lat), "street": said.get("street") or said.get("locality")}


def _text(value: Any) -> str | None:
    """The first of several: a commune may have many postcodes, and a place several names."""
    if isinstance(value, list):
        return _text(value[0]) if value else None
    return None if value is None else str(value)
