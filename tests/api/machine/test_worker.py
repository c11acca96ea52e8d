"""The worker of a home: detached, found again, replaced when it is late, stopped with what it runs."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from api.machine import detached, doctor, processes
from api.machine.processes import Process
from api.machine.worker import Worker, WorkerFailed
from etl.mail import CannotMail
from etl.rhythm import InvalidHour
from geo import freshness
from geo.database import engine_for
from geo.settings import REPOSITORY, Settings
from tests.conftest import fresh_database
from tests.etl.scheduled import eventually


@pytest.fixture(scope="module")
def url(server_url: str, template: str) -> Iterator[str]:
    with fresh_database(server_url, template=template) as url:
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Before anything is published: the worker has nothing to refresh."""
    engine = engine_for(url)
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_workers"))
    engine.dispose()


@pytest.fixture
def worker(home, url, engine, monkeypatch):
    monkeypatch.setenv("LUM1_HOME", str(home.root))
    monkeypatch.setenv("LUM1_DATABASE_URL", url)
    worker = Worker(home)
    yield worker
    worker.stop()


def process_of(worker):
    return Process(**worker.home.recall("worker")["process"])


def is_heard(engine):
    with engine.connect() as connection:
        return freshness.worker_is_alive(connection)


def test_a_started_worker_is_heard_until_it_is_stopped(worker, engine):
    assert not worker.is_running()
    worker.ensure()
    eventually(lambda: is_heard(engine))
    worker.check()
    assert worker.stop()
    assert not is_heard(engine)
    assert not worker.is_running()
    assert not worker.stop()


def test_starting_twice_keeps_the_one_that_runs(worker):
    worker.ensure()
    first = process_of(worker)
    Worker(worker.home).ensure()
    assert process_of(worker) == first


def test_one_that_was_killed_is_replaced(worker):
    worker.ensure()
    first = process_of(worker)
    os.kill(first.pid, signal.SIGKILL)
    assert processes.wait_until_gone([first.pid], 5)
    assert not worker.is_running()
    worker.ensure()
    assert worker.is_running()
    assert process_of(worker) != first


@pytest.mark.parametrize("late", ["settings", "program"])
def test_one_that_is_late_is_replaced(worker, monkeypatch, tmp_path, late):
    worker.ensure()
    first = process_of(worker)
    if late == "settings":
        monkeypatch.setenv("LUM1_MAX_AGE_DAYS", "7")
    else:
        (tmp_path / "new.py").touch()
        monkeypatch.setattr("api.machine.worker.PROGRAM", ("geo", "etl", str(tmp_path / "new.py")))
    worker.ensure()
    assert process_of(worker) != first
    assert not first.is_alive()


def test_settings_of_the_server_alone_do_not_replace_it(worker, monkeypatch):
    worker.ensure()
    first = process_of(worker)
    monkeypatch.setenv("LUM1_PORT", "8700")
    monkeypatch.setenv("LUM1_PUBLIC_URL", "https://annuaire.example")
    worker.ensure()
    assert process_of(worker) == first


def opened_by(pid):
    """What its descriptors lead to; it goes on opening and closing some meanwhile."""
    found = {}
    for descriptor in (processes.PROC / str(pid) / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found[descriptor.name] = os.readlink(descriptor)
    return found


def test_it_holds_nothing_of_the_command_that_started_it(worker):
    ours = os.pipe()
    os.set_inheritable(ours[0], True)
    worker.ensure()
    pid = process_of(worker).pid
    opened = opened_by(pid)
    assert (opened["0"], opened["1"]) == ("/dev/null", str(worker.home.logs / "worker.log"))
    assert os.readlink(f"/proc/self/fd/{ours[0]}") not in opened.values()
    for end in ours:
        os.close(end)
    assert os.getsid(pid) == pid


def test_a_long_log_is_put_aside(worker, monkeypatch):
    monkeypatch.setattr(detached, "LOG_BYTES_KEPT", 3)
    (worker.home.logs / "worker.log").write_text("hier\n")
    worker.ensure()
    assert (worker.home.logs / "worker.log.1").read_text() == "hier\n"


@pytest.mark.parametrize(
    ("setting", "value", "error"),
    [("LUM1_REFRESH_AT", "4h30", InvalidHour), ("LUM1_SMTP_URL", "mail.exemple.fr", CannotMail)],
)
def test_a_wrong_setting_is_said_before_it_starts(worker, monkeypatch, setting, value, error):
    monkeypatch.setenv("LUM1_OPERATOR_MAIL", "exploitant@exemple.fr")
    monkeypatch.setenv(setting, value)
    with pytest.raises(error, match=setting):
        worker.ensure()
    assert not worker.is_running()


def test_one_that_does_not_last_says_why(home):
    broken = Worker(home, command=(sys.executable, "-c", "raise SystemExit('il manque une pièce')"))
    broken.ensure()
    processes.wait_until_gone([process_of(broken).pid], 10)
    with pytest.raises(WorkerFailed, match="il manque une pièce"):
        broken.check()


def test_in_the_foreground_signals_reach_it_and_a_second_is_refused(worker, engine):
    command = [sys.executable, "-m", "api.cli", "worker"]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as child:
        try:
            eventually(lambda: is_heard(engine))
            assert process_of(worker).pid == child.pid
            again = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
            assert (again.returncode, "tournent déjà" in again.stderr) == (1, True)
            child.terminate()
            assert child.wait(20) == 0
        finally:
            child.kill()
    assert not worker.is_running()


def test_without_its_database_the_command_says_what_to_do(home):
    environment = {name: value for name, value in os.environ.items() if name != "LUM1_DATABASE_URL"}
    asked = subprocess.run(
        [sys.executable, "-m", "api.cli", "worker"],
        cwd=REPOSITORY,
        env=environment | {"LUM1_HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (asked.returncode, "./lum1 start" in asked.stderr) == (1, True)


def test_status_and_doctor_see_it(worker, engine):
    assert doctor.scheduled_work(worker.home, Settings.from_environment())[:2] == (False, "arrêtées")
    worker.ensure()
    assert doctor.scheduled_work(worker.home, Settings.from_environment())[:2] == (True, "en marche")


def test_one_in_another_container_is_seen_by_its_heartbeat(worker, engine, a_home):
    worker.ensure()
    eventually(lambda: is_heard(engine))
    assert doctor.scheduled_work(a_home("other"), Settings.from_environment())[0]


def test_where_an_external_cron_refreshes_nothing_is_missing(worker, monkeypatch):
    monkeypatch.setenv("LUM1_SCHEDULE", "0")
    right, found, _ = doctor.scheduled_work(worker.home, Settings.from_environment())
    assert (right, "LUM1_SCHEDULE=0" in found) == (True, True)


def test_the_container_s_health_check_follows_the_heartbeat(worker, engine):
    check = [sys.executable, "-m", "etl.heartbeat"]
    assert subprocess.run(check, cwd=REPOSITORY, check=False).returncode == 1
    worker.ensure()
    eventually(lambda: is_heard(engine))
    assert subprocess.run(check, cwd=REPOSITORY, check=False).returncode == 0


def test_an_idle_worker_is_light(worker, engine):
    worker.ensure()
    eventually(lambda: is_heard(engine))
    rollup = (processes.PROC / str(process_of(worker).pid) / "smaps_rollup").read_text()
    (pss_kib,) = [int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")]
    assert pss_kib < 120 * 1024
