"""How old what is served is, by its producer's date, and whether the worker that renews it is alive."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, text

DAILY = ("finess", "finess_activites")  # pipelines whose producer publishes every day; others have their own rhythm
MONTHLY = "sirene"  # Insee's stock; the days that its API adds make it younger
# Its last treatment is of the end of a month, and the next stock comes some days into the month after.
STOCK_LIFE = timedelta(days=40)
WORKER_SILENCE = timedelta(seconds=60)  # a living worker shows itself every ten

# Age of what is served. Asked by /readyz, /metrics and the daily watch; one row of current_publication, then load_pkey.
SERVED = """
SELECT publication.fictitious, publication.published_at,
       min(load.produced_at) FILTER (WHERE load.pipeline = ANY (:daily)) AS produced_at,
       min(load.produced_at) FILTER (WHERE load.pipeline = :monthly) AS stock_at
FROM current_publication
JOIN publication USING (version)
LEFT JOIN load ON load.id = ANY (publication.loads)
GROUP BY publication.version
"""

# When the newest stock of SIRENE that was published was made: asked by the daily watch where SIRENE is served; a few loads.
SIRENE_STOCK = """
SELECT max(told.produced_at)
FROM current_publication
JOIN publication USING (version)
JOIN load AS served ON served.id = ANY (publication.loads) AND served.pipeline = 'sirene' AND NOT served.fictitious
JOIN load AS told ON told.pipeline = 'sirene' AND told.state = 'published' AND NOT told.fictitious
    AND told.counts ->> 'said_by' = 'stock'
"""

# Is a worker alive? Asked by /readyz, /metrics and the container's health check; a handful of rows, no index needed.
HEARTBEAT = "SELECT max(last_heartbeat), now() FROM procrastinate_workers"


class Served(msgspec.Struct, frozen=True):
    """The oldest of the daily contents that are served, and the monthly one."""

    fictitious: bool
    published_at: datetime
    produced_at: datetime | None
    stock_at: datetime | None = None

    def age(self, now: datetime) -> timedelta | None:
        """None for what was invented: it doesn't age."""
        return None if self.fictitious or self.produced_at is None else now - self.produced_at

    def is_stale(self, now: datetime, max_age_days: int) -> bool:
        age = self.age(now)
        return age is not None and age > timedelta(days=max_age_days)

    def stock_is_stale(self, now: datetime, max_age_days: int) -> bool:
        """Whether the month's stock should have been replaced since, these days of patience included."""
        if self.fictitious or self.stock_at is None:
            return False
        return now - self.stock_at > STOCK_LIFE + timedelta(days=max_age_days)


def served(connection: Connection) -> Served | None:
    """What this transaction sees served, None before the first publication."""
    row = connection.execute(text(SERVED), {"daily": list(DAILY), "monthly": MONTHLY}).one_or_none()
    return Served(row.fictitious, row.published_at, row.produced_at, row.stock_at) if row else None


def sirene_stock(connection: Connection) -> datetime | None:
    """As of when SIRENE's stock tells, None where SIRENE is not served, or was invented."""
    found: datetime | None = connection.execute(text(SIRENE_STOCK)).scalar_one()
    return found


def worker_silence(connection: Connection) -> timedelta | None:
    """Since when the last worker was heard; None when none runs."""
    last, now = connection.execute(text(HEARTBEAT)).one()
    return None if last is None else now - last


def is_alive(silence: timedelta | None) -> bool:
    return silence is not None and silence < WORKER_SILENCE


def worker_is_alive(connection: Connection) -> bool:
    return is_alive(worker_silence(connection))
