"""The command line in a process of its own, on a home of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from api import cli
from api.machine import assets
from api.machine.home import Home
from geo.settings import REPOSITORY

Run = Callable[..., subprocess.CompletedProcess[str]]


def command(home: Home, **settings: str) -> Run:
    """`./lum1 …` on this home, without what the launcher would prepare."""

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            cwd=REPOSITORY,
            env=environment(home, settings | more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def environment(home: Home, settings: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LUM1_")}
    return inherited | {"LUM1_HOME": str(home.root), "LUM1_LIVE": "0", "LUM1_SCHEDULE": "0"} | settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One where nothing was started."""
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def lum1(home: Home) -> Run:
    return command(home)


@pytest.fixture
def lum1_here(home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The same in this process, where what is tested is what is said before anything is done."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["lum1", *arguments])
            for name, value in environment(home, settings).items():
                patched.setenv(name, value)
            try:
                code = cli.main()
            except SystemExit as leave:
                code = int(leave.code or 0)
        said = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return run


def borrow_assets(home: Home) -> None:
    """Those of the tests, rather than a minute of npm."""
    home.create()
    (home.web / "node_modules").symlink_to(Path(os.environ["LUM1_HOME"]) / "web" / "node_modules")
    (home.web / "complete").write_text(assets._fingerprint(tests=False))
