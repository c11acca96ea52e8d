"""The private PostgreSQL 15 of a home: made, started, found again, stopped, whatever interrupted the last command."""

import secrets
import shutil
import signal
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from api.machine import processes
from api.machine.account import Account, settle
from api.machine.cluster_settings import as_configuration, settings_for
from api.machine.home import Home, write_atomically
from api.machine.ports import LOOPBACK, free_port, is_free
from geo.errors import Lum1Error

BIN = Path("/usr/lib/postgresql/15/bin")
SUPERUSER = DATABASE = "lum1"
FIRST_PORT = 54640
START_PATIENCE_S = 60
STOP_PATIENCE_S = 60
ORPHANS_PATIENCE_S = 10
RIVAL_PATIENCE_S = 3


class ClusterFailed(Lum1Error):
    """PostgreSQL did not do what was asked; the message ends with its own words."""


class Cluster:
    """One home's cluster; what changes it is called holding `home.lock()`, again after any interruption."""

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable

    @property
    def folder(self) -> Path:
        """Where the cluster lies, without the link: PostgreSQL's account may be unable to follow it from the home."""
        return self.home.postgres.resolve()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """A week of PostgreSQL's own logs."""
        return self.folder / "logs"

    @property
    def _startup_log(self) -> Path:
        return self.folder / "startup.log"

    def ensure(self) -> str:
        """Make and start what is not; the address of the database."""
        self.home.create()
        account = settle(self.home)
        if not self.home.database_url.exists():
            self._record(secrets.token_urlsafe(24), free_port(at_least=FIRST_PORT))
        if not self.data.exists():
            self._make(account)
        if not self.is_running():
            self._start(account)
        self._create_database()
        return self.url()

    def url(self, database: str = DATABASE) -> str:
        """`postgresql://…`, password included: the file the home keeps it in is its only home."""
        return f"{self.home.database_url.read_text().strip().rpartition('/')[0]}/{database}"

    def is_running(self) -> bool:
        """Whether our own postmaster runs, not another process that was given its number."""
        return self._postmaster() is not None

    def stop(self) -> bool:
        """Stop it if it runs, clients sent away and their transactions rolled back; whether it did."""
        postmaster = self._postmaster()
        if postmaster is None:
            return False
        processes.end([postmaster], patience_s=STOP_PATIENCE_S, first=signal.SIGINT)  # PostgreSQL's « fast » shutdown
        return True

    def _postmaster(self) -> int | None:
        """The process its file names, if it stands in our data; after a reboot the number may be anybody's."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if pid in processes.standing_in(self.data) else None

    def _record(self, password: str, port: int) -> None:
        url = f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{port}/{DATABASE}\n"
        write_atomically(self.home.database_url, url)

    def _password_and_port(self) -> tuple[str, int]:
        address = urlsplit(self.url())
        if address.password is None or address.port is None:
            raise ClusterFailed(f"{self.home.database_url} est abîmé : il y manque le mot de passe ou le port.")
        return address.password, address.port

    def _make(self, account: Account) -> None:
        """Run initdb beside, then rename: a folder named `data` is a whole cluster."""
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self.folder / "password"
        account.write(password_file, self._password_and_port()[0])
        try:
            self._initdb(account, unfinished, password_file)
        finally:
            password_file.unlink()
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write("\ninclude 'lum1.conf'\n")
        unfinished.rename(self.data)

    def _initdb(self, account: Account, folder: Path, password_file: Path) -> None:
        done = account.run(
            BIN / "initdb",
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",  # byte order: names are sorted by a stored key, never by the machine's locale
            "--data-checksums",
            *([] if self.durable else ["--no-sync"]),
        )
        if done.returncode:
            raise ClusterFailed(f"initdb a échoué :\n{done.stdout.strip()}")

    def _start(self, account: Account) -> None:
        """Start on the port of last time when it is still free, else on another."""
        password, port = self._password_and_port()
        if not is_free(port):
            port = free_port(at_least=FIRST_PORT)
            self._record(password, port)
        account.write(self.data / "lum1.conf", as_configuration(settings_for(port, durable=self.durable)))
        self._clear_the_way()
        if not self._started(account) and not self._started_by_another():
            said = self._startup_log.read_text(errors="replace")[-2000:] if self._startup_log.exists() else ""
            raise ClusterFailed(f"PostgreSQL ne démarre pas ; {self._startup_log} finit ainsi :\n{said}")

    def _started(self, account: Account) -> bool:
        self._startup_log.unlink(missing_ok=True)
        started = account.run(
            BIN / "pg_ctl",
            "start",
            "--wait",
            f"--timeout={START_PATIENCE_S}",
            f"--pgdata={self.data}",
            f"--log={self._startup_log}",
        )
        return started.returncode == 0

    def _started_by_another(self) -> bool:
        """Whether a start that ctrl-C left alone got there first: its number was not written yet when we looked."""
        deadline = time.monotonic() + RIVAL_PATIENCE_S
        while not self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _clear_the_way(self) -> None:
        """End what a killed postmaster left: backends in the middle of a query, then its number.

        PostgreSQL takes any process with that number for a postmaster and won't start: a stranger after a reboot, a
        zombie in a container whose first process reaps none. Once nobody stands in the data, the number says nothing.
        """
        processes.end(processes.standing_in(self.data), patience_s=ORPHANS_PATIENCE_S, first=signal.SIGQUIT)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _create_database(self) -> None:
        with closing(self._connect_once_started()) as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def _connect_once_started(self) -> psycopg.Connection[tuple[object, ...]]:
        """Wait for a start that ctrl-C left alone: it may still be replaying its journal."""
        deadline = time.monotonic() + START_PATIENCE_S
        while True:
            try:
                return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=10)
            except psycopg.OperationalError as error:
                if "password" in str(error) or time.monotonic() > deadline:
                    raise ClusterFailed(f"PostgreSQL tourne mais ne répond pas : {error}") from error
            time.sleep(0.2)
