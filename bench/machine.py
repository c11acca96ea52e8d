"""What the numbers were taken on: without it two runs cannot be compared."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg

KIBIBYTE = 1024


class Machine(msgspec.Struct, frozen=True):
    """Facts of the moment a run begins; the load average tells whether others were at work."""

    began_at: datetime
    cores: int
    memory_mib: int
    load_average: tuple[float, float, float]
    processor: str
    python: str
    postgresql: str
    postgis: str


def describe(server_url: str) -> Machine:
    with psycopg.connect(server_url) as connection:
        version = _asked(connection, "SHOW server_version")
        postgis = _asked(connection, "SELECT default_version FROM pg_available_extensions WHERE name = 'postgis'")
    return Machine(
        began_at=datetime.now(UTC),
        cores=len(os.sched_getaffinity(0)),
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // KIBIBYTE**2,
        load_average=os.getloadavg(),
        processor=_processor(),
        python=platform.python_version(),
        postgresql=version,
        postgis=postgis,
    )


def _asked(connection: psycopg.Connection[tuple[object, ...]], question: str) -> str:
    row = connection.execute(question.encode()).fetchone()
    return str(row[0]) if row else "?"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
