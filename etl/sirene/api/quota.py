"""No more questions in a minute than Insee allows a key."""

import time
from collections.abc import Callable

from geo import quota
from geo.errors import Lum1Error

PER_MINUTE = 30  # the public plan; one key in two places is one quota
MINUTE_S = 60.0
MARGIN_S = 0.5  # questions travel: two of them may arrive closer than they left


class Quota(quota.Quota):
    """Insee's: so many questions in any minute."""

    def __init__(
        self,
        per_minute: int = PER_MINUTE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if per_minute < 1:
            raise Lum1Error("LUM1_SIRENE_PER_MINUTE vaut 0 : au moins une question par minute est attendue.")
        super().__init__(per_minute, MINUTE_S + MARGIN_S, clock, sleep)
