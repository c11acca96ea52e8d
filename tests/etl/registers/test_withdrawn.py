"""A practitioner who objects is withdrawn from everything, until it is undone; a backup brought back does not bring her."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from pmtiles.reader import MemorySource, all_tiles
from sqlalchemy import text

from etl import publish, tile_archive
from etl.registers import acts
from etl.rollback import rollback
from etl.sirene.refresh import refresh_stock
from geo.database import engine_for, vacuum
from geo.errors import InvalidIdentifier, NotFound
from geo.progress import Silent
from tests.conftest import fresh_database
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_address, an_ege
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import NOVEMBER, Person, beside_a_pharmacy, how, load_pages, load_stock, stock_files
from tests.places import LILLE
from tiles import archive

LEAVES, STAYS = Person(12), Person(34)
AT = [(LEAVES.lon, LEAVES.lat)]
DECEMBER = datetime(2026, 12, 4, 8, 12, 30)
REASON = "Sa lettre du 3 novembre : harcelée par YQUELVORT"


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Two practitioners beside a pharmacy, from the stock of October."""
    with beside_a_pharmacy(make_instance, tmp_path_factory.mktemp("octobre"), LEAVES, STAYS) as instance:
        yield instance


def acting(instance: Instance) -> acts.Instance:
    return acts.Instance(instance.engine, instance.home, instance.search)


def structures(instance: Instance) -> list[str]:
    return [row[0] for row in instance.rows("SELECT id FROM structure WHERE register = 'sirene' ORDER BY id")]


@contextmanager
def backup(instance: Instance, server_url: str) -> Iterator[str]:
    """The database as it is now, aside."""
    instance.engine.dispose()
    with fresh_database(server_url, template=instance.url) as url:
        yield url


def test_withdrawn_she_is_nowhere_and_the_reason_is_in_its_own_table_alone(told: Instance) -> None:
    done = acts.withdraw(acting(told), LEAVES.siret, REASON)
    assert (done.left, done.published_by_finess) == (1, [])
    assert structures(told) == [STAYS.id]
    assert places(told, LEAVES.secrets, AT) == []
    assert places(told, ["yquelvort"]) == ["table withdrawal : yquelvort"]
    assert told.differences() == []


OF_HER = f"""
SELECT table_name, count(*) AS n FROM (
    SELECT 'tile_count' AS table_name FROM tile_count WHERE who = {LEAVES.siret}
    UNION ALL SELECT 'tile_change' FROM tile_change WHERE who = {LEAVES.siret}
    UNION ALL
    SELECT 'sample of ' || tablename || '.' || attname FROM pg_stats AS s
    WHERE tablename = ANY (ARRAY{list(publish.OF_PERSONS)}) AND s::text LIKE '%{LEAVES.siret}%'
) AS found
GROUP BY table_name
"""


def test_nor_is_her_number_in_what_the_grid_adds_up_and_in_what_the_planner_remembers(told: Instance) -> None:
    """The grid has her SIRET as a number; of a table that is empty again an analysis leaves the last sample."""
    with told.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO to_draw VALUES (:leaves), (:stays)"), {"leaves": LEAVES.id, "stays": STAYS.id}
        )
    vacuum(told.engine, "tile_count", "to_draw", options="ANALYZE")
    assert {row.table_name for row in told.rows(OF_HER)} >= {"tile_count", "sample of to_draw.id"}
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    vacuum(told.engine, *publish.OF_PERSONS, options="ANALYZE")  # as autovacuum does
    assert told.rows(OF_HER) == []


SHAPE = f"""
SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attcollation, attnotnull, attstattarget
FROM pg_attribute
WHERE attnum > 0 AND attrelid = ANY (CAST(ARRAY{list(publish.OF_PERSONS)} AS regclass[]))
UNION ALL
SELECT tablename, indexdef, '', 0, true, 0 FROM pg_indexes WHERE tablename = ANY (ARRAY{list(publish.OF_PERSONS)})
ORDER BY 1, 2
"""
SAMPLES = f"SELECT DISTINCT tablename FROM pg_stats WHERE tablename = ANY (ARRAY{list(publish.OF_PERSONS)})"


