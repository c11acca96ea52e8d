"""A file under its name only when whole and checked, however it came."""

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from etl.download import ANCIEN_CSV, STRUCTURES, Absent, Damaged, Unreachable, Unwritable, fetch, latest, obtain
from etl.download.memory import recall
from tests.etl.download.conftest import DAY, TITLE, Calm, a_gzip
from tests.etl.producer import (
    Producer,
    cut,
    dropped,
    moved,
    page,
    replaced_by,
    serve,
    stall,
    status,
)

CONTENT = a_gzip()
OTHER = a_gzip(seed=2)
UNSUMMED = {"checksum": None}
UNKNOWN = {"checksum": None, "filesize": None}


def names(folder: Path) -> list[str]:
    """What stands in the folder, the lock aside."""
    return sorted(file.name for file in folder.iterdir() if file.name != ".lock")


class Downloads:
    """One instance's archive, filled from one producer."""

    def __init__(self, producer: Producer, folder: Path, calm: Calm) -> None:
        self.producer, self.folder, self.calm = producer, folder, calm

    def fetch(self, **patience: float) -> Path:
        resource = latest(self.producer.url, STRUCTURES)
        return fetch(resource, self.folder, None, self.calm.patience(**patience))

    @property
    def statuses(self) -> list[int]:
        return [each.status for each in self.producer.files_asked]

    @property
    def sent(self) -> int:
        return sum(each.sent for each in self.producer.files_asked)


@pytest.fixture
def downloads(producer: Producer, folder: Path, calm: Calm) -> Downloads:
    return Downloads(producer, folder, calm)


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


