"""The process that does what is scheduled: it outlives a database that stops, and takes up what a dead worker left."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable

import psycopg
from procrastinate import App
from procrastinate.exceptions import ProcrastinateException, UniqueViolation
from procrastinate.jobs import Job, Status
from sqlalchemy.exc import SQLAlchemyError

from etl import following
from etl.mail import Mailbox
from etl.rhythm import Rhythm
from etl.schedule import QUEUE, app_of
from geo import discretion
from geo.errors import Lum1Error
from geo.settings import Settings

logger = logging.getLogger("lum1")

AT_ONCE = 2  # a mail leaves while a refresh runs
PAUSE_S = 5.0
DATABASE_FAILURES = (ProcrastinateException, psycopg.Error, SQLAlchemyError, OSError)
KNOWN = "SELECT EXISTS (SELECT FROM procrastinate_workers) AS known"
MOST_ATTEMPTS = 10  # a job that was running each time the machine died is perhaps why


def main(rhythm: Rhythm | None = None) -> None:
    """Work until a signal."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(discretion.Discreet("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[lines])
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    asyncio.run(work(rhythm or Rhythm.from_environment()))


async def work(rhythm: Rhythm) -> None:
    """One life after another, for as long as nobody asks to stop: settings are read again, the cluster may have moved."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set():
        try:
            await live(rhythm, stop)
        except DATABASE_FAILURES as error:
            logger.warning("la base de données n’est pas prête : %s", _why(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE_S)
    logger.info("arrêté")


def _why(error: Exception) -> str:
    """What is said of a connection quotes no row, and tells the operator what to mend."""
    cause = getattr(error, "orig", None) or error.__cause__ or error
    of_the_connection = isinstance(cause, psycopg.OperationalError | OSError)
    return str(cause).partition("\n")[0] if of_the_connection else discretion.said(error)


async def live(rhythm: Rhythm, stop: asyncio.Event) -> None:
    """Work until asked to stop, or until the database is lost."""
    settings, mailbox = Settings.from_environment(), Mailbox.from_environment()
    app = await asyncio.to_thread(app_of, settings, rhythm, mailbox)
    async with app.open_async():
        await resume_stalled(app, rhythm)
        for task in app.periodic_registry.periodic_tasks.values():
            logger.info("tâche %s : chaque jour, cron « %s » à l’heure de Paris", task.task.name, task.cron)
        await _until_first(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=AT_ONCE,
                install_signal_handlers=False,
                shutdown_graceful_timeout=1,
                update_heartbeat_interval=rhythm.heartbeat_s,
                stalled_worker_timeout=rhythm.stalled_s,
            ),
            _keep_resuming(app, rhythm),
            following.keep_up(settings, rhythm),
            stop.wait(),
        )


async def resume_stalled(app: App, rhythm: Rhythm) -> None:
    """Put back in the queue what was running on a worker that died."""
    for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=rhythm.stalled_s):
        logger.warning("la tâche %s (n° %s) a été interrompue par un arrêt brutal", job.task_name, job.id)
        await _put_back(app, job)


async def _put_back(app: App, job: Job) -> None:
    try:
        if job.attempts < MOST_ATTEMPTS:
            await app.job_manager.retry_job(job)
            return
        logger.error("la tâche %s est abandonnée : interrompue %s fois", job.task_name, job.attempts)
    except UniqueViolation:  # the next one already waits: it does the same work
        pass
    await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)


async def _keep_resuming(app: App, rhythm: Rhythm) -> None:
    """Until the database knows of no worker: one that slept with its machine was struck off, and must begin anew."""
    known = True
    while known:
        await asyncio.sleep(rhythm.stalled_s / 2)
        await resume_stalled(app, rhythm)
        known = (await app.connector.execute_query_one_async(KNOWN))["known"]
    logger.warning("la base de données ne connaît plus cette exécution : elle recommence")


async def _until_first(*works: Awaitable[object]) -> None:
    """Until one of them ends; the others are ended, and what went wrong is raised."""
    tasks = [asyncio.ensure_future(each) for each in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


if __name__ == "__main__":
    sys.excepthook = discretion.hook
    try:
        main()
    except Lum1Error as error:
        sys.exit(f"lum1 worker : {error}")
