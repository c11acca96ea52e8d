"""Which file is the newest: as the catalogue says it, whatever its shape, or as the stable address leads to it."""

import socket
from datetime import UTC, date, datetime
from typing import Any

import pytest

from etl.download import ACTIVITES, ANCIEN_CSV, FLOWS, STRUCTURES, Absent, Unreachable, latest
from etl.download.errors import NoNetwork
from tests.etl.download.conftest import DAY, TITLE, Calm, a_gzip
from tests.etl.producer import (
    TITLES,
    Behaviour,
    Producer,
    document,
    dropped,
    late,
    moved,
    page,
    serve,
    status,
)


def test_the_newest_day_is_chosen_with_all_that_is_said_of_it(producer: Producer) -> None:
    newest = producer.publish(STRUCTURES, DAY, a_gzip())
    producer.publish(STRUCTURES, date(2026, 11, 23), a_gzip(seed=2))
    producer.licence = "ODbL"
    found = latest(producer.url, STRUCTURES)
    assert (found.title, found.published_on, found.licence) == (TITLE, DAY, "ODbL")
    assert found.url == producer.url + newest.path
    assert (found.size, found.sha1) == (newest.resource["filesize"], newest.resource["checksum"]["value"])
    assert found.last_modified == datetime(2026, 11, 24, 2, 16, tzinfo=UTC)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_each_flow_is_found_in_its_own_data_set_and_behind_its_own_stable_address(flow, producer, calm) -> None:
    producer.publish(flow, DAY, b"x")
    assert latest(producer.url, flow).title == TITLES[flow.name].format(DAY)
    producer.next_catalogues(status(404))
    assert latest(producer.url, flow, calm.patience()).title == TITLES[flow.name].format(DAY)


def test_of_two_files_of_a_day_the_last_put_online_is_chosen(producer: Producer) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip(seed=1))
    corrected = producer.publish(STRUCTURES, DAY, a_gzip(seed=2))
    producer.published.reverse()
    assert latest(producer.url, STRUCTURES).url.endswith(corrected.path)


def test_a_title_in_words_is_recognised_by_its_address(producer: Producer) -> None:
    producer.publish(ANCIEN_CSV, DAY, b"finess;etalab;96;2026-05-04\n")
    producer.published[-1].resource["title"] = "Établissements géolocalisés"
    assert latest(producer.url, ANCIEN_CSV).title == "etalab-cs1100507-stock-20261124-0339.csv"


@pytest.mark.parametrize(
    "lie",
    [
        {"filesize": None, "checksum": None, "last_modified": None},
        {"filesize": "beaucoup", "checksum": {"type": "crc32", "value": "0"}, "last_modified": "hier"},
        {"filesize": 0, "checksum": "0" * 40, "last_modified": 12},
        {"filesize": -3, "checksum": {"type": "sha1", "value": "pas une somme"}, "last_modified": []},
        {"filesize": [], "checksum": {"type": "sha256", "value": "0" * 64}, "last_modified": {}},
    ],
    ids=["missing", "unknown", "empty", "nonsense", "other sum"],
)
def test_what_is_missing_or_odd_is_unknown_and_stops_nothing(lie: dict[str, Any], producer: Producer) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip(), **lie)
    found = latest(producer.url, STRUCTURES)
    assert (found.title, found.size, found.sha1, found.last_modified) == (TITLE, None, None, None)


def test_a_sum_in_capitals_is_the_same_sum(producer: Producer) -> None:
    sha1 = producer.publish(STRUCTURES, DAY, a_gzip()).resource["checksum"]["value"]
    producer.published[-1].resource["checksum"] = {"type": "SHA1", "value": sha1.upper()}
    assert latest(producer.url, STRUCTURES).sha1 == sha1


def test_a_size_in_quotes_is_a_size(producer: Producer) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip(), filesize="1234")
    assert latest(producer.url, STRUCTURES).size == 1234


def test_without_an_address_a_resource_is_reached_by_its_id(producer: Producer) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip(), url=None)
    assert latest(producer.url, STRUCTURES).url == f"{producer.url}/api/1/datasets/r/{STRUCTURES.stable_id}"


def test_titles_that_carry_no_day_of_the_calendar_are_passed_over(producer: Producer) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip())
    for title in (
        "finess-structures-journalier-20261345.json.gz",
        "finess-structures-journalier-20991231.json.gz.torrent",
        "../finess-structures-journalier-20991231.json.gz",
    ):
        producer.publish(STRUCTURES, DAY, b"", title=title, url=f"{producer.url}/autre")
    assert latest(producer.url, STRUCTURES).title == TITLE


def one_page(producer: Producer) -> Behaviour:
    return document({"data": producer.dataset(STRUCTURES.dataset)["resources"], "next_page": None, "license": "lov2"})


