"""What is done by itself: on real data only, once a period, one at a time, tried again, told to the operator."""

import asyncio
import hashlib
import json
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.machine import processes
from etl import ledger
from etl.outcome import Outcome, refreshed_apart
from geo.database import engine_for
from tests.conftest import fresh_database
from tests.etl.finess.published import a_file, many
from tests.etl.flow import Flow, flow_server
from tests.etl.scheduled import Instance, eventually
from tests.etl.smtp import Postbox, smtp_server
from tests.ports import a_port
from tiles import archive


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flow]:
    with flow_server() as flow:
        flow.file = a_file(tmp_path, *many(3))
        yield flow


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with smtp_server() as postbox:
        yield postbox


@pytest.fixture
def instance(
    server_url: str, template: str, tmp_path: Path, flow: Flow, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Instance]:
    """Nothing published yet; a flow to read and an operator to write to."""
    with fresh_database(server_url, template=template) as url:
        settings = {
            "LUM1_HOME": str(tmp_path),
            "LUM1_DATABASE_URL": url,
            "LUM1_LIVE": "1",
            "LUM1_DATAGOUV_URL": flow.url,
            "LUM1_POSITIONS": "0",
            "LUM1_OPERATOR_MAIL": "exploitant@exemple.fr",
            "LUM1_SMTP_URL": f"smtp://127.0.0.1:{postbox.port}",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        engine = engine_for(url)
        yield Instance(engine, url, tmp_path, flow, postbox)
        engine.dispose()


def subjects(postbox: Postbox) -> list[str]:
    return [str(message["subject"]) for message in postbox.messages]


def test_the_day_s_file_that_is_already_served_changes_nothing(instance: Instance) -> None:
    assert instance.flow.file is not None
    instance.serve(sha1=hashlib.sha1(instance.flow.file.read_bytes()).hexdigest())
    instance.run("refresh")
    assert instance.flow.asked[:2] == ["/api/1/datasets/finess-structures-1/", "/file"]
    assert instance.jobs("refresh") == [("succeeded", 1)]
    assert instance.postbox.messages == []


@pytest.mark.parametrize("why", ["demo", "offline", "nothing published", "published since"])
def test_nothing_is_refreshed_and_the_log_says_why(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    caplog.set_level(logging.INFO)
    said = {
        "demo": "les données servies sont fictives",
        "offline": "LUM1_LIVE=0",
        "nothing published": "rien n’est encore publié",
        "published since": "une publication a eu lieu depuis",
    }
    if why == "offline":
        monkeypatch.setenv("LUM1_LIVE", "0")
    if why != "nothing published":
        instance.serve(fictitious=why == "demo", published_days_ago=-1 if why == "published since" else 2)
    instance.run("refresh")
    assert instance.flow.asked == []
    assert instance.jobs("refresh") == [("succeeded", 1)]
    assert f"rien à faire, {said[why]}" in caplog.text


def stamp(instance: Instance) -> str:
    ((found,),) = instance.rows("SELECT stamp::text FROM publication JOIN current_publication USING (version)")
    return str(found)


def test_the_archive_of_tiles_follows_what_is_published_where_it_is_asked_for(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUM1_TILES_ARCHIVE", "1")
    instance.load_by_hand()
    instance.run("refresh")
    said = archive.metadata_of(archive.kept_in(instance.home))
    assert said is not None
    assert said["data"]["stamp"] == stamp(instance)


def test_none_is_kept_where_nobody_asked(instance: Instance) -> None:
    instance.load_by_hand()
    instance.run("refresh")
    assert not archive.kept_in(instance.home).exists()


def test_an_archive_that_cannot_be_written_is_said_and_the_refresh_is_done(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LUM1_TILES_ARCHIVE", "1")
    instance.load_by_hand()
    archive.kept_in(instance.home).mkdir(parents=True)
    instance.run("refresh")
    assert instance.jobs("refresh") == [("succeeded", 1)]
    assert "archive des tuiles : « " in caplog.text


def test_a_refused_file_is_told_once_that_day_and_not_tried_again(instance: Instance) -> None:
    instance.serve(days_old=1)
    instance.run("refresh")
    instance.run("refresh")
    assert instance.jobs("refresh") == [("succeeded", 1), ("succeeded", 1)]
    assert instance.rows("SELECT count(*) FROM load WHERE state = 'refused'") == [(2,)]
    assert subjects(instance.postbox) == ["lum1 : rafraîchissement quotidien refusé"]
    told = instance.postbox.messages[0].get_content()
    assert "fichier de" in told  # the gate's own sentence
    assert "--accept PORTE" in told
    assert str(instance.home) in told


def test_an_unreachable_producer_is_tried_again_later_without_a_word(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUM1_DATAGOUV_URL", f"http://127.0.0.1:{a_port()}")
    instance.serve()
    instance.run("refresh")
    assert instance.jobs("refresh") == [("todo", 1)]
    ((wait_s,),) = instance.rows(
        "SELECT extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs WHERE task_name = 'refresh'"
    )
    assert 3_500 < wait_s <= 3_600
    assert instance.postbox.messages == []


def test_a_producer_unreachable_all_day_is_told(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUM1_DATAGOUV_URL", f"http://127.0.0.1:{a_port()}")
    instance.serve()
    instance.run("refresh", attempts=3)
    assert instance.jobs("refresh") == [("failed", 4)]
    assert subjects(instance.postbox) == ["lum1 : rafraîchissement quotidien en échec"]
    assert "Le catalogue n’est pas joignable" in instance.postbox.messages[0].get_content()


def test_another_load_under_way_is_no_failure(instance: Instance) -> None:
    instance.serve()
    with ledger.only_load(instance.engine):
        instance.run("refresh", attempts=3)  # even at the last try of the day
    assert instance.jobs("refresh") == [("todo", 4)]
    assert instance.postbox.messages == []


def test_a_refresh_that_the_system_kills_is_a_failure_that_says_so(instance: Instance) -> None:
    instance.serve()
    instance.flow.hold()

    async def killed() -> Outcome:
        refreshing = asyncio.create_task(refreshed_apart())
        await asyncio.to_thread(instance.flow.file_asked.acquire)
        os.kill(refreshing_pid(), signal.SIGKILL)
        return await refreshing

    outcome = asyncio.run(killed())
    assert (outcome.state, "mémoire" in outcome.said) == ("failed", True)


def refreshing_pid() -> int:
    """Our child that refreshes, found as an operator would."""
    for entry in processes.PROC.iterdir():
        if entry.name.isdigit() and processes.is_running(int(entry.name)):
            ours = processes._stat(int(entry.name))[1] == str(os.getpid())
            if ours and b"etl.refresh_all" in (entry / "cmdline").read_bytes():
                return int(entry.name)
    raise AssertionError("aucun rafraîchissement ne tourne")


def test_old_data_are_told_once_a_day_with_their_date_and_what_to_do(
    instance: Instance, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)  # whatever an application of earlier tests has made of the root logger
    instance.serve(days_old=5)
    instance.run("watch")
    instance.run("watch")
    assert subjects(instance.postbox) == ["lum1 : données FINESS vieilles de 5 jours"]
    told = instance.postbox.messages[0].get_content()
    ((produced_on,),) = instance.rows("SELECT to_char(produced_at AT TIME ZONE 'Europe/Paris', 'DD/MM/YYYY') FROM load")
    assert produced_on in told
    assert "./lum1 refresh finess" in told
    assert [record.levelname for record in caplog.records if "vieilles de 5 jours" in record.message] == ["ERROR"] * 2


@pytest.mark.parametrize(("days_old", "fictitious"), [(2, False), (400, True)])
def test_fresh_and_fictitious_data_are_not_told(instance: Instance, days_old: int, fictitious: bool) -> None:
    instance.serve(days_old=days_old, fictitious=fictitious)
    instance.run("watch")
    assert instance.jobs("watch") == [("succeeded", 1)]
    assert instance.postbox.messages == []


def test_the_age_that_is_too_old_is_the_operator_s_choice(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUM1_MAX_AGE_DAYS", "1")
    instance.serve(days_old=2)
    instance.run("watch")
    assert subjects(instance.postbox) == ["lum1 : données FINESS vieilles de 2 jours"]


def test_an_alert_that_cannot_be_mailed_is_in_the_log_and_tried_again(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LUM1_SMTP_URL", f"smtp://127.0.0.1:{a_port()}")
    instance.serve(days_old=5)
    instance.run("watch")
    assert instance.jobs("watch") == [("succeeded", 1)]
    assert instance.jobs("mail") == [("todo", 1)]
    assert "n’a pas pris le message" in caplog.text


def test_without_a_mail_server_the_log_is_told(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("LUM1_SMTP_URL")
    instance.serve(days_old=5)
    instance.run("watch")
    assert instance.jobs("mail") == []
    assert "données FINESS vieilles de 5 jours" in caplog.text


def test_jobs_of_last_month_are_forgotten(instance: Instance) -> None:
    instance.run("watch")
    instance.rows("UPDATE procrastinate_events SET at = at - interval '40 days' RETURNING 1")
    instance.run("watch")
    assert instance.jobs("watch") == [("succeeded", 1)]


def test_a_period_s_job_is_enqueued_once_whatever_the_workers_and_their_restarts(instance: Instance) -> None:
    instance.serve(fictitious=True)
    with instance.worker(), instance.worker():
        eventually(lambda: instance.rows("SELECT FROM procrastinate_workers OFFSET 1"))
        eventually(lambda: instance.jobs("refresh") == [("succeeded", 1)])
        eventually(lambda: instance.jobs("watch") == [("succeeded", 1)])
    with instance.worker():
        eventually(lambda: instance.rows("SELECT FROM procrastinate_workers"))
        eventually(lambda: instance.log().count("tâche refresh") == 3)
    assert (len(instance.jobs("refresh")), len(instance.jobs("watch"))) == (1, 1)


def test_a_refresh_whose_worker_was_killed_is_done_by_the_next_one(instance: Instance) -> None:
    instance.serve()
    instance.flow.hold()
    with instance.worker() as worker:
        assert instance.flow.file_asked.acquire(timeout=40)
        for pid in processes.members_of_session(worker):
            os.kill(pid, signal.SIGKILL)
    assert instance.jobs("refresh") == [("doing", 0)]
    instance.flow.release()
    with instance.worker():
        eventually(lambda: instance.jobs("refresh") == [("succeeded", 2)])
    assert "la tâche refresh" in instance.log()
    assert len(subjects(instance.postbox)) == 1  # the tiny file is refused, once


@pytest.mark.parametrize("asked", ["the worker alone", "all that it runs"])
def test_a_refresh_that_is_stopped_ends_at_once_and_waits_for_the_next_worker(instance: Instance, asked: str) -> None:
    instance.serve()
    instance.flow.hold()
    with instance.worker() as worker:
        assert instance.flow.file_asked.acquire(timeout=40)
        # a container's stop signals its first process, ours the whole session
        pids = [worker.pid] if asked == "the worker alone" else processes.members_of_session(worker)
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        assert eventually(lambda: not processes.members_of_session(worker))
    assert instance.jobs("refresh") == [("todo", 1)]
    assert instance.rows("SELECT FROM procrastinate_workers") == []
    assert instance.postbox.messages == []


CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def test_a_worker_outlives_a_database_that_restarts(instance: Instance) -> None:
    instance.serve(fictitious=True)
    with instance.worker() as worker:
        eventually(lambda: instance.jobs("watch") == [("succeeded", 1)])
        ((cut_at,),) = instance.rows("SELECT now()")
        instance.rows(CUT)
        eventually(lambda: instance.rows("SELECT FROM procrastinate_workers WHERE last_heartbeat > :at", at=cut_at))
        assert worker.is_alive()


def test_a_worker_that_was_struck_off_while_its_machine_slept_is_known_again(instance: Instance) -> None:
    instance.serve(fictitious=True)
    with instance.worker():
        eventually(lambda: instance.jobs("watch") == [("succeeded", 1)])
        instance.rows("DELETE FROM procrastinate_workers RETURNING 1")
        eventually(lambda: instance.rows("SELECT FROM procrastinate_workers"))


@pytest.mark.parametrize(("days_old", "told"), [(61, []), (63, ["lum1 : stock SIRENE vieux de 63 jours"])])
def test_a_stock_of_sirene_that_is_not_renewed_is_told(instance: Instance, days_old: int, told: list[str]) -> None:
    instance.serve()
    for said_by, age in (("stock", days_old), ("api", 0)):
        instance.rows(
            "INSERT INTO load (pipeline, origin, fictitious, source, licence, state, produced_at, counts) VALUES ('sirene', "
            "'live', false, 'x', 'lov2', 'published', now() - make_interval(days => :age), CAST(:counts AS jsonb)) RETURNING id",
            age=age,
            counts=json.dumps({"said_by": said_by}),
        )
    instance.rows("UPDATE publication SET loads = loads || (SELECT max(id) FROM load) RETURNING version")
    instance.run("watch")
    assert subjects(instance.postbox) == told
