"""A home is private, remembers facts whole, and is changed by one command at a time."""

import stat
import subprocess
import sys

import pytest

from api.machine.home import Busy, Home
from geo.settings import REPOSITORY


def test_only_its_owner_enters_a_home(home):
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


def test_a_fact_is_remembered_until_forgotten(home):
    home.remember("port", 8640)
    assert home.recall("port") == 8640
    home.forget("port")
    assert home.recall("port") is None


def test_a_fact_cut_short_is_no_fact(home):
    (home.root / "port.json").write_text('{"po')
    assert home.recall("port") is None


def test_two_commands_never_prepare_one_home_at_once(home):
    with home.lock(), pytest.raises(Busy, match="prépare déjà"), Home(home.root).lock():
        pass


def test_two_homes_are_prepared_side_by_side(a_home):
    with a_home("one").lock(), a_home("two").lock():
        pass


def test_the_lock_falls_with_a_killed_command(home):
    holding = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(home.root)], cwd=REPOSITORY, stdout=subprocess.PIPE
    )
    with holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == b"held\n"
        with pytest.raises(Busy), home.lock():
            pass
        holding.kill()
    with home.lock():
        pass


HOLD_THE_LOCK = """
import sys, time
from pathlib import Path
from api.machine.home import Home
with Home(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""
