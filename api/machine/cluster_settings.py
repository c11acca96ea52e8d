"""What a private cluster is told at every start: for a machine it shares with the server and the loads."""

import os

from api.machine.ports import LOOPBACK

MEGABYTE = 1 << 20
LEAST_SHARED_BUFFERS_MB = 128
MOST_SHARED_BUFFERS_MB = 2048  # beyond it the kernel's own cache serves better

Value = str | int | float


def settings_for(port: int, *, durable: bool = True) -> dict[str, Value]:
    """Loads once a day, questions all day; only a cluster of tests may lose what it was told."""
    return {
        "port": port,
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",  # a home's path may be longer than the 107 bytes of a socket's
        "shared_buffers": f"{_shared_buffers_mb()}MB",
        "effective_cache_size": f"{_memory_mb() // 2}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "4GB",  # one load without a forced checkpoint
        # pages of rows alike: half of what the default leaves. zstd leaves a third, and rows that a publication changes here
        # and there, each on a page of its own, then take it twice as long
        "wal_compression": "lz4",
        "random_page_cost": 1.1,  # disks of today
        "jit": "off",  # our statements take milliseconds, compiling them more
        "fsync": _on(durable),
        "synchronous_commit": _on(durable),
        "full_page_writes": _on(durable),
        "logging_collector": "on",
        "log_directory": "../logs",
        "log_filename": "postgresql-%a.log",  # a week, then the same names again
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_min_duration_statement": -1,  # a statement holds what people search
        "log_parameter_max_length_on_error": 0,
        "log_error_verbosity": "terse",  # details and contexts of an error quote the row that was refused
    }


def as_configuration(settings: dict[str, Value]) -> str:
    """The text of a postgresql.conf."""
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def _on(wanted: bool) -> str:
    return "on" if wanted else "off"


def _shared_buffers_mb() -> int:
    return min(MOST_SHARED_BUFFERS_MB, max(LEAST_SHARED_BUFFERS_MB, _memory_mb() // 8))


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE
