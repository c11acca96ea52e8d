"""The index served is brought to each publication by what changed; cut off anywhere, run again, it ends as PostgreSQL is."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import Connection, Engine, text

from geo import outbox
from geo.database import engine_for
from geo.errors import NotReady
from geo.publication import served_publication
from geo.search_server import SearchServer
from search.elastic import indexing, sync, verification, writing
from search.elastic.engine import ElasticEngine
from search.elastic.indices import Indices, words_of
from search.query import SearchQuery
from tests.builders import a_structure, insert_structures, publish
from tests.conftest import fresh_database
from tests.places import LILLE, LORIENT

ONE, TWO, THREE = "f990000001", "f990000002", "f990000003"


class Instance:
    """A database whose publications are committed, as a server follows them."""

    def __init__(self, engine: Engine, server: SearchServer, client: Elasticsearch) -> None:
        self.engine = engine
        self.server = server
        self.client = client
        self.indices = Indices(client, server.name)
        self.elastic = ElasticEngine(server, client)

    def publish(self, *rows: dict[str, Any], **statements: str) -> None:
        """Insert rows, run statements, in one transaction that publishes."""
        with self.engine.begin() as connection:
            insert_structures(connection, rows)
            for statement in statements.values():
                connection.execute(text(statement))
            publish(connection)

    def follow(self, **how: bool) -> indexing.Built:
        return sync.follow(self.engine, self.server, **how)

    def names(self, words: str = "", **how: Any) -> list[str]:
        with self.reading() as connection:
            publication = served_publication(connection)
            assert publication is not None
            found = self.elastic.search(connection, SearchQuery(words=words, **how), publication)
            return [each.id for each in found.hits]

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            yield connection

    def differences(self) -> list[str]:
        with self.reading() as connection:
            return verification.of_what_is_served(connection, self.server)


@pytest.fixture
def instance(server_url: str, template: str, server: SearchServer, client: Elasticsearch) -> Iterator[Instance]:
    """Three structures, published and indexed."""
    with fresh_database(server_url, template=template) as url:
        engine = engine_for(url)
        instance = Instance(engine, server, client)
        instance.publish(
            a_structure(finess=ONE[1:], at=LILLE, name="PHARMACIE DU BEFFROI"),
            a_structure(finess=TWO[1:], at=LILLE, name="PHARMACIE DU PONT"),
            a_structure(finess=THREE[1:], at=LORIENT, name="CLINIQUE DU PORT", categorie_no=365),
        )
        instance.follow()
        yield instance
        engine.dispose()


RENAMED = f"UPDATE structure SET name = 'PHARMACIE DE LA GARE', name_key = 'PHARMACIE DE LA GARE' WHERE id = '{ONE}'"
GONE = f"DELETE FROM structure WHERE id = '{TWO}'"


def test_what_is_new_changed_or_gone_is_found_so_in_the_same_index(instance: Instance) -> None:
    before = instance.indices.served()
    instance.publish(a_structure(name="PHARMACIE NOUVELLE", finess="990000004"), renamed=RENAMED, gone=GONE)
    done = instance.follow()
    assert (done.index, done.written, done.refused) == (before, 3, 0)
    assert instance.names("pharmacie gare") == [ONE]
    assert instance.names("beffroi") == []
    assert sorted(instance.names("pharmacie")) == [ONE, "f990000004"]
    assert instance.differences() == []


def test_words_that_nobody_bears_any_more_are_no_words(instance: Instance) -> None:
    instance.publish(renamed=RENAMED, gone=GONE)
    instance.follow()
    vocabulary = instance.elastic._open.served().vocabulary
    assert (vocabulary.frequency("beffroi"), vocabulary.frequency("gare")) == (0, 1)
    assert not vocabulary.typed("beffroi")
    assert not vocabulary.typed("pont")


def test_until_it_is_told_the_index_is_of_the_publication_before(instance: Instance) -> None:
    instance.publish(gone=GONE)
    with pytest.raises(NotReady, match=r"\./lum1 search sync"):
        instance.names("pharmacie")
    without_fallback = ElasticEngine(replace(instance.server, fallback=False), instance.client)
    with instance.reading() as connection:
        publication = served_publication(connection)
        assert publication is not None
        assert without_fallback.search(connection, SearchQuery(words="pont"), publication).total == 1
    instance.follow()
    assert instance.names("pont") == []


def test_a_publication_without_changes_only_says_so(instance: Instance) -> None:
    instance.publish()
    assert instance.follow().written == 0
    assert len(instance.names()) == 3
    assert instance.follow().written == 0


def test_publications_that_nobody_told_are_caught_up_at_once(instance: Instance) -> None:
    """The server was away for days."""
    instance.publish(a_structure(finess="990000004", name="PASSAGERE"))
    instance.publish(renamed=RENAMED)
    instance.publish(gone=GONE, passing="DELETE FROM structure WHERE id = 'f990000004'")
    instance.publish(a_structure(finess=TWO[1:], at=LORIENT, name="PHARMACIE REVENUE"))
    instance.follow()
    assert instance.names("pharmacie revenue") == [TWO]
    assert instance.names("passagere") == []
    assert instance.differences() == []


def test_who_committed_late_is_told_the_next_time(instance: Instance) -> None:
    with instance.engine.connect() as late:
        late.execute(text(RENAMED))  # begins before the publication that is followed, commits after it
        instance.publish(gone=GONE)
        instance.follow()
        late.commit()
    instance.publish()
    instance.follow()
    assert instance.names("gare") == [ONE]
    assert instance.differences() == []


class Cut(Exception):
    """The process is killed here."""


WRITES = ("mget", "bulk", "search", "indices.refresh", "indices.put_mapping", "delete_by_query", "count")
# the notes of words before, then documents, then the vocabulary
CUTS = [*((each, 1) for each in WRITES), ("bulk", 2), ("bulk", 3)]


@pytest.mark.parametrize(("call", "how_often"), CUTS)
@pytest.mark.parametrize("after", [False, True])
def test_cut_off_at_any_request_and_run_again_it_is_what_postgresql_holds(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, call: str, how_often: int, after: bool
) -> None:
    instance.publish(a_structure(finess="990000004", name="NOUVELLE"), renamed=RENAMED, gone=GONE)
    with monkeypatch.context() as patched, suppress(Cut):
        cut_at(patched, call, how_often, after)
        instance.follow()
    # whatever changes meanwhile
    instance.publish(
        renamed=RENAMED.replace("GARE", "POSTE"), back_again=f"UPDATE structure SET open = false WHERE id = '{THREE}'"
    )
    instance.follow()
    assert instance.differences() == []
    assert instance.names("pharmacie poste") == [ONE]
    assert instance.names("gare") == []


def cut_at(patched: pytest.MonkeyPatch, call: str, how_often: int, after: bool) -> None:
    """The `how_often`th request of a kind is the last: it is not made, or its answer is not read."""
    left = [how_often]

    real = Elasticsearch.perform_request

    def performed(self: Elasticsearch, *args: Any, endpoint_id: str | None = None, **kwargs: Any) -> Any:
        left[0] -= endpoint_id == call
        is_last = endpoint_id == call and left[0] == 0
        if is_last and not after:
            raise Cut
        answer = real(self, *args, endpoint_id=endpoint_id, **kwargs)
        if is_last:
            raise Cut
        return answer

    patched.setattr(Elasticsearch, "perform_request", performed)


def test_what_the_server_refuses_is_told_with_its_reason_and_everything_else_is_written(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = indexing.told

    def told(row: Any, document: Any) -> dict[str, Any]:
        return real(row, document) | ({"inconnu": 1} if row["id"] == ONE else {})

    with monkeypatch.context() as patched:
        patched.setattr(indexing, "told", told)
        instance.publish(renamed=RENAMED, gone=GONE)
        done = instance.follow()
    assert (done.written, done.refused) == (2, 1)
    assert instance.names("gare") == []
    assert instance.names("beffroi") == []  # nothing stale is found
    assert instance.names("clinique") == [THREE]
    assert [line.partition(", ")[0] for line in instance.differences()] == [f"{ONE} : refusée par le moteur"]
    instance.publish()
    assert instance.follow().refused == 0
    assert instance.names("gare") == [ONE]
    assert instance.differences() == []


def test_another_index_is_made_when_what_changed_is_not_known(instance: Instance) -> None:
    before = instance.indices.served()
    with instance.engine.begin() as connection:
        connection.execute(text("DELETE FROM outbox_consumer"))
    instance.publish(renamed=RENAMED)  # nobody was registered
    with pytest.raises(sync.TooFar):
        instance.follow(may_build=False)
    assert instance.follow().index != before
    assert instance.names("gare") == [ONE]


def test_another_index_is_made_when_much_changed(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "FEW", 1)
    before = instance.indices.served()
    instance.publish(renamed=RENAMED, gone=GONE)
    assert instance.follow().index != before
    assert instance.differences() == []


def test_another_index_is_made_of_one_that_somebody_wrote_to(instance: Instance) -> None:
    before = instance.indices.served()
    assert before
    instance.client.delete(index=before, id=THREE, refresh=True)
    instance.publish(renamed=RENAMED)
    assert instance.follow().index != before
    assert instance.differences() == []


def test_another_index_is_made_for_a_database_that_went_back(instance: Instance) -> None:
    """Restored from a backup: its publications and its transactions are behind the index."""
    instance.publish(gone=GONE)
    instance.follow()
    before = instance.indices.served()
    with instance.engine.begin() as connection:
        connection.execute(text("UPDATE current_publication SET version = version - 1"))
    assert instance.follow().index != before
    assert instance.differences() == []


def test_who_was_withdrawn_is_in_no_other_index_nor_in_an_older_vocabulary(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.follow(anew=True)
    assert len(instance.indices.all()) == 2
    instance.publish(gone=GONE, renamed=RENAMED)
    monkeypatch.setattr(sync, "LEASE_S", 0.0)  # how long files are waited for is tests/cluster's
    with pytest.raises(NotReady, match="garde encore ce qui a été effacé"):
        instance.follow(alone=True)
    index = instance.indices.served()
    assert index
    assert instance.indices.all() == [index]
    held = instance.client.search(index=words_of(index), size=100)["hits"]["hits"]
    assert {each["_source"]["generation"] for each in held} == {2}
    assert not any("before" in each["_source"] for each in held)
    assert instance.differences() == []


def test_an_index_that_one_goes_back_to_is_caught_up(instance: Instance) -> None:
    first = instance.indices.served()
    instance.follow(anew=True)
    instance.publish(renamed=RENAMED, gone=GONE)
    instance.follow()
    indexing.back(instance.server)
    done = instance.follow()
    assert (done.index, done.written) == (first, 2)
    assert instance.names("gare") == [ONE]
    assert instance.differences() == []


def test_a_late_copy_of_an_earlier_write_changes_nothing(instance: Instance) -> None:
    """A request that was cut off, and is carried out once everything is over."""
    index = instance.indices.served()
    assert index
    old = instance.client.get(index=index, id=ONE)["_source"]
    gone = instance.client.get(index=index, id=TWO)["_source"]
    instance.publish(renamed=RENAMED, gone=GONE)
    instance.follow()
    late = [
        {"_index": index, "_id": each, "version": 1, "version_type": writing.OURS, "_source": source}
        for each, source in ((ONE, old), (TWO, gone))
    ]
    writing.in_bulk(instance.client, late)
    instance.client.indices.refresh(index=index)
    assert instance.differences() == []


def test_how_late_the_server_is_is_measured(instance: Instance) -> None:
    def late() -> tuple[int, bool]:
        with instance.engine.connect() as connection:
            found = outbox.late(connection, instance.server.consumer)
            assert found is not None
            return found.pending, found.since is not None

    assert late() == (0, False)
    instance.publish(renamed=RENAMED, gone=GONE)
    assert late() == (2, True)
    instance.follow()
    assert late() == (0, False)


def told_and_cut(patched: pytest.MonkeyPatch) -> None:
    """The process is killed between the index and PostgreSQL."""
    cut_at(patched, "indices.put_mapping", 1, after=True)


def test_a_withdrawal_cut_off_once_the_index_was_told_leaves_no_word_of_anybody(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.publish(gone=GONE)
    with monkeypatch.context() as patched, suppress(Cut):
        told_and_cut(patched)
        instance.follow(alone=True)
    monkeypatch.setattr(sync, "LEASE_S", 0.0)
    with suppress(NotReady):
        instance.follow(alone=True)
    index = instance.indices.served()
    assert index
    held = instance.client.search(index=words_of(index), size=100)["hits"]["hits"]
    assert held
    assert not any("pont" in str(each["_source"]) for each in held)


def test_cut_off_once_the_index_was_told_postgresql_is_told_too(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.publish(gone=GONE)
    with monkeypatch.context() as patched, suppress(Cut):
        told_and_cut(patched)
        instance.follow()
    with instance.engine.connect() as connection:
        assert sync.is_behind(connection, instance.server)
    instance.follow()
    with instance.engine.connect() as connection:
        assert not sync.is_behind(connection, instance.server)
        late = outbox.late(connection, instance.server.consumer)
        assert late is not None
        assert late.pending == 0


def test_what_was_refused_is_not_forgotten_by_a_cut(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    real = indexing.told

    def told(row: Any, document: Any) -> dict[str, Any]:
        return real(row, document) | ({"inconnu": 1} if row["id"] == ONE else {})

    with monkeypatch.context() as patched, suppress(Cut):
        patched.setattr(indexing, "told", told)
        told_and_cut(patched)
        instance.publish(renamed=RENAMED)
        instance.follow()
    instance.follow()
    assert instance.differences() == []
    assert instance.names("gare") == [ONE]


def test_an_outbox_that_a_dump_brought_from_another_server_is_not_believed(instance: Instance) -> None:
    """That server had seen more transactions than this one."""
    with instance.engine.begin() as connection:
        connection.execute(text("UPDATE outbox_kept SET floor = 900000000, database = 'autre/00000001/5'"))
        connection.execute(text("UPDATE outbox_consumer SET mark = '900000000:900000000:'"))
        connection.execute(text(f"INSERT INTO outbox (xid, structure) VALUES (899999999, '{ONE}')"))
    indexes = set()
    for number in range(3):
        instance.publish(renamed=RENAMED.replace("GARE", f"GARE {number}"))
        indexes.add(instance.follow().index)
    with instance.engine.connect() as connection:
        late = outbox.late(connection, instance.server.consumer)
        assert late is not None
        assert late.pending == 0
    assert len(indexes) == 1
    assert instance.differences() == []


def test_a_dump_restored_into_the_same_database_is_another_history(instance: Instance) -> None:
    """Publication 2 was told, then undone by the restore; another publication 2 is made."""
    instance.publish(renamed=RENAMED)
    instance.follow()
    with instance.engine.begin() as connection:
        connection.execute(
            text("SET LOCAL session_replication_role = replica")
        )  # no trigger notes what a restore writes
        connection.execute(text(f"UPDATE structure SET name = 'PHARMACIE DU BEFFROI' WHERE id = '{ONE}'"))
        connection.execute(text("DELETE FROM current_publication"))
        connection.execute(text("DELETE FROM publication WHERE version > 1"))
        connection.execute(text("SELECT setval('publication_version_seq', 1)"))
    instance.publish(gone=GONE)
    with pytest.raises(NotReady):
        instance.names("gare")
    instance.follow()
    assert instance.names("gare") == []
    assert instance.names("beffroi") == [ONE]
    assert instance.differences() == []


def test_the_index_of_another_database_does_not_answer_for_this_one(instance: Instance) -> None:
    """A trial, then the real thing in a new home: the publications of both are numbered from 1."""
    index = instance.indices.served()
    assert index
    meta = instance.indices.meta(index)
    instance.indices.tell(index, msgspec.structs.replace(meta, stamp="00000000-0000-4000-8000-000000000000"))
    elsewhere = ElasticEngine(instance.server, instance.client)
    with instance.reading() as connection:
        publication = served_publication(connection)
        assert publication is not None
        assert meta.version == publication.version
        with pytest.raises(NotReady, match="autre publication"):
            elsewhere.search(connection, SearchQuery(words="pharmacie"), publication)
        assert sync.is_behind(connection, instance.server)
    assert instance.follow().index != index


def test_whatever_the_search_path_structures_are_written_and_noted(instance: Instance) -> None:
    with instance.engine.begin() as connection:
        connection.execute(text("SELECT set_config('search_path', '', true)"))
        connection.execute(text(f"DELETE FROM public.structure WHERE id = '{TWO}'"))
    instance.publish()
    instance.follow()
    assert instance.differences() == []


def test_a_refusal_quotes_no_value(instance: Instance) -> None:
    index = instance.indices.served()
    assert index
    refused = writing.in_bulk(
        instance.client, [{"_index": index, "_id": "s1", "_source": {"updated_on": "Mme X"}}]
    ).refused
    assert "updated_on" in refused["s1"]
    assert "Mme X" not in refused["s1"]
