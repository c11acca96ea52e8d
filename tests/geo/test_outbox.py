"""What changes in `structure` is told to each consumer from its own mark: whoever commits late, whoever reads slowly."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from geo import outbox
from geo.database import engine_for
from geo.errors import NotReady
from tests.builders import a_structure, insert_structures
from tests.conftest import fresh_database
from tests.etl.scheduled import eventually

ELSEWHERE = "search/essai"
SLOW = "search/lent"


@pytest.fixture
def engine(server_url: str, template: str) -> Iterator[Engine]:
    with fresh_database(server_url, template=template) as url:
        engine = engine_for(url)
        yield engine
        engine.dispose()


@pytest.fixture
def start(engine: Engine) -> outbox.Mark:
    """From where ELSEWHERE goes on."""
    return registered(engine)


def registered(engine: Engine, consumer: str = ELSEWHERE) -> outbox.Mark:
    """From where a consumer goes on that is known from now on."""
    with engine.begin() as connection:
        outbox.register(connection, consumer)
    return now(engine)


def is_whole(engine: Engine, since: outbox.Mark) -> bool:
    with snapshot(engine) as connection:
        return outbox.is_whole_from(connection, since)


def now(engine: Engine) -> outbox.Mark:
    with snapshot(engine) as connection:
        return outbox.mark(connection)


def snapshot(engine: Engine) -> Connection:
    return engine.execution_options(isolation_level="REPEATABLE READ").connect()


def changed(engine: Engine, since: outbox.Mark) -> list[str]:
    with snapshot(engine) as connection:
        return [each.structure for each in outbox.changed_since(connection, since, ELSEWHERE)]


def taken(engine: Engine, consumer: str = ELSEWHERE, refused: tuple[outbox.Refused, ...] = ()) -> None:
    with snapshot(engine) as connection:
        tried = [each.structure for each in refused]
        outbox.taken(connection, consumer, outbox.mark(connection), refused, tried)
        connection.commit()


def tidy(engine: Engine) -> None:
    with engine.begin() as connection:
        outbox.tidy(connection)


def add(engine: Engine, *numbers: str) -> None:
    with engine.begin() as connection:
        insert_structures(connection, [a_structure(finess=each) for each in numbers])


def change(connection: Connection, number: str, **values: str) -> None:
    column, value = next(iter(values.items()))
    connection.execute(
        text(f"UPDATE structure SET {column} = :value WHERE id = :id"), {"value": value, "id": f"f{number}"}
    )


def test_what_is_inserted_changed_or_deleted_is_told_once_each(engine: Engine, start: outbox.Mark) -> None:
    add(engine, "990000001", "990000002", "990000003")
    with engine.begin() as connection:
        change(connection, "990000001", name="UN")
        change(connection, "990000001", name="UN ENCORE")
        connection.execute(text("DELETE FROM structure WHERE id = 'f990000003'"))
    assert changed(engine, start) == ["f990000001", "f990000002", "f990000003"]


def test_a_row_that_is_written_as_it_was_is_no_change(engine: Engine, start: outbox.Mark) -> None:
    add(engine, "990000001", "990000002")
    since = now(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE structure SET name = name"))
        change(connection, "990000002", name="AUTRE")
    assert changed(engine, since) == ["f990000002"]


def test_an_id_that_is_rewritten_is_one_gone_and_one_come(engine: Engine, start: outbox.Mark) -> None:
    add(engine, "990000001")
    since = now(engine)
    with engine.begin() as connection:
        change(connection, "990000001", id="f990000009")
    assert changed(engine, since) == ["f990000001", "f990000009"]


def test_who_begins_first_and_commits_last_is_not_passed_over(engine: Engine, start: outbox.Mark) -> None:
    add(engine, "990000001", "990000002")
    since = now(engine)
    with engine.connect() as late:
        change(late, "990000001", name="TARDIF")
        with engine.begin() as early:
            change(early, "990000002", name="VITE")
        assert changed(engine, since) == ["f990000002"]
        between = now(engine)
        late.commit()
    assert "f990000001" in changed(engine, between)


def test_of_two_changes_of_a_structure_the_later_committed_has_the_greater_number(
    engine: Engine, start: outbox.Mark
) -> None:
    add(engine, "990000001")

    def last() -> int:
        with snapshot(engine) as connection:
            return outbox.changed_since(connection, start, ELSEWHERE)[0].no

    with engine.connect() as began_first:
        began_first.execute(text("SELECT pg_current_xact_id()"))  # its transaction number is the smaller
        with engine.begin() as other:
            change(other, "990000001", name="AVANT")
        before = last()
        change(began_first, "990000001", name="APRES")
        began_first.commit()
    assert last() > before


def test_what_is_rolled_back_is_not_told(engine: Engine, start: outbox.Mark) -> None:
    with engine.connect() as connection:
        insert_structures(connection, [a_structure(finess="990000001")])
        connection.rollback()
    assert changed(engine, start) == []


def test_nothing_is_kept_while_nobody_asks(engine: Engine) -> None:
    add(engine, "990000001")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox")).scalar_one() == 0


def test_a_copy_that_was_made_before_the_outbox_was_kept_is_made_again(engine: Engine) -> None:
    before = now(engine)
    add(engine, "990000001")
    since = registered(engine)
    assert not is_whole(engine, before)
    assert is_whole(engine, since)


def test_so_is_one_made_before_while_a_transaction_that_had_not_begun_then_goes_on(engine: Engine) -> None:
    before = now(engine)
    with engine.connect() as endless:
        endless.execute(text("SELECT pg_current_xact_id()"))
        add(engine, "990000001")
        since = registered(engine)
        assert not is_whole(engine, before)
        assert is_whole(engine, since)


def test_a_writer_that_looked_before_anybody_registered_is_told_all_the_same(engine: Engine) -> None:
    add(engine, "990000001")
    with snapshot(engine) as writing:
        writing.execute(text("SELECT count(*) FROM structure"))
        start = registered(engine)
        change(writing, "990000001", name="Autre nom")
        writing.commit()
    assert changed(engine, start) == ["f990000001"]


def test_a_table_that_was_emptied_at_once_leaves_no_copy_to_go_on_from(engine: Engine, start: outbox.Mark) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE structure CASCADE"))
    assert not is_whole(engine, start)
    assert is_whole(engine, now(engine))


def test_what_is_taken_is_kept_though_others_tidy_meanwhile(engine: Engine, start: outbox.Mark) -> None:
    """A long synchronisation ends well, whatever the daily watch did since it began."""
    add(engine, "990000001")
    taken(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET at = at - interval '8 days'"))
    with snapshot(engine) as following:
        upto = outbox.mark(following)
        tidy(engine)
        outbox.taken(following, ELSEWHERE, upto)
        following.commit()


def test_a_mark_of_another_database_or_of_the_future_says_nothing(engine: Engine, start: outbox.Mark) -> None:
    with snapshot(engine) as connection:
        assert outbox.is_whole_from(connection, start)
        assert not outbox.is_whole_from(connection, outbox.Mark("1/1/1", start.snapshot))
        assert not outbox.is_whole_from(connection, outbox.Mark(start.database, "9000000000:9000000000:"))


def test_each_consumer_goes_on_from_its_own_mark(engine: Engine, start: outbox.Mark) -> None:
    with engine.begin() as connection:
        outbox.register(connection, SLOW)
    add(engine, "990000001", "990000002")
    taken(engine)
    with engine.connect() as connection:
        quick, slow = outbox.late(connection, ELSEWHERE), outbox.late(connection, SLOW)
    assert quick is not None
    assert slow is not None
    assert (quick.pending, quick.since) == (0, None)
    assert slow.pending == 2
    assert slow.since is not None


def test_what_everybody_took_leaves_after_a_week_and_not_before(engine: Engine, start: outbox.Mark) -> None:
    with engine.begin() as connection:
        outbox.register(connection, SLOW)
    add(engine, "990000001")

    def kept() -> int:
        with engine.connect() as connection:
            count: int = connection.execute(text("SELECT count(*) FROM outbox")).scalar_one()
            return count

    taken(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET at = at - interval '8 days'"))
    taken(engine)
    tidy(engine)
    assert kept() == 1  # SLOW has not taken it

    # As soon as every older transaction of the server has ended, those of tests beside this one included: a mark that was taken
    # while one went on keeps what is younger than it.
    def nothing_is_kept() -> bool:
        taken(engine)
        taken(engine, SLOW)
        tidy(engine)
        return kept() == 0

    assert eventually(nothing_is_kept)
    with snapshot(engine) as connection:
        assert not outbox.is_whole_from(connection, start)


def test_nothing_is_kept_for_who_has_taken_nothing_for_a_month(engine: Engine, start: outbox.Mark) -> None:
    add(engine, "990000001")
    long_ago(engine)

    def nothing_is_kept() -> bool:
        with engine.begin() as connection:
            outbox.tidy(connection)
            assert outbox.late(connection, ELSEWHERE) is None
            return not connection.execute(text("SELECT count(*) FROM outbox")).scalar_one()

    assert eventually(nothing_is_kept)


def long_ago(engine: Engine) -> None:
    """What was noted, and who was heard of, were 31 days ago."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox_consumer SET at = at - interval '31 days'"))
        connection.execute(text("UPDATE outbox SET at = at - interval '31 days'"))