def test_a_redirect_is_followed_with_its_range(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(moved(), cut(100_000), moved(), moved())
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == [302, 200, 302, 302, 206]


def test_redirects_in_a_circle_end(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.files = moved()
    with pytest.raises(Unreachable):
        downloads.fetch()


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(code: int, downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(status(code), dropped, status(code))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.calm.waits == [1, 2, 4]


def in_seconds(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [
        (lambda: "17", 17, 17),
        (lambda: "86400", 300, 300),
        (lambda: in_seconds(120), 60, 120),
        (lambda: in_seconds(86_400), 300, 300),
        (lambda: in_seconds(-86_400), 1, 1),
        (lambda: "bientot", 1, 1),
        (lambda: "0", 1, 1),
    ],
    ids=["seconds", "too many seconds", "a date", "too late a date", "a date gone by", "nonsense", "at once"],
)
def test_retry_after_is_honoured_within_reason(asked: Any, low: float, high: float, downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(status(429, retry_after=asked()))
    downloads.fetch()
    assert len(downloads.calm.waits) == 1
    assert low <= downloads.calm.waits[0] <= high


def test_patience_has_an_end_in_time_too(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.files = status(503, retry_after="200")
    with pytest.raises(Unreachable, match="abandon après 500 s"):
        downloads.fetch(total_s=500)
    assert downloads.calm.waits == [200, 200]


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_what_is_refused_is_not_asked_again(code: int, downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.files = status(code)
    with pytest.raises(Absent, match=f"répond {code} pour http"):
        downloads.fetch()
    assert (downloads.statuses, downloads.calm.waits) == ([code], [])


@pytest.mark.parametrize(
    ("lies", "said"),
    [
        ({"checksum": {"type": "sha1", "value": "0" * 40}}, "la somme sha1 reçue"),
        ({"filesize": len(CONTENT) + 1, "checksum": None}, "octets reçus"),
        ({"filesize": len(CONTENT) - 1}, "octets reçus"),
        ({"filesize": len(CONTENT) - 200_000}, "octets reçus"),
    ],
    ids=["sum", "longer", "shorter", "much shorter"],
)
def test_what_is_not_as_announced_is_tried_once_more_then_said(
    lies: dict[str, Any], said: str, downloads: Downloads
) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **lies)
    with pytest.raises(Damaged, match=rf"{said}.*deux fois de suite.*--file"):
        downloads.fetch()
    assert (downloads.statuses, downloads.calm.waits) == ([200, 200], [1])
    assert names(downloads.folder) == []


def test_a_file_without_end_is_not_received_to_its_end(downloads: Downloads) -> None:
    endless = b"\x1f\x8b" + bytes(60_000_000)
    downloads.producer.publish(STRUCTURES, DAY, endless, filesize=1_000)
    with pytest.raises(Damaged, match="1000 annoncés"):
        downloads.fetch()
    assert downloads.sent < len(endless)  # twice, and yet less than once: the rest stayed in the network's buffers


def test_damage_leaves_the_copy_of_before_in_place(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.fetch()
    downloads.producer.publish(STRUCTURES, DAY, OTHER, checksum={"type": "sha1", "value": "0" * 40})
    with pytest.raises(Damaged):
        downloads.fetch()
    assert (downloads.folder / TITLE).read_bytes() == CONTENT


def test_a_file_damaged_on_its_way_is_right_the_second_time(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(lambda exchange: exchange.send(200, CONTENT[:-9] + b"different"))
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.calm.waits == [1]


@pytest.mark.parametrize("lies", [{}, UNKNOWN], ids=["announced", "unknown"])
def test_a_page_that_is_not_said_to_be_one_is_damage(lies: dict[str, Any], downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT, **lies)
    downloads.producer.files = page("application/octet-stream")
    with pytest.raises(Damaged, match="deux fois de suite"):
        downloads.fetch()
    assert names(downloads.folder) == []


def test_a_page_that_stays_is_a_producer_out_of_reach(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.files = page()
    with pytest.raises(Unreachable, match="envoie une page web à la place de .* : abandon après 6 essais"):
        downloads.fetch()
    assert names(downloads.folder) == []


def test_a_page_of_maintenance_does_not_cost_what_has_arrived(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(cut(100_000), page(), page())
    assert downloads.fetch().read_bytes() == CONTENT
    assert downloads.statuses == [200, 200, 200, 206]


def test_without_a_sum_a_gzip_is_read_to_its_end(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT[:-100], **UNKNOWN)
    with pytest.raises(Damaged, match="pas un fichier gzip entier"):
        downloads.fetch()


def test_an_empty_file_is_no_file(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, b"", **UNKNOWN)
    with pytest.raises(Damaged, match="vide"):
        downloads.fetch()


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


def test_a_folder_that_cannot_be_written_is_said(producer: Producer, tmp_path: Path, calm: Calm) -> None:
    producer.publish(STRUCTURES, DAY, CONTENT)
    (tmp_path / "archive").write_text("un fichier, pas un dossier")
    with pytest.raises(Unwritable, match="ne peut pas recevoir"):
        fetch(latest(producer.url, STRUCTURES), tmp_path / "archive", None, calm.patience())


def test_a_file_replaced_while_it_is_fetched_is_looked_up_again(producer: Producer, folder: Path, calm: Calm) -> None:
    producer.publish(STRUCTURES, DAY, CONTENT)

    def gone(exchange: Any) -> None:
        producer.publish(STRUCTURES, DAY, OTHER)
        exchange.send(404)

    producer.next_files(gone)
    steps: list[str] = []
    resource, file = obtain(producer.url, STRUCTURES, folder, step=steps.append, patience=calm.patience())
    assert file.read_bytes() == OTHER
    assert resource.size == len(OTHER)
    assert steps == [f"téléchargement de {TITLE}"] * 2


def test_a_file_that_is_still_announced_and_still_gone_is_given_up(
    producer: Producer, folder: Path, calm: Calm
) -> None:
    producer.publish(STRUCTURES, DAY, CONTENT)
    producer.files = status(404)
    with pytest.raises(Absent):
        obtain(producer.url, STRUCTURES, folder, patience=calm.patience())


def test_every_wait_is_told(downloads: Downloads, caplog: pytest.LogCaptureFixture) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT)
    downloads.producer.next_files(status(503, retry_after="17"))
    downloads.fetch()
    assert [each.getMessage().partition(" ")[2] for each in caplog.records] == [
        "répond 503 ; nouvel essai dans 17.0 s (1/6)"
    ]
