"""What has arrived is not asked for again, and two versions are never glued."""

from typing import Any

import pytest

from etl.download import STRUCTURES, Absent, Unreachable
from tests.etl.download.conftest import CONTENT, DAY, OTHER, TITLE, UNKNOWN, UNSUMMED, Downloads, names
from tests.etl.producer import (
    cut,
    page,
    replaced_by,
    serve,
    stall,
    status,
)


@pytest.mark.parametrize("at", [0, 1, 100_000, len(CONTENT) - 1])
def test_a_cut_connection_goes_on_where_it_stopped(at: int, downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(cut(at))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == [200, 206 if at else 200]
    assert downloads.sent == len(CONTENT)
    assert downloads.calm.waits == [1]


def test_twenty_cuts_that_each_bring_something_do_not_exhaust_six_attempts(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(*[cut(10_000)] * 20)
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.sent == len(CONTENT)
    assert set(downloads.calm.waits) == {1}


def test_a_cut_in_chunks_without_a_length_is_noticed(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **UNKNOWN)
    downloads.producer.next_files(cut(100_000, sized=False))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == [200, 206]


def test_a_silence_in_the_middle_is_a_cut(downloads: Downloads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl.download.transfer.SILENCE_S", 0.2)
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(stall(100_000))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.sent == len(CONTENT)


def test_a_server_that_ignores_ranges_is_started_again_cleanly(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(cut(100_000), serve(ranges=False))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == [200, 200]


def test_the_next_run_goes_on_where_the_last_one_gave_up(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(cut(100_000), *[status(503)] * 6)
    with pytest.raises(Unreachable, match=r"503 : abandon après 6 essais sans progrès\. La même commande reprendra"):
        downloads.fetch()
    assert names(downloads.folder) == [f"{TITLE}.partial", f"{TITLE}.partial.memory.json"]
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.sent == len(CONTENT)
    assert names(downloads.folder) == [TITLE, f"{TITLE}.memory.json"]


def give_up_after(at: int, downloads: Downloads, **how: Any) -> None:
    """A first run that leaves a part."""
    downloads.producer.next_files(cut(at, **how), status(404))
    with pytest.raises(Absent):
        downloads.fetch()


def test_a_file_that_changed_in_between_is_started_again(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **UNKNOWN)
    give_up_after(100_000, downloads)
    downloads.producer.next_files(replaced_by(OTHER))
    assert downloads.fetch().read_bytes() == OTHER
    assert downloads.producer.files_asked[-1].status == 200


def test_the_part_of_a_file_that_was_published_anew_is_not_gone_on_with(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    give_up_after(100_000, downloads)
    downloads.producer.publish(STRUCTURES, DAY, OTHER)
    assert downloads.fetch().read_bytes() == OTHER
    assert "Range" not in downloads.producer.files_asked[-1].headers


def test_the_part_of_a_file_at_another_address_is_not_gone_on_with(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **UNKNOWN).etag = '"1"'
    give_up_after(100_000, downloads)
    downloads.producer.publish(STRUCTURES, DAY, OTHER, **UNKNOWN).etag = '"1"'
    assert downloads.fetch().read_bytes() == OTHER
    assert downloads.statuses == [200, 404, 200]


@pytest.mark.parametrize("tag", [None, 'W/"faible"'], ids=["no tag", "weak tag"])
def test_if_range_falls_back_on_the_date(tag: str | None, downloads: Downloads) -> None:
    published = downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    published.etag = tag
    downloads.producer.next_files(cut(100_000))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.producer.files_asked[-1].headers["If-Range"] == published.headers()["Last-Modified"]
    assert downloads.sent == len(CONTENT)


@pytest.mark.parametrize(("lies", "expected"), [({}, [200, 206]), (UNSUMMED, [200, 200])], ids=["sum", "no sum"])
def test_without_any_validator_only_a_sum_allows_to_go_on(
    lies: dict[str, Any], expected: list[int], downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = downloads.producer.publish(STRUCTURES, DAY, CONTENT, **lies)
    monkeypatch.setattr(published, "headers", dict)
    downloads.producer.next_files(cut(100_000))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == expected


def test_a_continuation_of_another_version_is_not_glued(downloads: Downloads, caplog: pytest.LogCaptureFixture) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **UNKNOWN)
    other = {"Content-Range": f"bytes 100000-{len(OTHER) - 1}/{len(OTHER)}", "ETag": '"autre"'}

    def careless(exchange: Any) -> None:
        exchange.send(206, OTHER[100_000:], **{name.replace("-", "_"): value for name, value in other.items()})

    downloads.producer.next_files(cut(100_000), careless)
    assert downloads.fetch().read_bytes() == CONTENT
    assert "la suite (206) n’est pas celle du début reçu" in caplog.text


@pytest.mark.parametrize("where", ["bytes 5-9/10", "", "ailleurs"])
def test_a_continuation_that_begins_elsewhere_is_not_glued(
    where: str, downloads: Downloads, caplog: pytest.LogCaptureFixture
) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(cut(100_000), lambda exchange: exchange.send(206, b"perdu", Content_Range=where))
    assert downloads.fetch().read_bytes() == CONTENT
    assert "la suite (206) n’est pas celle du début reçu" in caplog.text


def test_a_part_longer_than_the_file_is_started_again(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **UNKNOWN)
    give_up_after(100_000, downloads)
    with (downloads.folder / f"{TITLE}.partial").open("ab") as part:
        part.write(bytes(len(CONTENT)))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses[-2:] == [416, 200]


def test_a_part_spoilt_by_a_power_cut_is_started_again(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    give_up_after(100_000, downloads)
    (downloads.folder / f"{TITLE}.partial").write_bytes(bytes(100_000))
    assert downloads.fetch().read_bytes() == CONTENT


def test_a_part_whose_memory_is_lost_is_started_again(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    give_up_after(100_000, downloads)
    (downloads.folder / f"{TITLE}.partial.memory.json").write_text('{"url": "ht')
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses[-1] == 200


def test_a_part_that_had_its_last_byte_is_checked_and_named_without_asking(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    give_up_after(100_000, downloads)
    (downloads.folder / f"{TITLE}.partial").write_bytes(CONTENT)
    asked = len(downloads.statuses)
    assert downloads.fetch().read_bytes() == CONTENT
    assert len(downloads.statuses) == asked


def test_a_page_of_maintenance_does_not_cost_what_has_arrived(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(cut(100_000), page(), page())
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == [200, 200, 200, 206]
