"""Addresses while somebody types: one short question, no second try; a geocoder in trouble is left alone for a while."""

import logging
import time
from collections.abc import Callable

from geo.errors import Lum1Error
from geo.geocoder.asking import Asking, Limits, TooMuch
from geo.geocoder.client import SECOND_S
from geo.geocoder.reading import answers_of_features
from geo.geocoder.shapes import Answer
from geo.patience import Patience
from geo.quota import Quota

ANSWER_S = 0.8  # of silence, and as much for the whole answer: who types has gone on by then
CONNECT_S = 0.5
BODY_BYTES = 200_000
LEFT_ALONE_S = 15.0
DEGREES_SAID = 1  # decimals of the map's centre, some ten kilometres: which town, not which house

logger = logging.getLogger("lum1.geocoder")


class Completer:
    """One geocoder, asked by any number of threads; no word of a question is in any log or error."""

    def __init__(
        self,
        base_url: str,
        per_second: int,
        account: tuple[str, str] | None = None,
        answer_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        answer_s = ANSWER_S if answer_s is None else answer_s
        self._asking = Asking(
            self.base_url,
            Quota(per_second, SECOND_S, clock, _never),
            Patience(attempts=1),
            account,
            Limits(CONNECT_S, answer_s, BODY_BYTES),
        )
        self._answer_s = answer_s
        self._clock = clock
        self._alone_until = 0.0

    def complete(self, words: str, near: tuple[float, float] | None, limit: int) -> list[Answer]:
        """At most `limit` addresses (1 to 20) that what is typed may be the beginning of; `near`: degrees, longitude first."""
        if self._clock() < self._alone_until:
            return []
        asked = {"q": words, "limit": str(limit), "autocomplete": "1"}
        if near is not None:
            asked |= {"lon": f"{near[0]:.{DEGREES_SAID}f}", "lat": f"{near[1]:.{DEGREES_SAID}f}"}
        try:
            return self._asking.get("search", asked, answers_of_features, self._answer_s, tries=1)[:limit]
        except TooMuch as refusal:
            if refusal.may_pass:
                self._leave_alone(refusal)
            return []  # else these words are refused, or too many were asked this second
        except Lum1Error as failure:
            self._leave_alone(failure)
            return []

    def _leave_alone(self, failure: Exception) -> None:
        self._alone_until = self._clock() + LEFT_ALONE_S
        logger.warning("adresses proposées : %s ; sans elles pendant %.0f s", failure, LEFT_ALONE_S)


def _never(_: float) -> None:
    raise TooMuch("trop de questions à la seconde")
