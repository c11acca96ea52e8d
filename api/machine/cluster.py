"""The private PostgreSQL 15 of a home: made, started, found again and stopped by its own folder.

PostgreSQL refuses to run as root, and the user `postgres` cannot enter a folder of mode 700. A user namespace in which our root
is called 1000 satisfies both (docs/adr/0003); where the kernel refuses namespaces, the data go to a folder of `postgres`.
"""

import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import psycopg

from api.machine.home import Home, free_port, is_free, write_atomically
from geo.errors import Lum1Error

BIN = Path("/usr/lib/postgresql/15/bin")
ELSEWHERE = Path("/var/lib/postgresql")  # Debian's own folder of the user postgres
START_TIMEOUT_S = 60
NAMESPACE = ("unshare", "--user", "--map-user=1000")
GIB = 1 << 30


class ClusterFailed(Lum1Error):
    """PostgreSQL did not do what was asked; the message ends with its own words."""


class Cluster:
    """One home's cluster; every method may be called again after any interruption."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.log = home.logs / "postgres.log"

    @property
    def data(self) -> Path:
        """Where the data are: in the home, unless it was recorded that they had to be elsewhere."""
        elsewhere = self.home.recall("postgres-elsewhere")
        return Path(elsewhere) if elsewhere else self.home.postgres / "data"

    def ensure(self) -> str:
        """Make and start what is not; the address of the database."""
        self.home.create()
        if not (self.data / "PG_VERSION").exists():
            self._init()
        if not self.is_running():
            self._start()
        self._create_database()
        return self.url()

    def url(self, database: str = "lum1") -> str:
        """`postgresql://…` with the password kept in the home."""
        password = (self.home.postgres / "password").read_text().strip()
        return f"postgresql://lum1:{password}@127.0.0.1:{self.home.recall('postgres-port')}/{database}"

    def is_running(self) -> bool:
        """Whether our own server answers, not another one that took its port."""
        if self.home.recall("postgres-port") is None or not (self.data / "postmaster.pid").exists():
            return False
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2) as connection:
                found = connection.execute("SHOW data_directory").fetchone()
        except psycopg.Error:
            return False
        return found is not None and Path(found[0]) == self.data

    def stop(self) -> bool:
        """Stop it if it runs; whether it did."""
        if not (self.data / "postmaster.pid").exists():
            return False
        stopped = self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", check=False)
        return stopped.returncode == 0

    def _init(self) -> None:
        """initdb beside, then rename: a folder that exists is a whole cluster."""
        password = secrets.token_urlsafe(24)
        if os.geteuid() == 0 and not _namespaces_allowed():
            self._settle_elsewhere()
        unfinished = self.data.with_name(self.data.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_atomically(self.home.postgres / "password", password)
        handed = self._password_for_initdb(password)
        try:
            self._run(
                "initdb", "-D", str(unfinished), "-U", "lum1", "-A", "scram-sha-256", f"--pwfile={handed}",
                "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions",
            )  # fmt: skip
        finally:
            handed.unlink(missing_ok=True)
        with (unfinished / "postgresql.conf").open("a") as settings:
            settings.write(_settings())
        os.rename(unfinished, self.data)

    def _password_for_initdb(self, password: str) -> Path:
        path = self.data.parent / f".{self.data.name}-password"
        write_atomically(path, password + "\n")
        if self._runs_as_postgres():
            shutil.chown(path, "postgres", "postgres")
        return path

    def _settle_elsewhere(self) -> None:
        name = f"lum1-{secrets.token_hex(4)}"
        self.home.remember("postgres-elsewhere", str(ELSEWHERE / name))

    def _start(self) -> None:
        """On the remembered port when it is still free, else on another."""
        port = self.home.recall("postgres-port")
        if port is None or not is_free(port):
            port = free_port()
        self.home.remember("postgres-port", port)
        write_atomically(self.home.database_url, self.url())
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            started = self._run(
                "pg_ctl", "start", "-D", str(self.data), "-w", "-t", str(START_TIMEOUT_S), "-o", f"-p {port}",
                check=False,
            )  # fmt: skip
            if started.returncode == 0 and self.is_running():
                return
            # a killed postmaster's children hold its shared memory for a moment
            if time.monotonic() > deadline or not self._still_in_use():
                raise ClusterFailed(f"PostgreSQL ne démarre pas ; {self.log} finit ainsi :\n{_tail(self.log)}")
            time.sleep(0.5)

    def _still_in_use(self) -> bool:
        return "pre-existing shared memory block" in _tail(self.log, 6) or "is another" in _tail(self.log, 6)

    def _create_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = 'lum1'").fetchone() is None:
                connection.execute("CREATE DATABASE lum1")

    def _runs_as_postgres(self) -> bool:
        return os.geteuid() == 0 and self.home.recall("postgres-elsewhere") is not None

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        command = [str(BIN / program), *arguments]
        if self._runs_as_postgres():
            command = ["runuser", "-u", "postgres", "--", *command]
        elif os.geteuid() == 0:
            command = [*NAMESPACE, *command]
        with self.log.open("ab") as log:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True, check=False
            )
        if check and done.returncode:
            raise ClusterFailed(f"{program} a échoué ; {self.log} finit ainsi :\n{_tail(self.log)}")
        return done


def _namespaces_allowed() -> bool:
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def _settings() -> str:
    """For a machine shared with the server and the loads; durable, because people's edits will live here."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shared = max(128 << 20, min(memory // 8, 2 * GIB)) >> 20
    return f"""
# lum1
listen_addresses = '127.0.0.1'
unix_socket_directories = ''    # a home's path may be longer than a socket's may be
max_connections = 100
shared_buffers = {shared}MB
effective_cache_size = {(memory // 2) >> 20}MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
wal_compression = on
random_page_cost = 1.1          # disks of today
jit = off                       # our statements take milliseconds, compiling them more
log_min_duration_statement = -1 # a statement holds what people search
log_parameter_max_length_on_error = 0
"""


def _tail(path: Path, lines: int = 15) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(vide)"
