"""What is done by itself: the daily refresh, the watch over the age of what is served, the operator's mail."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from procrastinate import JobContext
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import Connection, text

from etl import alerts, tile_archive
from etl.alerts import Alert
from etl.mail import CannotMail, Mailbox
from etl.outcome import refreshed_apart, run_apart
from etl.rhythm import PARIS, Rhythm
from etl.thresholds import Thresholds
from geo import freshness, outbox
from geo.database import engine_for
from geo.errors import Lum1Error
from geo.freshness import Served
from geo.settings import Settings

logger = logging.getLogger("lum1")

JOBS_KEPT_H = 30 * 24

# Was this told today? Asked before each mail; a month of jobs is a few dozen rows, read in order.
TOLD = """
SELECT EXISTS (
    SELECT FROM procrastinate_jobs WHERE task_name = 'mail' AND args->>'about' = :about AND args->>'day' = :day
)
"""

T = TypeVar("T")


class Unreached(Lum1Error):
    """The producer could not be reached."""


class Busy(Lum1Error):
    """Another load is under way: not a failure."""


class Failed(Lum1Error):
    """Trying again today would not help."""


class Jobs:
    """The tasks of one instance."""

    def __init__(self, settings: Settings, rhythm: Rhythm, mailbox: Mailbox | None) -> None:
        self.settings = settings
        self.rhythm = rhythm
        self.mailbox = mailbox

    async def refresh(self, context: JobContext, *, timestamp: int) -> None:
        """Publish the day's flow, if what is served is real and was not renewed since the hour."""
        served = await self._ask(freshness.served)
        if idle := self.idle_because(served, datetime.fromtimestamp(timestamp, UTC)):
            logger.info("rafraîchissement : rien à faire, %s", idle)
            await self._archive_tiles()
            return
        outcome = await refreshed_apart()
        logger.info("rafraîchissement (%s) : %s", outcome.state, outcome.said)
        if outcome.state == "busy":
            raise Busy(outcome.said)
        if outcome.state == "unreachable" and context.job.attempts < len(self.rhythm.retries_s):
            raise Unreached(outcome.said)
        await self._archive_tiles()
        if outcome.state == "refused":
            await self._tell(context, alerts.refused(self.settings, served, outcome.said))
        elif outcome.state != "done":
            await self._tell(context, alerts.failed(self.settings, served, outcome.said))
            raise Failed(outcome.said)

    async def _archive_tiles(self) -> None:
        """Have the home's archive follow what is published now; whatever becomes of it, the refresh is done."""
        if not self.settings.tiles_archive:
            return
        words, code = await run_apart(tile_archive.COMMAND)
        if said := words.decode().strip() or (f"arrêt sans rien dire (code {code})." if code else ""):
            logger.log(logging.WARNING if code else logging.INFO, "archive des tuiles : %s", said)

    def idle_because(self, served: Served | None, due: datetime) -> str | None:
        """Why nothing is to be refreshed; demonstration and real data are never swapped by themselves."""
        if not self.settings.live:
            return "LUM1_LIVE=0 : le réseau n’est pas essayé."
        if served is None:
            return "rien n’est encore publié : ./lum1 start charge la première fois."
        if served.fictitious:
            return "les données servies sont fictives : ./lum1 refresh finess passe aux réelles."
        if served.published_at > due:
            return "une publication a eu lieu depuis l’heure prévue."
        return None

    async def watch(self, context: JobContext, *, timestamp: int) -> None:
        """Tell the operator when what is served has grown old; forget the jobs of last month."""
        served, now = await self._ask(freshness.served), datetime.now(UTC)
        if served is not None and served.is_stale(now, self.settings.max_age_days):
            await self._tell(context, alerts.stale(self.settings, served, now))
        stock, most = await self._ask(freshness.sirene_stock), Thresholds.from_environment().max_stock_age_days
        if stock is not None and now - stock > timedelta(days=most):
            await self._tell(context, alerts.stale_stock(self.settings, stock, now, most))
        await self._ask(outbox.tidy)
        await context.app.job_manager.delete_old_jobs(
            nb_hours=JOBS_KEPT_H, include_failed=True, include_cancelled=True, include_aborted=True
        )

    def mail(self, context: JobContext, *, about: str, day: str, subject: str, body: str) -> None:
        """Send one mail; what cannot be sent is in the log, and tried again a few times."""
        if self.mailbox is None:
            return
        try:
            self.mailbox.send(subject, body)
        except CannotMail as error:
            logger.error("courriel « %s » : %s", subject, error)
            if context.job.attempts < len(self.rhythm.mail_retries_s):
                raise

    async def _tell(self, context: JobContext, alert: Alert) -> None:
        alerts.log(alert)
        day = datetime.now(PARIS).date().isoformat()
        if self.mailbox is None or await self._ask(_was_told(alert.about, day)):
            return
        mail = context.app.configure_task("mail", queueing_lock=f"mail/{alert.about}/{day}")
        try:
            await mail.defer_async(about=alert.about, day=day, subject=alert.subject, body=alert.body)
        except AlreadyEnqueued:  # by another worker, just now
            return

    async def _ask(self, question: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(ask, self.settings, question)


def ask(settings: Settings, question: Callable[[Connection], T]) -> T:
    """One question to the database, or one change, on a connection of its own."""
    engine = engine_for(settings.database_url, pool_size=1)
    try:
        with engine.begin() as connection:
            return question(connection)
    finally:
        engine.dispose()


def _was_told(about: str, day: str) -> Callable[[Connection], bool]:
    return lambda connection: bool(connection.execute(text(TOLD), {"about": about, "day": day}).scalar_one())
