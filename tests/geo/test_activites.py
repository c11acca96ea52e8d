"""What an activity's fields mean: when it stands, how it is named, how many places it has."""

from datetime import date
from typing import Any

import pytest

from geo.activites import active_codes, activity_label, label_of_filter, modality_label
from geo.capacites import Capacity, capacity_of

DAY = date(2026, 11, 21)


def a_capacity(nombre: int, statut: str, unite: str = "02", **parts: str) -> dict[str, Any]:
    return {"nombre": nombre, "statut": statut, "unite": unite} | parts


@pytest.mark.parametrize(
    ("capacities", "meant"),
    [
        ([a_capacity(40, "01"), a_capacity(38, "09")], Capacity(40, 38, "place")),
        ([a_capacity(40, "09"), a_capacity(38, "08")], Capacity(40, 38, "place")),
        ([a_capacity(38, "09")], Capacity(None, 38, "place")),
        ([a_capacity(3, "05")], Capacity()),
        ([], Capacity()),
    ],
    ids=["the producer's note", "its nomenclature", "09 alone", "another status", "none"],
)
def test_each_status_is_read_in_the_language_it_belongs_to(capacities: list[Any], meant: Capacity) -> None:
    assert capacity_of({"capacites": capacities}) == meant


def test_parts_of_a_total_are_not_added_to_it() -> None:
    by_gender = [a_capacity(20, "09", genre="01"), a_capacity(20, "09", genre="02")]
    assert capacity_of({"capacites": [a_capacity(40, "09"), *by_gender]}) == Capacity(None, 40, "place")
    assert capacity_of({"capacites": by_gender}) == Capacity()


def test_places_and_lodgings_are_not_added_up() -> None:
    assert capacity_of({"capacites": [a_capacity(30, "09", "03"), a_capacity(35, "09")]}) == Capacity(None, 35, "place")


def test_what_is_authorised_comes_from_the_authorisation_practised_under() -> None:
    practised, authorisation = {"capacites": [a_capacity(38, "09")]}, {"capacites": [a_capacity(40, "01")]}
    assert capacity_of(practised, authorisation) == Capacity(40, 38, "place")


def test_codes_of_activities_that_stand_are_given_once_in_order() -> None:
    emergency = {"etat": "A", "nature": "AMM", "code": "QA014", "modalite": "MO032"}
    over = {"etat": "A", "fin": "2026-11-21", "nature": "EML", "code": "05602"}
    to_come = {"etat": "A", "debut": "2026-11-22", "nature": "EML", "code": "05701"}
    assert active_codes([emergency, emergency, over, to_come], DAY) == ["AMM", "AMM:QA014", "AMM:QA014:MO032"]


def test_what_is_no_code_does_not_filter() -> None:
    assert active_codes([{"etat": "A", "nature": "AMM", "code": "QA 014; x", "modalite": "MO032"}], DAY) == ["AMM"]
    assert active_codes([{"etat": "A", "nature": "NEW", "code": "1"}], DAY) == []


def test_a_modality_is_named_within_its_activity() -> None:
    assert modality_label("AMM", "QA021", "MO060") != modality_label("AMM", "QA014", "MO060")
    assert modality_label("AMM", "QA019", "MO026") == "Cytogénétique y compris cytogénétique moléculaire"
    assert modality_label("AMF", "16", "42") == "Hémodialyse en unité médicalisée"
    assert modality_label("AMM", "QA001", "MO000") is None


def test_every_activity_of_the_nomenclature_has_words_without_invisible_characters() -> None:
    assert activity_label("AMM", "QA050") == "Soins médicaux et de réadaptation"
    assert activity_label("AMM", "QA010") == "Chirurgie cardiaque"
    assert activity_label("EML", "06201") == "Appareil d'IRM à utilisation clinique"
    assert activity_label("AMSR", "840") is None
    assert label_of_filter("AMSR:840") == "AMSR 840"
