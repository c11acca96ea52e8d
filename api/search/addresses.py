"""Addresses under the search box, where the operator lets a geocoder hear what looks like an address.

Off unless `LUM1_GEOCODER_SUGGEST=1` (DESIGN.md decision 7): names, illnesses and needs are typed in the same box, and stay here.
"""

import re

from geo.geocoder import Answer, Completer
from geo.geocoder.shapes import Kind
from geo.settings import Settings
from geo.text import sort_key
from geo.web import host, is_of_this_machine
from search.query import Origin
from search.results import Suggestion

MOST = 3
LEAST_SCORE = 0.4  # below, a geocoder offers anything rather than nothing
SHARE = 8  # a worker takes this part of the questions allowed a second: refreshes and other workers ask too
# « 12 bis rue… », or a kind of street and the beginning of its name; not « résidence » or « centre », which name structures
STREETS = (
    "rue", "r", "avenue", "av", "ave", "boulevard", "bd", "bld", "place", "pl", "chemin", "che", "route", "rte", "allee",
    "allees", "all", "impasse", "imp", "quai", "cours", "crs", "square", "sq", "passage", "ruelle", "sentier", "faubourg",
    "fg", "montee", "esplanade", "promenade", "venelle", "traverse",
)  # fmt: skip
_NUMBERED = re.compile(r"[0-9]{1,4} ?(?:BIS |TER |QUATER |[A-D] )?[A-Z]{2}.*")
_STREET = re.compile(rf"(?:.* )?(?:{'|'.join(each.upper() for each in STREETS)}) [A-Z0-9]{{2}}.*")


class Addresses:
    """What a geocoder offers; `host`: its machine, as the page tells."""

    def __init__(self, completer: Completer) -> None:
        self._completer = completer
        self.host = host(completer.base_url)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Addresses | None":
        """None where words stay here: unless the operator says otherwise, or without the network."""
        allowed = settings.live or is_of_this_machine(settings.geocoder_url)
        if not settings.geocoder_suggest or not allowed:
            return None
        per_second = max(1, settings.geocoder_per_second // SHARE)
        return cls(Completer(settings.geocoder_url, per_second, settings.geocoder_account))

    def lines(self, words: str, origin: Origin | None) -> list[Suggestion]:
        """The addresses that this may be the beginning of, without towns, which are ours."""
        if not looks_like_an_address(words):
            return []
        near = (origin.lon, origin.lat) if origin else None
        return [
            Suggestion("address", each.label, each.id or each.label, each.lon, each.lat)
            for each in self._completer.complete(words, near, MOST)
            if _is_likely(each) and each.label
        ]


def looks_like_an_address(words: str) -> bool:
    """Whether it is worth asking of a geocoder.

    >>> [looks_like_an_address(each) for each in ("12 bis, rue d", "rue des li", "résidence les lilas", "590000188", "dr roux")]
    [True, True, False, False, False]
    """
    key = sort_key(words)
    return bool(_NUMBERED.fullmatch(key) or _STREET.fullmatch(key))


def _is_likely(answer: Answer) -> bool:
    return answer.kind is not Kind.MUNICIPALITY and (answer.score or 0) >= LEAST_SCORE
