"""`refresh positions`: a geocoder asked for what registers place badly, each question once, nobody who must not be told."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from etl.gates import judge
from etl.positions import forgetting, gates, pipeline
from etl.registers import acts
from etl.report import Report, as_text
from geo.errors import NotAGeocoder, NotReady
from geo.progress import Silent
from geo.settings import Settings
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_address, an_ege, many
from tests.etl.instance import Instance
from tests.etl.registers.people import Person, load_stock
from tests.etl.registers.test_links import acting
from tests.geocoder.faulty import FaultyGeocoder, knows, says_error_of, status
from tests.places import LILLE

EGE, OTHER = "590000001", "590000002"
NURSE, NEIGHBOUR = Person(12), Person(34)
DOOR = LILLE.moved(east_m=150)
LILAS = {"12 RUE DES LILAS": (DOOR.lon, DOOR.lat)}


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Two pharmacies without a point, 12 and 14 rue des Lilas, and others at their doors."""
    folder = tmp_path_factory.mktemp("octobre")
    with make_instance() as instance:
        eges = [an_ege(EGE, adresse=[without_point()]), an_ege(OTHER, adresse=[without_point(numeroVoie="14")])]
        assert instance.refresh(a_file(folder, *eges, *many(8, first=3))).state == "published"
        yield instance


@pytest.fixture
def geocoder() -> Iterator[FaultyGeocoder]:
    with FaultyGeocoder() as server:
        server.always = knows(LILAS, "59350")
        yield server


def without_point(**fields: Any) -> dict[str, Any]:
    return an_address(LILLE, point={}, **fields)


def settings(instance: Instance, geocoder: FaultyGeocoder, **changed: Any) -> Settings:
    asked = {"geocoder_url": geocoder.url, "geocoder_indexed_on": date(2026, 10, 1), "live": False}
    return Settings(home=instance.home, database_url=instance.url, **(asked | changed))


def refresh(instance: Instance, geocoder: FaultyGeocoder, **changed: Any) -> Report:
    report = pipeline.refresh(settings(instance, geocoder, **changed), Silent())
    assert report.state == "published", report
    return report


def served(instance: Instance) -> list[tuple[Any, ...]]:
    return [
        tuple(row)
        for row in instance.rows(
            f"SELECT id, precision, position_source FROM structure WHERE id IN ('f{EGE}', 'f{OTHER}') ORDER BY id"
        )
    ]


def texts(geocoder: FaultyGeocoder) -> list[str]:
    return [asked.words(row) for asked in geocoder.asked for row in asked.table]


def test_what_a_register_does_not_place_is_asked_and_served(told: Instance, geocoder: FaultyGeocoder) -> None:
    report = refresh(told, geocoder)
    assert served(told) == [(f"f{EGE}", "housenumber", "geocoder"), (f"f{OTHER}", "commune", "commune")]
    geocoding = report.counts["geocoding"]
    assert (geocoding["structures"], geocoding["asked"]) == (2, len(texts(geocoder)))
    assert geocoding["precisions"] == {"housenumber": 1, "none": 1}
    assert geocoding["reasons"] == {"introuvable": 1}
    kept = told.rows("SELECT precision, reason, gave_up FROM geocoded_structure ORDER BY id")
    assert [tuple(row) for row in kept] == [("housenumber", None, "nothing"), ("none", "introuvable", None)]
    assert told.differences() == []
    assert "12 RUE DES LILAS" not in as_text(report)


def test_those_at_their_door_are_not_asked(told: Instance, geocoder: FaultyGeocoder) -> None:
    refresh(told, geocoder)
    assert {words[:2] for words in texts(geocoder)} == {"12", "14", "RU"}


def test_a_second_run_asks_nothing_and_changes_nothing(told: Instance, geocoder: FaultyGeocoder) -> None:
    refresh(told, geocoder)
    before, version = len(geocoder.asked), told.served()
    report = refresh(told, geocoder)
    assert len(geocoder.asked) == before
    assert report.counts["geocoding"]["asked"] == 0
    assert told.served() == version


def test_a_new_index_of_addresses_is_asked_again(told: Instance, geocoder: FaultyGeocoder) -> None:
    refresh(told, geocoder)
    before = len(texts(geocoder))
    refresh(told, geocoder, geocoder_indexed_on=date(2027, 1, 1))
    assert len(texts(geocoder)) == 2 * before