def test_one_that_has_taken_all_is_kept_however_long_nothing_changes(engine: Engine, start: outbox.Mark) -> None:
    add(engine, "990000001")
    taken(engine)
    long_ago(engine)
    add(engine, "990000002")
    tidy(engine)
    assert changed(engine, start)[-1:] == ["f990000002"]
    with engine.begin() as connection:
        assert outbox.mark_of(connection, ELSEWHERE) is not None


def test_one_that_comes_back_at_last_is_not_forgotten_while_it_takes(engine: Engine, start: outbox.Mark) -> None:
    add(engine, "990000001")
    long_ago(engine)
    registered(engine)
    tidy(engine)
    assert changed(engine, start) == ["f990000001"]


def test_one_that_was_forgotten_takes_nothing(engine: Engine, start: outbox.Mark) -> None:
    """What changed since it was was not noted."""
    add(engine, "990000001")
    long_ago(engine)
    tidy(engine)
    with pytest.raises(NotReady, match="n’est plus inscrit"):
        taken(engine)


def test_what_is_refused_is_told_with_its_reason_and_tried_again_until_it_is_taken(
    engine: Engine, start: outbox.Mark
) -> None:
    add(engine, "990000001")
    taken(engine, refused=(outbox.Refused("f990000001", 2, "trop long"),))
    since = now(engine)
    assert changed(engine, since) == ["f990000001"]
    with engine.connect() as connection:
        assert [(each.structure, each.reason) for each in outbox.refused_by(connection, ELSEWHERE)] == [
            ("f990000001", "trop long")
        ]
        late = outbox.late(connection, ELSEWHERE)
        assert late is not None
        assert late.refused == 1
    with snapshot(engine) as connection:
        outbox.taken(connection, ELSEWHERE, outbox.mark(connection), (), ["f990000001"])
        connection.commit()
    assert changed(engine, since) == []


def test_the_outbox_is_kept_by_whoever_may_write_structures(engine: Engine, start: outbox.Mark) -> None:
    """The application's role is no superuser, and asks which server and which history this is."""
    with engine.connect() as connection:
        connection.execute(text("CREATE ROLE application"))  # until the transaction is rolled back
        connection.execute(text("SET LOCAL ROLE application"))
        assert outbox.mark(connection).database == start.database


def test_a_session_that_changed_a_few_structures_then_changes_many(engine: Engine, start: outbox.Mark) -> None:
    numbers = [f"99{rank:07}" for rank in range(12_000)]
    add(engine, *numbers)
    since = now(engine)
    with engine.begin() as connection:
        for number in numbers[:6]:
            change(connection, number, name="UN")
        connection.execute(text("SET LOCAL statement_timeout = '10s'"))  # minutes, if each met each other
        connection.execute(text("UPDATE structure SET name = name || ' BIS'"))
    assert len(changed(engine, since)) == len(numbers)
