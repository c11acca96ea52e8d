"""Servers that are busy, refuse, lie or send something else; a disk that refuses."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from etl.download import STRUCTURES, Absent, Damaged, Unreachable, Unwritable, fetch, latest, obtain
from tests.etl.download.conftest import CONTENT, DAY, OTHER, TITLE, UNKNOWN, Calm, Downloads, names
from tests.etl.producer import (
    Producer,
    cut,
    dropped,
    moved,
    page,
    status,
)


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
    with pytest.raises(Unreachable, match=r"envoie une page web à la place de .* : abandon après 6 essais"):
        downloads.fetch()
    assert names(downloads.folder) == []


def test_without_a_sum_a_gzip_is_read_to_its_end(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, CONTENT[:-100], **UNKNOWN)
    with pytest.raises(Damaged, match="pas un fichier gzip entier"):
        downloads.fetch()


def test_an_empty_file_is_no_file(downloads: Downloads) -> None:
    downloads.producer.publish(STRUCTURES, DAY, b"", **UNKNOWN)
    with pytest.raises(Damaged, match="vide"):
        downloads.fetch()


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