def test_only_an_address_that_changed_is_asked(told: Instance, geocoder: FaultyGeocoder, tmp_path: Path) -> None:
    refresh(told, geocoder)
    before = len(texts(geocoder))
    eges = [an_ege(EGE, adresse=[without_point()]), an_ege(OTHER, adresse=[without_point(numeroVoie="16")])]
    day = {"generatedAt": "2026-11-22T02:09:17Z", "name": "finess-structures-journalier-20261122.json.gz"}
    assert told.refresh(a_file(tmp_path, *eges, *many(8, first=3), **day)).state == "published"
    refresh(told, geocoder)
    assert {words.split(" ", 1)[0] for words in texts(geocoder)[before:]} == {"16"}
    assert told.rows("SELECT count(*) FROM geocoded_answer WHERE key LIKE '%|14 RUE%'") == [(0,)]


def test_an_address_that_changed_leaves_the_door_of_the_old_one(
    told: Instance, geocoder: FaultyGeocoder, tmp_path: Path
) -> None:
    refresh(told, geocoder)
    eges = [an_ege(EGE, adresse=[without_point(libelleVoie="DES TILLEULS")]), *many(9, first=2)]
    day = {"generatedAt": "2026-11-22T02:09:17Z", "name": "finess-structures-journalier-20261122.json.gz"}
    assert told.refresh(a_file(tmp_path, *eges, **day)).state == "published"
    assert served(told)[0] == (f"f{EGE}", "commune", "commune")


def test_a_question_without_an_answer_is_asked_by_the_next_run(told: Instance, geocoder: FaultyGeocoder) -> None:
    geocoder.always = says_error_of("12 RUE", times=10)
    report = refresh(told, geocoder)
    assert report.counts["geocoding"]["unanswered"] >= 1
    assert report.counts["geocoding"]["reasons"]["sans_reponse"] == 1
    assert told.rows(f"SELECT precision, reason FROM geocoded_structure WHERE id = 'f{EGE}'") == [
        ("none", "sans_reponse")
    ]
    geocoder.always = knows(LILAS, "59350")
    refresh(told, geocoder)
    assert served(told)[0] == (f"f{EGE}", "housenumber", "geocoder")