def test_tables_that_are_empty_again_keep_no_sample_and_are_otherwise_as_they_were(told: Instance) -> None:
    vacuum(told.engine, *publish.OF_PERSONS, options="ANALYZE")
    assert len(told.rows(SAMPLES)) > 5
    shape = told.rows(SHAPE)
    with told.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(publish.OF_PERSONS)} CASCADE"))
        connection.execute(text("DELETE FROM to_draw"))  # that everything is to be drawn anew
    publish.sweep(told.engine, told.search, served_only=True)
    assert told.rows(SAMPLES) == [("structure",)]  # without a single structure nothing is served at all
    assert told.rows(SHAPE) == shape


def tiles_that_tell(archive: Path) -> list[str]:
    return [
        name
        for name in (LEAVES.id, STAYS.id)
        if any(name.encode() in gzip.decompress(body) for _, body in all_tiles(MemorySource(archive.read_bytes())))
    ]


def test_the_archive_of_tiles_that_tells_her_leaves_with_her_and_the_next_one_does_not(told: Instance) -> None:
    kept = archive.kept_in(told.home)
    tile_archive.keep(told.engine, told.home, Silent())
    assert tiles_that_tell(kept) == [LEAVES.id, STAYS.id]
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    assert not kept.exists()
    tile_archive.keep(told.engine, told.home, Silent())
    assert tiles_that_tell(kept) == [STAYS.id]
    assert places(told, LEAVES.secrets, AT) == []


class WithdrawsHer:
    """Progress of an archive, amid which she is withdrawn."""

    def __init__(self, instance: Instance, step: str) -> None:
        self._instance, self._step = instance, step

    def step(self, name: str) -> None:
        if name == self._step:
            self._step = ""
            acts.withdraw(acting(self._instance), LEAVES.siret, REASON)

    def advance(self, done: int, total: int) -> None:
        pass


@pytest.mark.parametrize("step", ["adresses des tuiles", "tuiles", "écriture de l’archive"])
def test_withdrawn_while_an_archive_is_written_she_is_in_none(told: Instance, step: str) -> None:
    tile_archive.keep(told.engine, told.home, WithdrawsHer(told, step))
    assert tiles_that_tell(archive.kept_in(told.home)) == [STAYS.id]
    assert places(told, LEAVES.secrets, AT) == []


def test_a_home_that_comes_back_with_an_older_archive_loses_it_when_the_instance_starts(told: Instance) -> None:
    kept = archive.kept_in(told.home)
    tile_archive.keep(told.engine, told.home, Silent())
    acts.reapply(acting(told))
    before = kept.read_bytes()  # nothing was withdrawn, it stays
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    kept.write_bytes(before)
    acts.reapply(acting(told))
    assert not kept.exists()


def test_withdrawn_twice_is_said_and_undone_twice_too(told: Instance) -> None:
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    with pytest.raises(acts.AlreadySo):
        acts.withdraw(acting(told), LEAVES.siret, REASON)
    acts.undo_withdrawal(acting(told), LEAVES.siret)
    with pytest.raises(NotFound):
        acts.undo_withdrawal(acting(told), LEAVES.siret)


def test_no_stock_page_or_rollback_brings_her_back(told: Instance, tmp_path: Path) -> None:
    (first,) = told.rows("SELECT max(id) FROM load WHERE pipeline = 'sirene'")
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    assert load_stock(told, tmp_path, LEAVES, STAYS, day=NOVEMBER).state == "published"
    assert load_pages(told, tmp_path, LEAVES.entry()).state == "published"
    rollback(told.engine, told.search, first[0], home=told.home)
    assert structures(told) == [STAYS.id]
    assert places(told, LEAVES.secrets, AT) == []


def test_undone_she_comes_back_with_the_next_stock_as_she_was(told: Instance, tmp_path: Path) -> None:
    row = f"SELECT (to_jsonb(s) - 'load_id')::text FROM structure AS s WHERE id = '{LEAVES.id}'"
    before = told.rows(row)
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    acts.undo_withdrawal(acting(told), LEAVES.siret)
    assert structures(told) == [STAYS.id]
    load_stock(told, tmp_path, LEAVES, STAYS, day=NOVEMBER)
    changed = [each[0].replace("2026-11-04", "2026-10-04") for each in told.rows(row)]
    assert changed == [each[0] for each in before]


def test_a_backup_from_before_the_withdrawal_is_purged_when_the_instance_starts(
    told: Instance, server_url: str
) -> None:
    with backup(told, server_url) as url:
        acts.withdraw(acting(told), LEAVES.siret, REASON)
        restored = Instance(engine_for(url), told.search)
        assert structures(restored) == [LEAVES.id, STAYS.id]
        assert acts.reapply(acting(restored)) == 1
        assert structures(restored) == [STAYS.id]
        assert places(restored, LEAVES.secrets, AT) == []
        assert restored.differences() == []
        restored.engine.dispose()


