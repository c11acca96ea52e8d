"""An instance whose jobs are run: its database, the flow it reads, the operator's postbox, and workers as processes."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from api.machine import processes
from api.machine.processes import Process
from etl.finess import pipeline as finess
from etl.mail import Mailbox
from etl.rhythm import PARIS, Rhythm
from etl.schedule import QUEUE, app_of
from geo.settings import REPOSITORY, Settings
from tests.builders import publish
from tests.etl.flow import Flow
from tests.etl.smtp import Postbox

WORK = "import json, sys\nfrom etl.rhythm import Rhythm\nfrom etl import worker\nworker.main(Rhythm(**json.loads(sys.argv[1])))"


class Instance:
    """What a test arranges and looks at."""

    def __init__(self, engine: Engine, url: str, home: Path, flow: Flow, postbox: Postbox) -> None:
        self.engine, self.url, self.home, self.flow, self.postbox = engine, url, home, flow, postbox
        an_hour_ago = f"{datetime.now(PARIS) - timedelta(hours=1):%H:%M}"  # due, whatever the hour this runs at
        self.rhythm = Rhythm(refresh_at=an_hour_ago, watch_at=an_hour_ago, heartbeat_s=0.2, stalled_s=1, jitter_min=0)

    @property
    def settings(self) -> Settings:
        return Settings.from_environment()

    def serve(
        self, *, fictitious: bool = False, days_old: int = 0, published_days_ago: float = 2, sha1: str = ""
    ) -> None:
        """Have something published, its content so old."""
        with self.engine.begin() as connection:
            publish(connection, fictitious=fictitious)
            produced = datetime.now(UTC) - timedelta(days=days_old)
            connection.execute(text("UPDATE load SET produced_at = :at, sha1 = :sha1"), {"at": produced, "sha1": sha1})
            published = datetime.now(UTC) - timedelta(days=published_days_ago)
            connection.execute(text("UPDATE publication SET published_at = :at"), {"at": published})

    def load_by_hand(self) -> None:
        """The flow's file, with its projections."""
        assert self.flow.file is not None
        report = finess.refresh(self.engine, self.settings.search_root, self.flow.file, home=self.home)
        assert report.state == "published", report

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.begin() as connection:
            return list(connection.execute(text(statement), values))

    def jobs(self, task: str) -> list[tuple[str, int]]:
        """State and attempts of this task's jobs."""
        found = self.rows(
            "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = :task ORDER BY id", task=task
        )
        return [(row.status, row.attempts) for row in found]

    def run(self, task: str, *, attempts: int = 0) -> None:
        """Enqueue this task as its hour does, and work until nothing is due."""
        asyncio.run(self._run(task, attempts))

    async def _run(self, task: str, attempts: int) -> None:
        app = app_of(self.settings, self.rhythm, Mailbox.from_environment())
        app.periodic_registry.periodic_tasks.clear()  # only what the test enqueues
        async with app.open_async():
            job = await app.configure_task(task).defer_async(timestamp=int(time.time()))
            with self.engine.begin() as connection:
                statement = text("UPDATE procrastinate_jobs SET attempts = :attempts WHERE id = :job")
                connection.execute(statement, {"attempts": attempts, "job": job})
            await app.run_worker_async(
                queues=[QUEUE], wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="never"
            )

    @contextmanager
    def worker(self, **rhythm: Any) -> Iterator[Process]:
        """A worker in a session of its own, ended with what it runs."""
        asked = asdict(self.rhythm) | rhythm
        with (self.home / "worker.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-c", WORK, json.dumps(asked)],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
                start_new_session=True,
            )
        leader = Process.of(child.pid)
        try:
            yield leader
        finally:
            processes.end(processes.members_of_session(leader))
            child.wait()

    def log(self) -> str:
        return (self.home / "worker.log").read_text()


def eventually(question: Callable[[], Any], patience_s: float = 40) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + patience_s
    while not (answer := question()):
        assert time.monotonic() < deadline, f"toujours pas : {question}"
        time.sleep(0.1)
    return answer
