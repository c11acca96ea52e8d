"""A file under its name only when whole and checked; a copy that is still right is kept."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from etl.download import ANCIEN_CSV, STRUCTURES, fetch, latest
from etl.download.memory import recall
from tests.etl.download.conftest import CONTENT, DAY, OTHER, TITLE, UNKNOWN, UNSUMMED, Calm, Downloads, names
from tests.etl.producer import (
    Producer,
    cut,
    replaced_by,
    serve,
)


def test_a_file_arrives_whole_with_its_memory_beside_it_and_nothing_else(downloads: Downloads) -> None:
    published = downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    file = downloads.fetch()
    assert file.read_bytes() == CONTENT
    assert names(downloads.folder) == [TITLE, f"{TITLE}.memory.json"]
    memory = recall(file)
    assert memory is not None
    assert (memory.licence, memory.published_on, memory.size) == ("lov2", DAY, len(CONTENT))
    assert memory.sha1 == memory.got_sha1 == published.resource["checksum"]["value"]
    assert memory.etag == published.headers()["ETag"]


def test_progress_is_told_in_bytes_up_to_the_end(producer: Producer, folder: Path) -> None:
    producer.publish(STRUCTURES, DAY, CONTENT)
    told: list[tuple[int, int]] = []
    fetch(latest(producer.url, STRUCTURES), folder, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)


def test_a_copy_with_the_announced_sum_is_not_asked_for_again(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    assert downloads.fetch() == downloads.fetch()
    assert downloads.statuses == [200]


def test_a_copy_whose_bytes_have_changed_on_the_disk_is_fetched_again(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.fetch().write_bytes(CONTENT[:-1] + b"!")
    assert downloads.fetch().read_bytes() == CONTENT


@pytest.mark.parametrize("lies", [UNSUMMED, UNKNOWN], ids=["size only", "nothing"])
def test_without_a_sum_304_keeps_the_copy(lies: dict[str, Any], downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **lies)
    downloads.fetch()
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == [200, 304]
    assert names(downloads.folder) == [TITLE, f"{TITLE}.memory.json"]


def test_without_a_tag_the_date_makes_the_condition(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **UNSUMMED).etag = None
    downloads.fetch()
    downloads.fetch()
    assert downloads.statuses == [200, 304]


def test_without_a_sum_a_file_that_changed_at_its_address_is_fetched_anew(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **UNKNOWN)
    downloads.fetch()
    downloads.producer.next_files(replaced_by(OTHER))
    assert downloads.fetch().read_bytes() == OTHER


def test_without_a_sum_a_copy_damaged_on_the_disk_makes_no_condition(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **UNKNOWN)
    downloads.fetch().write_bytes(b"\x1f\x8b coupe")
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == [200, 200]


def test_without_a_sum_the_same_tag_at_another_address_makes_no_condition(downloads: Downloads) -> None:
    for content in (CONTENT, OTHER):
        downloads.producer.publish(STRUCTURES, DAY, content, **UNKNOWN).etag = '"1"'
        downloads.fetch()
    assert (downloads.folder / TITLE).read_bytes() == OTHER


def test_a_copy_put_there_by_hand_is_recognised_by_its_sum_and_remembered(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.folder.mkdir()
    (downloads.folder / TITLE).write_bytes(CONTENT)
    memory = recall(downloads.fetch())
    assert memory is not None
    assert memory.licence == "lov2"
    assert downloads.statuses == []


def test_a_corrected_file_of_the_same_day_replaces_the_first(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.fetch()
    downloads.producer.publish(STRUCTURES, DAY, OTHER)
    assert downloads.fetch().read_bytes() == OTHER


def test_a_gzip_said_to_be_coded_is_kept_as_it_is(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    coded = {"Content-Encoding": "gzip"}
    downloads.producer.next_files(cut(100_000, headers=coded), serve(headers=coded))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.sent == len(CONTENT)
    assert {each.headers["Accept-Encoding"] for each in downloads.producer.files_asked} == {"identity"}


def test_a_csv_coded_on_its_way_is_decoded(producer: Producer, folder: Path, calm: Calm) -> None:
    text = b"finess;etalab;96;2026-05-04\n" * 1_000
    producer.publish(ANCIEN_CSV, DAY, text)
    producer.files = lambda exchange: exchange.send(200, gzip.compress(text), Content_Encoding="gzip", ETag='"code"')
    assert fetch(latest(producer.url, ANCIEN_CSV), folder, None, calm.patience()).read_bytes() == text
