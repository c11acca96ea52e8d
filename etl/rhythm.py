"""When things are done by themselves: on Paris time, as the producer's day and the operator's are."""

import hashlib
import os
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from geo.errors import Lum1Error

PARIS = ZoneInfo("Europe/Paris")
HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class InvalidHour(Lum1Error):
    """A setting that is not an hour of the day."""


@dataclass(frozen=True)
class Rhythm:
    """The day of an instance, and how patient it is; seconds are for tests to shorten."""

    refresh_at: str = "04:30"  # the flow is published about 02:15 UTC: 03:15 in Paris in winter, 04:15 in summer
    jitter_min: int = 30  # so that all instances don't ask data.gouv.fr in the same minute
    watch_at: str = "10:00"  # when somebody reads the alert
    retries_s: tuple[int, ...] = (3_600, 10_800, 21_600)  # an unreachable producer: three more times over the day
    mail_retries_s: tuple[int, ...] = (600, 3_600, 10_800)  # a mail server that is restarted, or down for the morning
    busy_s: int = 900  # another load is under way: look again in a quarter of an hour
    catch_up_s: int = 23 * 3_600  # a machine that was off at the hour does it when it is on again
    heartbeat_s: float = 10
    stalled_s: float = 30  # three heartbeats missed: the worker that had this job is dead
    search_s: float = 5  # between two looks at the search server: one small question to each
    search_again_s: float = 60  # after it could not be brought up

    @classmethod
    def from_environment(cls) -> "Rhythm":
        """Read `LUM1_REFRESH_AT` and `LUM1_REFRESH_JITTER`; InvalidHour says what is wrong."""
        jitter = os.environ.get("LUM1_REFRESH_JITTER") or str(cls.jitter_min)
        if not jitter.isdecimal() or int(jitter) > 30:
            raise InvalidHour(f"LUM1_REFRESH_JITTER={jitter} : des minutes sont attendues, de 0 à 30.")
        rhythm = cls(refresh_at=os.environ.get("LUM1_REFRESH_AT") or cls.refresh_at, jitter_min=int(jitter))
        rhythm.refresh_cron("")
        return rhythm

    def refresh_cron(self, instance: str) -> str:
        """The cron line of this instance's refresh: every worker of one instance finds the same minute."""
        hour, minute = _hour("LUM1_REFRESH_AT", self.refresh_at)
        late = int.from_bytes(hashlib.sha256(instance.encode()).digest()[:4]) % (self.jitter_min + 1)
        return _cron((hour * 60 + minute + late) % 1_440)

    def watch_cron(self) -> str:
        hour, minute = _hour("watch_at", self.watch_at)
        return _cron(hour * 60 + minute)


def _hour(setting: str, value: str) -> tuple[int, int]:
    read = HOUR.fullmatch(value)
    if read is None:
        raise InvalidHour(f"{setting}={value} : une heure de Paris est attendue, comme 04:30.")
    return int(read[1]), int(read[2])


def _cron(minute_of_day: int) -> str:
    return f"{minute_of_day % 60} {minute_of_day // 60} * * *"
