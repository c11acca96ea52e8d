"""A private PostgreSQL in a folder of mode 700, as root or not, whatever interrupted the last command."""

import os
import shutil
import signal
import stat
from contextlib import closing

import psycopg
import pytest

from api.machine import account, processes
from api.machine.cluster import BIN, Cluster, ClusterFailed
from api.machine.cluster_settings import settings_for
from api.machine.ports import free_port, is_free
from tests.api.machine.conftest import needs_postgresql, needs_root

pytestmark = needs_postgresql


@pytest.fixture
def cluster(home):
    return Cluster(home, durable=False)


def ask(url, question):
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        return connection.execute(question).fetchone()[0]


def postmaster_of(cluster):
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def kill_postmaster(cluster):
    """As the kernel does when memory runs out: no goodbye, the file with its number stays."""
    pid = postmaster_of(cluster)
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until_gone([pid], 10)


def test_postgis_answers_in_a_folder_only_its_owner_enters(cluster):
    url = cluster.ensure()
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("CREATE EXTENSION postgis")
    assert ask(url, "SELECT postgis_lib_version()").startswith("3.")
    assert stat.S_IMODE(cluster.home.root.stat().st_mode) == 0o700


def test_its_log_tells_that_a_row_was_refused_and_not_which(cluster):
    with closing(psycopg.connect(cluster.ensure(), autocommit=True)) as connection:
        connection.execute("CREATE TABLE person (name text CHECK (length(name) < 5), at int)")
        with pytest.raises(psycopg.errors.CheckViolation, match="YQUELVORT"):
            connection.execute("INSERT INTO person VALUES (%s)", ["YQUELVORT"])
        with (
            pytest.raises(psycopg.errors.CheckViolation, match="YQUELVORT"),
            connection.cursor().copy("COPY person FROM STDIN") as copy,
        ):
            copy.write_row(["YQUELVORT", 1])
    assert cluster.stop()  # PostgreSQL's collector writes a moment after the client is told
    log = "".join(file.read_text() for file in cluster.home.postgres.joinpath("logs").iterdir())
    assert "person_name_check" in log
    assert "YQUELVORT" not in log


def test_what_was_written_is_there_after_a_stop_and_a_start(cluster):
    url = cluster.ensure()
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert cluster.stop()
    assert not cluster.is_running()
    assert ask(cluster.ensure(), "SELECT n FROM kept") == 7


def test_a_running_cluster_is_found_again_not_started_twice(cluster):
    url = cluster.ensure()
    postmaster = postmaster_of(cluster)
    assert Cluster(cluster.home).ensure() == url
    assert postmaster_of(cluster) == postmaster


def test_stopping_what_does_not_run_is_no_error(cluster):
    assert not cluster.stop()


def test_a_killed_postmaster_is_replaced(cluster):
    url = cluster.ensure()
    kill_postmaster(cluster)
    assert not cluster.is_running()
    assert ask(cluster.ensure(), "SELECT 1") == 1
    assert cluster.url() == url


def test_a_number_taken_by_a_stranger_after_a_reboot_does_not_prevent_the_start(cluster):
    cluster.ensure()
    kill_postmaster(cluster)
    pid_file = cluster.data / "postmaster.pid"
    pid_file.write_text("\n".join([str(os.getpid()), *pid_file.read_text().splitlines()[1:]]))
    assert not cluster.is_running()
    assert ask(cluster.ensure(), "SELECT 1") == 1


def test_stopping_never_touches_a_stranger_with_our_number(cluster):
    cluster.ensure()
    kill_postmaster(cluster)
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert not cluster.stop()


def test_a_half_made_cluster_is_made_again(cluster):
    unfinished = cluster.home.postgres / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("15\n")
    assert ask(cluster.ensure(), "SELECT 1") == 1
    assert not unfinished.exists()


def test_a_start_left_alone_by_ctrl_c_is_waited_for(home):
    cluster = Cluster(home)  # durable: what was committed must be in the journal that is replayed
    cluster.ensure()
    with closing(psycopg.connect(cluster.url(), autocommit=True)) as connection:
        connection.execute("CREATE TABLE journal AS SELECT generate_series(1, 300000) AS n")
    kill_postmaster(cluster)
    started = account.account_of(cluster.home).run(
        BIN / "pg_ctl", "start", "--no-wait", "-D", cluster.data, "-l", cluster.data / "log"
    )
    assert started.returncode == 0
    assert ask(cluster.ensure(), "SELECT count(*) FROM journal") == 300_000


def test_a_cluster_moves_when_its_port_was_taken(cluster, a_home):
    port = cluster.ensure().rpartition(":")[2]
    cluster.stop()
    squatter = Cluster(a_home("squatter"), durable=False)
    squatter.ensure()
    squatter.stop()
    shutil.copyfile(cluster.home.database_url, squatter.home.database_url)
    with pytest.raises(ClusterFailed, match="password"):  # on our port with our password, which isn't its own
        squatter.ensure()
    moved = cluster.ensure()
    assert moved.rpartition(":")[2] != port
    assert ask(moved, "SELECT 1") == 1


def test_two_homes_live_side_by_side(a_home):
    one, two = Cluster(a_home("one"), durable=False), Cluster(a_home("two"), durable=False)
    assert one.ensure() != two.ensure()
    assert one.stop()
    assert two.is_running()


def test_the_password_is_for_the_owner_only(cluster):
    url = cluster.ensure()
    assert stat.S_IMODE(cluster.home.database_url.stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url.replace("lum1:", "lum1:wrong"))


def test_nobody_outside_this_machine_reaches_it(cluster):
    assert ask(cluster.ensure(), "SHOW listen_addresses") == "127.0.0.1"


def test_what_people_write_survives_a_power_cut():
    settings = settings_for(54640)
    assert (settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"]) == ("on", "on", "on")


def test_logs_never_hold_a_statement():
    settings = settings_for(54640)
    assert (settings["log_min_duration_statement"], settings["log_parameter_max_length_on_error"]) == (-1, 0)


@needs_root
def test_without_user_namespaces_the_cluster_lies_where_postgres_may_enter(home, monkeypatch):
    monkeypatch.setattr(account, "user_namespaces_work", lambda: False)
    cluster = Cluster(home, durable=False)
    assert ask(cluster.ensure(), "SELECT 1") == 1
    elsewhere = home.postgres.resolve()
    assert elsewhere.is_relative_to(account.ELSEWHERE)
    monkeypatch.undo()  # the home remembers, whatever becomes possible later
    assert account.account_of(home).user == "postgres"
    assert cluster.stop()
    assert ask(Cluster(home).ensure(), "SELECT 1") == 1
    cluster.stop()
    shutil.rmtree(elsewhere)


def test_a_free_port_is_one_nobody_listens_on(cluster):
    taken = int(cluster.ensure().rpartition(":")[2].partition("/")[0])
    assert not is_free(taken)
    assert free_port(taken, at_least=taken) > taken
