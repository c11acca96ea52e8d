"""What is looked for when nothing right is declared."""

from typing import Any

import pytest

from tests.etl.matching.registers import (
    BREST,
    MORLAIX,
    OTHER,
    OTHER_ANNEX,
    OUR_ANNEX,
    OUR_FOURTH,
    OUR_THIRD,
    OURS,
    a_siret,
    an_ege,
    linked,
    only,
    verdicts,
)

DENTAL_CENTRE = an_ege(names=["CENTRE DE SANTE DENTAIRE DES DUNES"], categorie="124")


def a_practitioner(siret: str = OTHER, **said: Any) -> dict[str, Any]:
    return a_siret(
        siret,
        natural_person=True,
        naf="86.23Z",
        signs=[],
        denomination=None,
        first_name="ANNE",
        surname="KERBRAT",
        **said,
    )


def test_the_missing_one_is_found_by_its_unit_and_its_address() -> None:
    link = only(linked([an_ege()], [a_siret()]))
    assert (link["siret"], link["source"], link["status"]) == (OURS, "scoring", "accepted")
    assert link["reason"] == "Trouvé\u202f: même entité juridique, nom 83\u202f%, adresse 100\u202f%."


def test_it_is_found_by_its_name_and_its_address_without_a_siren() -> None:
    assert verdicts(linked([an_ege(ej_siren=None)], [a_siret()])) == {OURS: "accepted"}


def test_a_street_that_lost_its_th_is_the_same() -> None:
    found = linked([an_ege(street="AV DU EEATRE")], [a_siret(street_kind="AVENUE", street_name="DU THEATRE")])
    assert only(found)["parts"]["address"] == 100


def test_practitioners_at_the_door_of_a_health_centre_are_not_the_centre() -> None:
    practitioners = [a_practitioner(), a_practitioner(OTHER_ANNEX)]
    found = linked([DENTAL_CENTRE], [*practitioners, a_siret(naf="86.23Z", signs=["CENTRE DENTAIRE DES DUNES"])])
    assert verdicts(found) == {OURS: "accepted"}
    assert "accepted" not in verdicts(linked([DENTAL_CENTRE], practitioners)).values()


def test_a_company_of_dentists_at_the_door_of_a_health_centre_is_not_the_centre() -> None:
    company = a_siret(OTHER, naf="86.23Z", signs=[], denomination="SELARL KERBRAT ET ASSOCIES")
    assert "accepted" not in verdicts(linked([DENTAL_CENTRE], [company])).values()


def test_a_practice_that_bears_the_name_of_an_ehpad_is_not_even_shown() -> None:
    practice = a_practitioner(usual_name="EHPAD LES GENETS")
    assert linked([an_ege(ej_siren=None)], [practice]).is_empty()


def test_a_pharmacist_on_their_own_account_is_a_pharmacy() -> None:
    pharmacy = an_ege(names=["PHARMACIE KERBRAT"], categorie="620", ej_siren=None, ej_name=None)
    found = linked([pharmacy], [a_practitioner() | {"naf": "47.73Z", "signs": ["PHARMACIE KERBRAT"]}])
    assert verdicts(found) == {OTHER: "accepted"}


def test_another_activity_of_another_unit_is_for_a_person() -> None:
    restaurant = a_siret(OTHER, naf="56.10A", signs=["LES GENETS"])
    assert verdicts(linked([an_ege(ej_siren=None)], [restaurant])) == {OTHER: "review"}


def test_one_unit_in_another_street_is_not_the_site() -> None:
    elsewhere = a_siret(number="12", street_kind="QUAI", street_name="DU PORT", signs=["SIEGE"])
    assert "accepted" not in verdicts(linked([an_ege()], [elsewhere])).values()


def test_another_commune_is_never_looked_at() -> None:
    assert linked([an_ege()], [a_siret(commune=BREST)]).is_empty()


def test_the_closed_are_never_found() -> None:
    assert linked([an_ege()], [a_siret(active=False)]).is_empty()


def test_two_services_at_one_door_are_told_apart_by_their_names() -> None:
    esat = a_siret(OUR_ANNEX, signs=["ESAT DE LA BAIE"], naf="88.10C")
    assert verdicts(linked([an_ege()], [a_siret(), esat])) == {OURS: "accepted"}


def test_two_that_nothing_tells_apart_are_for_a_person_and_three_at_most_are_shown() -> None:
    twins = [a_siret(siret) for siret in (OURS, OUR_ANNEX, OUR_THIRD, OUR_FOURTH)]
    found = linked([an_ege()], twins)
    assert verdicts(found) == {OURS: "review", OUR_ANNEX: "review", OUR_THIRD: "review"}
    assert "aussi proche" in found["reason"][0]


def test_without_a_street_the_own_name_of_a_site_is_enough_and_its_managers_is_not() -> None:
    nowhere = {"number": None, "street_kind": None, "street_name": None}
    ege = an_ege(number=None, street=None)
    assert verdicts(linked([ege], [a_siret(**nowhere, signs=["EHPAD LES GENETS"])])) == {OURS: "accepted"}
    assert "accepted" not in verdicts(linked([ege], [a_siret(**nowhere, signs=[])])).values()


NEAR = {"lon": -3.8279, "lat": 48.5779}


@pytest.mark.parametrize(("quality", "accepted"), [("11", True), ("33", False)])
def test_two_good_points_at_one_door_are_one_address(quality: str, accepted: bool) -> None:
    ege = an_ege(ej_siren=None, street="ALL DU PARC", number=None, lon=-3.8280, lat=48.5778, precision="housenumber")
    found = linked([ege], [a_siret(OTHER, signs=["EHPAD LES GENETS"], quality=quality, **NEAR)])
    assert (verdicts(found).get(OTHER) == "accepted") is accepted


def test_points_far_apart_are_two_places_however_alike_their_streets() -> None:
    ege = an_ege(lon=-3.8280, lat=48.5778, precision="housenumber", number="12")
    far = a_siret(number="14", quality="11", lon=-3.8380, lat=48.5778, commune=MORLAIX)
    assert "accepted" not in verdicts(linked([ege], [far])).values()


def test_one_that_another_ege_rightly_declares_is_not_taken_from_it() -> None:
    ours = an_ege(ej_siren=None, names=["EHPAD LES GENETS D OR"])
    neighbour = an_ege("29Z000029", declared=OTHER, ej_siren=OTHER[:9])
    assert verdicts(linked([ours], [a_siret(OTHER)])) == {OTHER: "accepted"}
    found = linked([ours, neighbour], [a_siret(OTHER)])
    assert dict(found.select("finess", "status").iter_rows()) == {"29Z000011": "review", "29Z000029": "accepted"}
