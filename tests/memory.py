"""Where a run writes: in memory when there is room, since it makes hundreds of databases, each of hundreds of small files."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.machine.cluster import Cluster
from api.machine.home import Home

SHARED_MEMORY = Path("/dev/shm")
GIB = 1 << 30
ROOM = 6 * GIB  # a run leaves 3 GiB of files
FOR_PROGRAMS = 6 * GIB  # PostgreSQL, a browser and two workers want 5


@contextmanager
def cluster_of(home: Home) -> Iterator[Cluster]:
    """A new cluster, and the folder of temporary files: they leave with the run, those of a killed one when the next begins."""
    on_disk, in_memory = home.root / "run", _in_memory(home)
    for place in (on_disk, in_memory):
        _remove(place)
    place = in_memory if _has_room() else on_disk
    place.mkdir(mode=0o700)
    files = tempfile.mkdtemp(prefix="lum1-", dir=place if place == in_memory else None)
    os.environ["TMPDIR"] = tempfile.tempdir = files
    try:
        yield Cluster(Home(place), durable=False)
    finally:
        _remove(place)
        shutil.rmtree(files, ignore_errors=True)


def _in_memory(home: Home) -> Path:
    """By a name that the next run of this home finds again."""
    return SHARED_MEMORY / f"lum1-{hashlib.sha256(str(home.root).encode()).hexdigest()[:12]}"


def _has_room() -> bool:
    """Whether files written there take memory that nobody needs; containers often give 64 MB, that nothing may run from."""
    if not SHARED_MEMORY.is_dir() or os.statvfs(SHARED_MEMORY).f_flag & os.ST_NOEXEC:
        return False
    facts = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(facts["MemAvailable"].split()[0]) * 1024
    return shutil.disk_usage(SHARED_MEMORY).free >= ROOM and available >= ROOM + FOR_PROGRAMS


def _remove(place: Path) -> None:
    cluster = Cluster(Home(place))
    if cluster.home.postgres.exists():
        cluster.stop()
        shutil.rmtree(cluster.folder)
    shutil.rmtree(place, ignore_errors=True)
