"""What a run of a geocoder must satisfy before its answers are served."""

from collections.abc import Mapping
from typing import Any

import msgspec

from etl.counts import Geocoding
from etl.gates import Judged, Verdict, fallen
from etl.positions.asking import Said
from etl.positions.verdict import Reason
from etl.thresholds import Thresholds
from geo.position import Precision


class Counted(Judged, kw_only=True):
    """Structures whose addresses were asked and, of them, found: by this run and by the one that is served."""

    found: int
    asked: int
    found_before: int
    asked_before: int


def counted(said: Said, before: Mapping[str, Any] | None, *, fictitious: bool) -> Counted:
    """`before` is the member `geocoding` of the load that is served, None at a first run."""
    found, asked = _found(said)
    found_before, asked_before = _found(msgspec.convert(before or {}, Geocoding))
    return Counted(
        fictitious=fictitious,
        found=found,
        asked=asked,
        found_before=found_before,
        asked_before=asked_before,
    )


def geocoding(counted: Counted, limits: Thresholds) -> Verdict:
    """An index that lost a part of France answers « not found » in all good faith."""
    before, now = (counted.found_before, counted.asked_before), (counted.found, counted.asked)
    return fallen("geocoding", before, now, limits.geocoding, "des adresses trouvées par le géocodeur")


GATES = (geocoding,)
GATE_NAMES = tuple(gate.__name__ for gate in GATES)  # what --accept takes


def _found(said: Said | Geocoding) -> tuple[int, int]:
    """How many addresses were found, of how many; what had no answer yet is not held against an index."""
    every = sum(said.precisions.values())
    not_found = said.precisions.get(Precision.NONE, 0) - said.reasons.get(Reason.SANS_REPONSE, 0)
    return every - max(0, not_found), every