def test_a_backup_from_before_the_mask_is_purged_when_the_instance_starts(
    told: Instance, server_url: str, tmp_path: Path
) -> None:
    with backup(told, server_url) as url:
        load_pages(told, tmp_path, LEAVES.hidden_entry())
        restored = Instance(engine_for(url), told.search)
        assert acts.reapply(acting(restored)) == 1
        assert places(restored, LEAVES.secrets, AT) == []
        assert restored.rows("SELECT siret, was_told FROM masked_siret") == [(LEAVES.siret, True)]
        assert load_stock(restored, tmp_path, LEAVES, STAYS, day=DECEMBER).state == "published"
        assert structures(restored) == [STAYS.id]
        restored.engine.dispose()


def test_a_backup_brought_back_under_a_running_instance_is_purged_by_its_next_load(
    told: Instance, server_url: str, tmp_path: Path
) -> None:
    other = Person(56)
    with backup(told, server_url) as url:
        load_pages(told, tmp_path, LEAVES.hidden_entry())
        acts.withdraw(acting(told), STAYS.siret, REASON)
        restored = Instance(engine_for(url), told.search)
        assert load_pages(restored, tmp_path, other.entry()).state == "published"
        assert structures(restored) == [other.id]
        assert places(restored, LEAVES.secrets + STAYS.secrets, AT) == []
        restored.engine.dispose()


def test_an_instance_that_starts_with_nothing_to_withhold_publishes_nothing(told: Instance) -> None:
    served = told.served()
    assert acts.reapply(acting(told)) == 0
    assert told.served() == served


def test_an_undoing_that_the_file_beside_does_not_know_yet_stands(told: Instance) -> None:
    """As after a machine that stopped between the act and its note."""
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    with told.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE withdrawal SET undone_at = now()")
    acts.reapply(acting(told))
    assert told.rows("SELECT count(*) FROM withdrawal WHERE undone_at IS NULL") == [(0,)]


def test_a_pharmacy_of_finess_keeps_what_finess_publishes_when_its_number_is_withdrawn(
    instance: Instance, tmp_path: Path
) -> None:
    said = an_ege(
        about={"siret": LEAVES.siret, "egeId": "590000001", "numFinessEge": "590000001", "nomEgeLong": "PHARMACIE"}
    )
    row = "SELECT (to_jsonb(s) - 'load_id')::text FROM structure AS s WHERE register = 'finess'"
    assert instance.refresh(a_file(tmp_path, said)).state == "published"
    before = instance.rows(row)
    load_stock(instance, tmp_path, LEAVES, STAYS)
    done = acts.withdraw(acting(instance), LEAVES.siret, REASON)
    assert done.published_by_finess == ["590000001"]
    assert instance.rows(row) == before
    assert places(instance, [each for each in LEAVES.secrets if each != LEAVES.siret], AT) == []


def test_a_number_that_only_a_person_linked_is_not_said_to_be_published_by_finess_and_leaves_all_that_is_told(
    instance: Instance, tmp_path: Path
) -> None:
    row = "SELECT (to_jsonb(s) - 'load_id')::text FROM structure AS s WHERE id = 'f590000001'"
    assert instance.refresh(a_file(tmp_path, an_ege("590000001", about={"siret": STAYS.siret}))).state == "published"
    load_stock(instance, tmp_path, LEAVES, STAYS)
    before = instance.rows(row)
    acts.decide(acting(instance), "590000001", LEAVES.siret, "accepted", "A. Vérificateur", "vue sur place")
    assert LEAVES.siret in instance.rows(row)[0][0]
    done = acts.withdraw(acting(instance), LEAVES.siret, REASON)
    assert done.published_by_finess == []
    assert instance.rows(row) == before
    assert places(instance, LEAVES.secrets, AT) == []


def test_undone_she_comes_back_with_the_very_file_that_is_served(told: Instance, tmp_path: Path) -> None:
    files = stock_files(tmp_path, LEAVES, STAYS, day=NOVEMBER)
    assert refresh_stock(told.engine, files, how(told)).state == "published"
    acts.withdraw(acting(told), LEAVES.siret, REASON)
    assert refresh_stock(told.engine, files, how(told)).state == "unchanged"
    acts.undo_withdrawal(acting(told), LEAVES.siret)
    assert refresh_stock(told.engine, files, how(told)).state == "published"
    assert structures(told) == [LEAVES.id, STAYS.id]
    assert refresh_stock(told.engine, files, how(told)).state == "unchanged"