def test_every_page_of_a_paged_catalogue_is_read(producer: Producer) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip())
    producer.next_catalogues(
        document({"license": "lov2", "resources": {"href": "/api/2/datasets/x/resources/", "total": 3}}),
        document({"data": [], "next_page": "?page=2"}),
        one_page(producer),
    )
    found = latest(producer.url, STRUCTURES)
    assert (found.title, found.licence) == (TITLE, "lov2")
    assert [each.path for each in producer.asked] == [
        "/api/1/datasets/finess-structures-1/",
        "/api/2/datasets/x/resources/",
        "/api/2/datasets/x/resources/?page=2",
    ]


def test_pages_that_turn_in_a_circle_end(producer: Producer) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip())
    producer.catalogue = document({"data": [], "next_page": "/api/2/again"})
    assert latest(producer.url, STRUCTURES).title == TITLE  # by the stable address
    assert len(producer.asked) < 100


@pytest.mark.parametrize(
    "odd", [[], None, 3, {}, {"resources": None}, {"resources": ["x", None, {}]}, {"resources": {"data": 4}}], ids=str
)
def test_a_catalogue_that_shows_no_file_leaves_the_stable_address(odd: Any, producer: Producer, calm: Calm) -> None:
    published = producer.publish(STRUCTURES, DAY, a_gzip())
    producer.catalogue = document(odd)
    found = latest(producer.url, STRUCTURES, calm.patience())
    assert (found.title, found.published_on) == (TITLE, DAY)
    assert found.url == producer.url + published.path
    assert (found.size, found.sha1, found.licence) == (len(published.content), None, "inconnue")
    assert calm.waits == []


@pytest.mark.parametrize(
    "trouble",
    [status(500), status(503), status(403), status(404), page(), dropped],
    ids=["500", "503", "403", "404", "a page", "dropped"],
)
def test_a_catalogue_that_is_down_leaves_the_stable_address(trouble: Behaviour, producer: Producer, calm: Calm) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip())
    producer.catalogue = trouble
    assert latest(producer.url, STRUCTURES, calm.patience()).title == TITLE


def test_a_silent_catalogue_leaves_the_stable_address(
    producer: Producer, calm: Calm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.download.catalogue.ANSWER_S", 0.2)
    producer.publish(STRUCTURES, DAY, a_gzip())
    producer.catalogue = late(600, status(200))
    assert latest(producer.url, STRUCTURES, calm.patience()).title == TITLE


def test_a_catalogue_that_coughs_is_asked_again_since_it_alone_knows_the_sum(producer: Producer, calm: Calm) -> None:
    sha1 = producer.publish(STRUCTURES, DAY, a_gzip()).resource["checksum"]["value"]
    producer.next_catalogues(status(503), dropped)
    assert latest(producer.url, STRUCTURES, calm.patience()).sha1 == sha1
    assert calm.waits == [1, 2]


def test_a_catalogue_that_asks_to_come_back_in_an_hour_is_not_waited_for(producer: Producer, calm: Calm) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip())
    producer.catalogue = status(503, retry_after="3600")
    assert latest(producer.url, STRUCTURES, calm.patience()).title == TITLE
    assert calm.waits == []


def test_the_name_of_a_file_behind_a_stable_address_may_stand_in_its_header(producer: Producer, calm: Calm) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip(), title="t%C3%A9l%C3%A9charger")
    named = serve(headers={"Content-Disposition": f'attachment; filename="{TITLE}"'})
    producer.catalogue = status(500)
    producer.next_files(named)
    assert latest(producer.url, STRUCTURES, calm.patience()).title == TITLE


def test_a_stable_address_that_leads_elsewhere_says_where(producer: Producer, calm: Calm) -> None:
    producer.publish(STRUCTURES, DAY, a_gzip())
    producer.catalogue = document({"resources": []})
    producer.next_stables(moved("/accueil"))
    producer.next_files(page())
    with pytest.raises(
        Unreachable, match=r"«\u202ffiness-structures-1\u202f» n’annonce aucun fichier .*mène ailleurs .*/accueil"
    ):
        latest(producer.url, STRUCTURES, calm.patience())


def test_a_network_that_answers_every_address_with_its_own_page_is_no_network(producer: Producer, calm: Calm) -> None:
    producer.catalogue = page()
    producer.next_stables(page())
    with pytest.raises(Unreachable):
        latest(producer.url, STRUCTURES, calm.patience())
    assert calm.waits == []


def test_neither_catalogue_nor_stable_address(producer: Producer, calm: Calm) -> None:
    producer.catalogue = status(500)
    with pytest.raises(Absent):
        latest(producer.url, ACTIVITES, calm.patience())


def test_without_a_connection_nothing_is_tried_again(calm: Calm) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        with pytest.raises(NoNetwork, match="n’est pas joignable"):
            latest(f"http://127.0.0.1:{taken.getsockname()[1]}", STRUCTURES, calm.patience())
    assert calm.waits == []


def test_an_unknown_name_is_no_network(calm: Calm) -> None:
    with pytest.raises(Unreachable):
        latest("http://producer.invalid", STRUCTURES, calm.patience())
    assert calm.waits == []


def test_an_address_that_is_none_is_said(calm: Calm) -> None:
    with pytest.raises(Unreachable, match="ne peut pas être demandé"):
        latest("datagouv", STRUCTURES, calm.patience())
