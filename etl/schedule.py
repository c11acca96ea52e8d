"""The jobs of an instance on its database: when each is due, what is tried again.

Jobs are rows of procrastinate's tables: enqueued once a period whatever the number of workers, one refresh at a time.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from croniter import croniter
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Job
from procrastinate.periodic import PeriodicTask
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.tasks import Task
from sqlalchemy import Connection, text

from etl.jobs import Busy, Jobs, Unreached, ask
from etl.mail import CannotMail, Mailbox
from etl.outcome import Interrupted
from etl.rhythm import PARIS, Rhythm
from geo.settings import Settings

logger = logging.getLogger("lum1")

QUEUE = "lum1"
# What tells this instance from all others, the same for each of its workers: the moment its tables were made.
INSTANCE = "SELECT min(applied_at)::text FROM job_schema_script"


class Patience(BaseRetryStrategy):
    """What is tried again, and when: an unreachable producer over the day, a busy database soon, an interrupted job at once."""

    def __init__(self, rhythm: Rhythm) -> None:
        self.rhythm = rhythm

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError | Interrupted):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, Busy):
            return _again_in(self.rhythm.busy_s)
        if isinstance(exception, Unreached):
            return _again_in(self.rhythm.retries_s[job.attempts])
        if isinstance(exception, CannotMail):
            return _again_in(self.rhythm.mail_retries_s[job.attempts])
        return None


class OnParisTime(PeriodicTask[Any, Any, Any]):
    """A cron line read in Paris: procrastinate's own are in UTC, an hour off for half of the year."""

    @cached_property
    def croniter(self) -> croniter:
        return croniter(self.cron, datetime.now(PARIS))


def app_of(settings: Settings, rhythm: Rhythm, mailbox: Mailbox | None) -> App:
    """The jobs of an instance, on its database."""
    app = App(
        connector=PsycopgConnector(
            conninfo=settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1), min_size=1, max_size=4
        ),
        periodic_defaults={"max_delay": rhythm.catch_up_s},
    )
    jobs, retry = Jobs(settings, rhythm, mailbox), Patience(rhythm)

    def declare(task: Callable[..., object], lock: str | None) -> Task[Any, Any, Any]:
        name = task.__name__
        return app.task(name=name, queue=QUEUE, lock=lock, queueing_lock=lock, retry=retry, pass_context=True)(task)

    refresh, watch = declare(jobs.refresh, "refresh"), declare(jobs.watch, "watch")
    declare(jobs.mail, None)
    _every_day(app, refresh, rhythm.refresh_cron(ask(settings, _instance)))
    _every_day(app, watch, rhythm.watch_cron())
    return app


def _every_day(app: App, task: Task[Any, Any, Any], cron: str) -> None:
    periodic = OnParisTime(task=task, cron=cron, periodic_id="", configure_kwargs={})
    app.periodic_registry.periodic_tasks[task.name, ""] = periodic


def _instance(connection: Connection) -> str:
    return str(connection.execute(text(INSTANCE)).scalar_one())


def _again_in(seconds: int) -> RetryDecision:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    logger.warning("nouvel essai à %s", f"{at.astimezone(PARIS):%H:%M}")
    return RetryDecision(retry_at=at)