def test_the_same_stock_is_read_again_once_finess_named_others(told: Instance, tmp_path: Path) -> None:
    """A bakery is of no field of ours, until FINESS declares its number."""
    bakery = Person(56)
    out = {"activitePrincipaleEtablissement": "10.71C", "activitePrincipaleNAF25Etablissement": "10.71Y"}
    files = stock_files(tmp_path, LEAVES, STAYS, bakery, day=NOVEMBER, changed={bakery.siret: out})
    assert refresh_stock(told.engine, files, how(told)).state == "published"
    known = f"SELECT count(*) FROM sirene_establishment WHERE siret = '{bakery.siret}'"
    assert told.rows(known) == [(0,)]
    named = an_ege(about={"siret": bakery.siret})
    assert told.refresh(a_file(tmp_path, named, generatedAt="2026-11-23T02:09:17Z")).state == "published"
    assert refresh_stock(told.engine, files, how(told)).state == "published"
    assert told.rows(known) == [(1,)]
    assert refresh_stock(told.engine, files, how(told)).state == "unchanged"


def test_nobody_is_looked_for_in_place_of_a_withdrawn_number_that_finess_declares(
    instance: Instance, tmp_path: Path
) -> None:
    twin = Person(12, nic=2)
    said = an_ege(
        "590000001",
        LEAVES.sign,
        about={"siret": LEAVES.siret, "nomEgeLong": LEAVES.sign},
        adresse=[an_address(LILLE, point={})],
    )
    like_it = {
        "enseigne1Etablissement": LEAVES.sign,
        "numeroVoieEtablissement": "12",
        "libelleVoieEtablissement": "DES LILAS",
    }
    assert instance.refresh(a_file(tmp_path, said)).state == "published"
    load_stock(instance, tmp_path, LEAVES, twin, STAYS, changed={LEAVES.siret: like_it, twin.siret: like_it})
    links = "SELECT siret, source, status FROM link WHERE valid_to IS NULL ORDER BY siret"
    before = instance.rows(links)
    assert [tuple(each) for each in before] == [(LEAVES.siret, "declared", "accepted")]
    acts.withdraw(acting(instance), LEAVES.siret, REASON)
    assert instance.rows(links) == before
    assert structures(instance) == sorted([twin.id, STAYS.id])


WRONG_KEY = "12345678200011"


def test_a_number_whose_key_is_wrong_is_withdrawn_and_given_back_when_sirene_publishes_it(
    instance: Instance, tmp_path: Path
) -> None:
    assert instance.refresh(a_file(tmp_path, an_ege())).state == "published"
    with pytest.raises(InvalidIdentifier):
        acts.withdraw(acting(instance), WRONG_KEY, REASON)
    load_stock(instance, tmp_path, STAYS)
    load_pages(instance, tmp_path, STAYS.entry() | {"siret": WRONG_KEY, "siren": WRONG_KEY[:9], "nic": WRONG_KEY[9:]})
    assert f"s{WRONG_KEY}" in structures(instance)
    with pytest.raises(InvalidIdentifier):
        acts.withdraw(acting(instance), "12345678200012", REASON)
    acts.withdraw(acting(instance), "123 456 782 00011", REASON)
    assert structures(instance) == [STAYS.id]
    acts.undo_withdrawal(acting(instance), WRONG_KEY)


def test_a_number_whose_key_is_wrong_may_be_linked_when_sirene_publishes_it(instance: Instance, tmp_path: Path) -> None:
    assert instance.refresh(a_file(tmp_path, an_ege("590000001"))).state == "published"
    load_stock(instance, tmp_path, STAYS)
    load_pages(instance, tmp_path, STAYS.entry() | {"siret": WRONG_KEY, "siren": WRONG_KEY[:9], "nic": WRONG_KEY[9:]})
    acts.decide(acting(instance), "590000001", WRONG_KEY, "accepted", "A. Vérificateur", "vue sur place")
    assert structures(instance) == [STAYS.id]
    acts.undo_decision(acting(instance), "590000001", WRONG_KEY)
    assert f"s{WRONG_KEY}" in structures(instance)
