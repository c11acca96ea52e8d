"""What a monitor reads: ready however old, how old, the last loads, whether the worker lives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import Connection, Engine, text

from api import metrics
from api.app import create_app
from geo.database import engine_for
from geo.settings import Settings
from tests.builders import publish

Client = TestClient[Any]


@pytest.fixture
def published(connection: Connection) -> Connection:
    """A real publication of the day before yesterday, in a transaction that is rolled back."""
    publish(connection, fictitious=False)
    connection.execute(text("UPDATE load SET produced_at = now() - interval '2 days', ended_at = now()"))
    return connection


def values(connection: Connection) -> dict[str, float]:
    lines = [line for line in metrics.as_text(connection).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_ready_says_what_is_served_and_that_nobody_renews_it(client: Client) -> None:
    answer = client.get("/readyz")
    ready = answer.json()
    assert (answer.status_code, ready["ready"], ready["status"], ready["worker"]) == (200, True, "degraded", False)
    assert (ready["engine"], ready["words"]) == ("embedded", True)
    assert (ready["data_date"], ready["age_days"], ready["stale"]) == (None, None, False)  # fictitious: it doesn't age
    assert ready.keys() == {
        "ready", "status", "version", "structures", "data_date", "age_days", "stale", "worker", "engine", "words",
    }  # fmt: skip


@pytest.fixture
def aged(demo_instance: Settings, client: Client) -> Iterator[Engine]:
    """The demo taken for real data of five days ago, and a worker heard just now."""
    engine = engine_for(demo_instance.database_url)
    produced = datetime.now(UTC) - timedelta(days=5, hours=1)
    with engine.begin() as connection:
        before = connection.execute(text("SELECT id, produced_at FROM load")).all()
        connection.execute(text("UPDATE load SET produced_at = :at"), {"at": produced})
        connection.execute(text("UPDATE publication SET fictitious = false"))
        connection.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
    yield engine
    with engine.begin() as connection:
        for row in before:
            connection.execute(
                text("UPDATE load SET produced_at = :at WHERE id = :id"), {"at": row.produced_at, "id": row.id}
            )
        connection.execute(text("UPDATE publication SET fictitious = true"))
        connection.execute(text("DELETE FROM procrastinate_workers"))
    engine.dispose()


def test_old_data_stay_served_and_are_told(client: Client, aged: Engine) -> None:
    ready = client.get("/readyz").json()
    date = (datetime.now(UTC) - timedelta(days=5, hours=1)).date().isoformat()
    assert (ready["status"], ready["data_date"], ready["age_days"], ready["stale"]) == ("degraded", date, 5, True)
    assert ready["worker"] is True


def test_where_an_external_cron_refreshes_no_worker_is_missed(demo_instance: Settings) -> None:
    settings = Settings(home=demo_instance.home, database_url=demo_instance.database_url, schedule=False)
    with TestClient(create_app(settings)) as client:
        ready = client.get("/readyz").json()
    assert (ready["status"], ready["worker"]) == ("ok", None)


def test_metrics_are_prometheus_text(client: Client, aged: Engine) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE lum1_content_age_seconds gauge\nlum1_content_age_seconds 4356" in answer.text
    assert 'lum1_load_last_state{pipeline="finess",state="published"} 1\n' in answer.text


def test_the_age_is_the_producer_s_and_what_was_invented_has_none(published: Connection) -> None:
    assert values(published)["lum1_content_age_seconds"] == pytest.approx(2 * 86_400, abs=60)
    published.execute(text("UPDATE publication SET fictitious = true"))
    assert "lum1_content_age_seconds" not in values(published)


def test_the_last_load_is_told_from_those_before(published: Connection) -> None:
    published.execute(
        text(
            "INSERT INTO load (pipeline, origin, fictitious, source, licence, state, ended_at)"
            " VALUES ('finess', 'live', false, 'f', 'lov2', 'refused', '2026-11-24T03:40:00Z')"
        )
    )
    found = values(published)
    assert found['lum1_load_last_state{pipeline="finess",state="refused"}'] == 1
    assert found['lum1_load_last_state{pipeline="finess",state="published"}'] == 0
    assert found['lum1_load_timestamp_seconds{pipeline="finess",state="refused"}'] == 1_795_491_600


def test_a_worker_is_alive_as_long_as_it_is_heard(published: Connection) -> None:
    assert values(published)["lum1_worker_alive"] == 0
    published.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '50 s')"))
    found = values(published)
    assert (found["lum1_worker_alive"], found["lum1_worker_heartbeat_age_seconds"]) == (1, 50)
    published.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '70 s'"))
    assert values(published)["lum1_worker_alive"] == 0


def test_before_the_first_publication_there_are_no_numbers_to_give(connection: Connection) -> None:
    assert set(values(connection)) == {"lum1_worker_alive"}
