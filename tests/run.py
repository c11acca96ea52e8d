"""What `./lum1 test` and CI run: style, types, then every test, on a PostgreSQL that only tests use."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait

from api.machine.assets import ensure_assets
from api.machine.cluster import Cluster
from api.machine.home import Home
from geo.errors import Lum1Error
from geo.settings import REPOSITORY, Settings
from tests import memory, once, template
from tests.elastic.typescript import compiler
from tests.opensearch import peer as opensearch

PACKAGES = ("geo", "search", "etl", "api", "tiles")
OURS = (*PACKAGES, "tests", "bench")
EXIT_STOPPED = 128 + signal.SIGTERM


def main(arguments: list[str]) -> int:
    """Run everything; pytest comes last, so that the last lines are its own, and any failure is the exit code's."""
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(EXIT_STOPPED)
    )  # so that PostgreSQL is stopped, its memory given back
    home = Home(Settings.from_environment().home / "test")
    home.create()
    with home.lock(), memory.cluster_of(home) as cluster:
        environment = environment_for(home, cluster)
        with ThreadPoolExecutor(max_workers=1) as beside:
            checking = [beside.submit(run, name, command, environment) for name, command in checks_for(home)]
            opensearch.install(home.root)
            compiler.install(home)
            prepare(environment["LUM1_TEST_DATABASE_URL"], everything=not is_chosen(arguments))
            if is_chosen(arguments):
                wait(checking)  # a few tests would end before them, and theirs are to be the last lines
            tested = to_the_end(pytest_command(home, arguments), environment)
            checks = [each.result() for each in checking]
    return tested or (0 if all(checks) else 1)


def to_the_end(command: list[str], environment: dict[str, str]) -> int:
    """Its exit code. Looked at, not waited for: a signal that comes while Python takes the lock to wait leaves it taken."""
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment) as running:
        try:
            while (code := running.poll()) is None:
                time.sleep(0.1)
        except BaseException:
            running.kill()
            raise
        return code


def environment_for(home: Home, cluster: Cluster) -> dict[str, str]:
    """What tests see: their own home, their own server, no network."""
    for name in [name for name in os.environ if name.startswith("LUM1_")]:
        del os.environ[name]  # an operator's settings must not reach the tests, nor the tests an operator's database
    os.environ["LUM1_GATE_MAX_DAYS_AHEAD"] = (
        "100000"  # the files of the tests are of November 2026, whatever the clock says
    )
    ensure_assets(home, tests=True)
    cluster.ensure()
    ours = {"LUM1_HOME": str(home.root), "LUM1_LIVE": "0", "LUM1_TEST_DATABASE_URL": cluster.url("postgres")}
    return os.environ | ours


def prepare(server_url: str, *, everything: bool) -> None:
    """Databases to copy; those that a part of the tests may not ask for are made by who does."""
    template.make(server_url)
    if everything:
        once.base_map(server_url)


def checks_for(home: Home) -> list[tuple[str, list[str]]]:
    """The checks that need nothing running."""
    cache = home.root / "cache"
    return [
        ("ruff check", ["ruff", "check", "--quiet", f"--cache-dir={cache / 'ruff'}", *OURS]),
        ("ruff format", ["ruff", "format", "--check", "--quiet", f"--cache-dir={cache / 'ruff'}", *OURS]),
        ("mypy --strict", ["mypy", "--strict", f"--cache-dir={cache / 'mypy'}", *PACKAGES, "bench"]),
    ]


# A file at a time on each of two cores, in order: those of the browser stay last (tests/conftest.py).
TWO_AT_ONCE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


CLUSTER = "--cluster"


def is_chosen(arguments: list[str]) -> bool:
    """Whether these name some tests rather than all."""
    return CLUSTER in arguments or any(not each.startswith("-") for each in arguments)


def pytest_command(home: Home, arguments: list[str]) -> list[str]:
    """Every test, two files at once, or those the arguments choose, one after the other.

    `--cluster`: those of tests/cluster, which nobody else runs (tests/conftest.py).
    """
    if CLUSTER in arguments and not any(each.startswith("tests/") for each in arguments):
        arguments = ["tests/cluster", *arguments]
    cache = f"cache_dir={home.root / 'cache' / 'pytest'}"
    return [sys.executable, "-m", "pytest", "-o", cache, *([] if is_chosen(arguments) else TWO_AT_ONCE), *arguments]


def run(name: str, command: list[str], environment: dict[str, str]) -> bool:
    """One check, its verdict in one line after its own words."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=REPOSITORY, env=environment, check=False)
    print(f"{name} : {'conforme' if done.returncode == 0 else 'ÉCHEC'}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Lum1Error as error:
        sys.exit(f"lum1 test : {error}")
