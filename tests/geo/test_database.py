"""The engine that answers stand on: it only reads, from one snapshot, and leaves connections that PostgreSQL ended."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    event,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.schema import CreateTable

from geo import database
from geo.compiled import Compiled
from geo.database import engine_for, reading_engine_for
from geo.publication import PublicationReader, load, served_publication
from tests.conftest import fresh_database


@pytest.fixture
def reading(server_url: str, template: str) -> Iterator[Engine]:
    with fresh_database(server_url, template=template) as url:
        engine = reading_engine_for(url)
        yield engine
        engine.dispose()


LOAD = "INSERT INTO load (pipeline, origin, fictitious, source, licence, state) VALUES (%s, 'demo', true, 'x', 'lov2', 'failed')"


def address(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def pid(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def end_backends(engine: Engine) -> None:
    """As a restart of PostgreSQL would."""
    with psycopg.connect(address(engine)) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_nothing_can_be_written_through_it(reading: Engine) -> None:
    with reading.connect() as connection, pytest.raises(InternalError, match="read-only"):
        connection.execute(text("DELETE FROM structure"))


def test_no_statement_is_compiled_whatever_the_server_does_by_itself(reading: Engine) -> None:
    with psycopg.connect(address(reading)) as other:
        other.execute(f'ALTER DATABASE "{other.info.dbname}" SET jit = on'.encode())
    with reading.connect() as connection:
        assert connection.execute(text("SHOW jit")).scalar_one() == "off"


def test_every_statement_of_a_transaction_sees_one_moment(reading: Engine) -> None:
    count = text("SELECT count(*) FROM load")
    with reading.connect() as connection:
        before = connection.execute(count).scalar_one()
        with psycopg.connect(address(reading)) as other:
            other.execute(LOAD, ["finess"])
        assert connection.execute(count).scalar_one() == before
    with reading.connect() as connection:
        assert connection.execute(count).scalar_one() == before + 1


def test_a_connection_that_was_used_a_moment_ago_is_taken_again(reading: Engine) -> None:
    assert pid(reading) == pid(reading)


def test_an_idle_connection_that_postgresql_ended_is_replaced_unseen(
    reading: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE_S", 0.0)
    before = pid(reading)
    end_backends(reading)
    assert pid(reading) != before


def test_one_ended_within_the_second_fails_once_and_takes_the_others_away(reading: Engine) -> None:
    with reading.connect(), reading.connect():
        pass
    end_backends(reading)
    with pytest.raises(OperationalError):
        pid(reading)
    assert pid(reading)


def test_the_publication_is_read_again_when_it_moved_and_when_its_credit_did(reading: Engine) -> None:
    reader = PublicationReader()
    url = address(reading)

    def says() -> object:
        with reading.connect() as connection:
            found = reader.read(connection)
            assert found == served_publication(connection)
            return found

    assert says() is None
    with psycopg.connect(url) as writer:
        for number in (1, 2):
            (number_of_load,) = writer.execute(LOAD + " RETURNING id", ["finess"]).fetchone() or (0,)
            writer.execute(
                "INSERT INTO publication (version, loads, fictitious, structures, open_placed)"
                " VALUES (%s, ARRAY[%s]::int[], true, 1, 1)",
                [number, number_of_load],
            )
        writer.execute("INSERT INTO current_publication (version) VALUES (1)")
    first = says()
    assert says() is first
    with psycopg.connect(url) as writer:
        writer.execute("UPDATE current_publication SET version = 2")
    second = says()
    assert second != first
    with psycopg.connect(url) as writer:
        writer.execute("UPDATE publication SET fictitious = false WHERE version = 2")
    assert says() != second


def test_a_statement_said_to_the_driver_fails_as_any_other(reading: Engine) -> None:
    one = Compiled(select(literal(1).label("number")))
    with reading.connect() as connection:
        assert [row.number for row in one.execute(connection)] == [1]
        end_backends(reading)
        with pytest.raises(OperationalError):
            one.execute(connection)
    with reading.connect() as connection:
        assert [row.number for row in one.execute(connection)] == [1]


def test_a_statement_said_to_the_driver_is_of_the_transaction_and_is_heard(reading: Engine) -> None:
    count = Compiled(select(func.count().label("loads")).select_from(load))
    heard: list[str] = []
    with reading.connect() as connection:
        before = count.execute(connection)[0].loads
        with psycopg.connect(address(reading)) as other:
            other.execute(LOAD, ["finess"])
        assert count.execute(connection)[0].loads == before

        def hear(*said: Any) -> None:
            heard.append(said[2])

        event.listen(reading, "before_cursor_execute", hear)
        assert count.execute(connection)[0].loads == before
        event.remove(reading, "before_cursor_execute", hear)
    assert len(heard) == 1


def test_a_statement_that_takes_too_long_is_ended(
    server_url: str, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LONGEST_MS", 50)
    with fresh_database(server_url, template=template) as url:
        engine = reading_engine_for(url)
        with engine.connect() as connection, pytest.raises(OperationalError) as ended:
            connection.execute(text("SELECT pg_sleep(60)"))
        assert isinstance(ended.value.orig, psycopg.errors.QueryCanceled)
        engine.dispose()
        commands = engine_for(url)  # commands and loads take the time they need
        with commands.connect() as connection:
            assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "0"
        commands.dispose()


def indexes_of(connection: Connection, table: str) -> list[str]:
    asked = text("SELECT indexname FROM pg_indexes WHERE tablename = :table ORDER BY 1")
    return list(connection.execute(asked, {"table": table}).scalars())


@pytest.mark.parametrize("emptied", ["TRUNCATE", "DELETE FROM"])
def test_a_table_without_any_page_is_indexed_once_written_and_one_whose_rows_left_keeps_its_indexes(
    connection: Connection, emptied: str
) -> None:
    own = Table("own", MetaData(), Column("one", Integer), Column("other", Integer))
    own.append_constraint(PrimaryKeyConstraint("one", name="own_pkey"))
    Index("own_other_idx", own.c.other)
    own.create(connection)
    connection.execute(text("INSERT INTO own VALUES (1, 1)"))
    connection.execute(text(f"{emptied} own"))
    both = ["own_other_idx", "own_pkey"]
    with database.indexed_after(connection, own):
        assert indexes_of(connection, "own") == ([] if emptied == "TRUNCATE" else both)
        connection.execute(text("INSERT INTO own VALUES (1, 2), (2, 2)"))
    assert indexes_of(connection, "own") == both
    assert "PRIMARY KEY" in str(CreateTable(own))


def test_what_the_planner_may_do_within_is_as_before_afterwards(connection: Connection) -> None:
    asked = text("SELECT current_setting('enable_seqscan'), current_setting('enable_memoize')")
    connection.execute(text("SET LOCAL enable_memoize = off"))
    with database.planned(connection, {"enable_seqscan": "off", "enable_memoize": "on"}):
        assert connection.execute(asked).one() == ("off", "on")
    assert connection.execute(asked).one() == ("on", "off")