def test_a_geocoder_that_breaks_down_keeps_what_it_had_said(
    told: Instance, geocoder: FaultyGeocoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch after batch: the second fails for good, the first is not asked again."""
    monkeypatch.setattr("etl.positions.asking.AT_ONCE", 1)
    geocoder.next_answers(knows(LILAS, "59350"))
    geocoder.always = status(404)
    with pytest.raises(NotAGeocoder):
        pipeline.refresh(settings(told, geocoder), Silent())
    assert told.rows("SELECT state FROM load WHERE pipeline = 'positions'") == [("failed",)]
    assert told.rows("SELECT count(*) FROM geocoded_answer") == [(1,)]
    geocoder.always = knows(LILAS, "59350")
    before = len(geocoder.asked)
    refresh(told, geocoder)
    assert not any(words.startswith("12 RUE") for words in texts(geocoder)[before + 1 :])


def test_what_a_cut_run_learnt_moves_nobody_and_leaves_with_who_leaves(
    told: Instance, geocoder: FaultyGeocoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its answers wait for the next run, which publishes; a file of the next day is not the one to place anybody by them."""
    monkeypatch.setattr("etl.positions.asking.AT_ONCE", 1)
    geocoder.next_answers(knows(LILAS, "59350"))
    geocoder.always = status(404)
    with pytest.raises(NotAGeocoder):
        pipeline.refresh(settings(told, geocoder), Silent())
    day = {"generatedAt": "2026-11-22T02:09:17Z", "name": "finess-structures-journalier-20261122.json.gz"}
    eges = [an_ege(EGE, adresse=[without_point()]), *many(9, first=2)]
    assert told.refresh(a_file(tmp_path, *eges, **day)).state == "published"
    assert served(told)[0] == (f"f{EGE}", "commune", "commune")
    assert told.rows("SELECT count(*) FROM geocoded_answer") == [(1,)]
    with told.engine.begin() as connection:
        forgetting.forget_needless(connection)
    assert told.rows("SELECT count(*) FROM geocoded_answer") == [(1,)]
    ((asked, reason),) = told.rows(f"SELECT asked, reason FROM geocoded_structure WHERE id = 'f{EGE}'")
    assert asked != []
    assert reason == "sans_reponse"  # not « found as written »


@pytest.mark.parametrize(
    "lost",
    [{}, {"12 RUE DES LILAS": (0.0, 0.0)}, {"12 RUE DES LILAS": (LILLE.lat, LILLE.lon)}],
    ids=["rien", "0,0", "inversé"],
)
def test_an_index_that_lost_its_addresses_is_refused_and_nobody_is_moved(
    told: Instance, geocoder: FaultyGeocoder, monkeypatch: pytest.MonkeyPatch, lost: dict[str, tuple[float, float]]
) -> None:
    monkeypatch.setattr("etl.positions.gates.A_FEW", 0)
    refresh(told, geocoder)
    geocoder.always = knows(lost, "59350")
    later = settings(told, geocoder, geocoder_indexed_on=date(2027, 1, 1))
    report = pipeline.refresh(later, Silent())
    assert report.state == "refused"
    verdict, _ = report.gates
    assert verdict.message.startswith("1 structure que le géocodeur ne place plus, ou à plus de 500\u202fm, 100,00")
    assert "LUM1_GEOCODER_INDEXED_ON" in (report.error or "")
    assert served(told)[0] == (f"f{EGE}", "housenumber", "geocoder")
    assert told.rows(f"SELECT precision FROM geocoded_structure WHERE id = 'f{EGE}'") == [("housenumber",)]
    assert pipeline.refresh(later, Silent(), accept=["geocoding"]).state == "published"
    assert served(told)[0] == (f"f{EGE}", "commune", "commune")


def test_an_index_that_lost_one_departement_is_refused_though_it_is_a_small_part_of_france() -> None:
    """22 of the 491 that it places, as a lost Nord is of a small country: under the share of the whole."""
    departements = {"59": gates.Placed(22, 22, 0), "33": gates.Placed(469, 0, 2)}
    national, of_one = judge(gates.Counted(fictitious=False, departements=departements), gates.GATES)
    assert national.passed
    assert of_one.refuses
    assert "22 structures que le géocodeur ne place plus, ou à plus de 500\u202fm (Nord), 100,00" in of_one.message


def test_a_few_that_move_in_a_departement_of_few_are_nothing() -> None:
    departements = {"59": gates.Placed(400, 3, 2), "48": gates.Placed(6, 5, 0), None: gates.Placed(1, 1, 0)}
    assert all(each.passed for each in judge(gates.Counted(fictitious=False, departements=departements), gates.GATES))


def test_a_service_that_does_not_answer_is_no_index_that_lost_its_addresses(
    told: Instance, geocoder: FaultyGeocoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.positions.gates.A_FEW", 0)
    refresh(told, geocoder)
    geocoder.always = says_error_of("12 RUE", times=100)
    assert refresh(told, geocoder, geocoder_indexed_on=date(2027, 1, 1)).counts["geocoding"]["unanswered"] >= 1
    assert served(told)[0] == (f"f{EGE}", "housenumber", "geocoder")


def test_nobody_who_must_not_be_told_is_asked_and_her_answers_leave_with_her(
    told: Instance, geocoder: FaultyGeocoder, tmp_path: Path
) -> None:
    assert load_stock(told, tmp_path, NURSE, NEIGHBOUR).state == "published"
    with told.engine.begin() as connection:  # both are placed by Insee: as if it had no point of them
        connection.exec_driver_sql(
            "UPDATE sirene_establishment SET lon = NULL, lat = NULL, precision = 'none', position_source = NULL"
        )
        connection.exec_driver_sql(
            "UPDATE structure SET lon = NULL, lat = NULL, precision = 'none', position_source = NULL WHERE register = 'sirene'"
        )
    acts.withdraw(acting(told), NEIGHBOUR.siret, "Sa lettre")
    refresh(told, geocoder)
    assert any(NURSE.street in words for words in texts(geocoder))
    assert not any(NEIGHBOUR.street in words for words in texts(geocoder))
    assert told.rows(f"SELECT count(*) > 0 FROM geocoded_answer WHERE key LIKE '%{NURSE.street}%'") == [(True,)]
    acts.withdraw(acting(told), NURSE.siret, "Sa lettre")
    assert told.rows(f"SELECT count(*) FROM geocoded_answer WHERE key LIKE '%{NURSE.street}%'") == [(0,)]
    assert told.rows(f"SELECT count(*) FROM geocoded_structure WHERE id = '{NURSE.id}'") == [(0,)]


def test_without_network_only_a_geocoder_of_this_machine_is_asked(told: Instance, geocoder: FaultyGeocoder) -> None:
    with pytest.raises(NotReady, match="LUM1_LIVE=0"):
        refresh(told, geocoder, geocoder_url="https://geocodeur.example/geocodage")


def test_before_anything_is_served_it_says_what_comes_first(instance: Instance, geocoder: FaultyGeocoder) -> None:
    with pytest.raises(NotReady, match="chargez d’abord FINESS"):
        refresh(instance, geocoder)
