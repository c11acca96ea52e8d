"""A declared SIRET is taken at its word when its numbers, its state and its commune agree."""

import pytest

from tests.etl.matching.registers import (
    BREST,
    LYON,
    LYON_3,
    LYON_6,
    OTHER,
    OUR_ANNEX,
    OUR_THIRD,
    OURS,
    a_masked,
    a_siret,
    an_ege,
    checks,
    linked,
    only,
    took_over,
    verdicts,
)

WRONG_KEY = OURS[:-1] + str((int(OURS[-1]) + 1) % 10)
LA_POSTE = "35600000000010"  # its digits add up to 15, and its Luhn key is wrong


def test_a_declared_siret_that_is_right_is_accepted() -> None:
    link = only(linked([an_ege(declared=OURS)], [a_siret()]))
    assert (link["siret"], link["source"], link["status"]) == (OURS, "declared", "accepted")
    assert link["parts"]["checks"] == []
    assert link["reason"] == "SIRET déclaré présent, actif et dans la même commune."


def test_another_legal_entity_is_a_finding_and_no_error() -> None:
    found = linked([an_ege(declared=OTHER)], [a_siret(OTHER)])
    assert only(found)["status"] == "accepted"
    assert checks(found, OTHER) == ["autre_siren"]
    assert "autre entité juridique" in only(found)["reason"]


def test_two_siren_that_insee_gave_to_one_unit_are_one() -> None:
    found = linked([an_ege(declared=OTHER)], [a_siret(OTHER)], duplicates=[(OURS[:9], OTHER[:9])])
    assert checks(found, OTHER) == []


@pytest.mark.parametrize(
    ("declared", "codes", "reason"),
    [
        ("en cours", ["forme", "absent"], "SIRET déclaré mal formé."),
        (OURS[:-1], ["forme", "absent"], "SIRET déclaré mal formé."),
        (WRONG_KEY, ["cle", "absent"], "SIRET déclaré dont la clé est fausse."),
        (OUR_THIRD, ["absent"], "SIRET déclaré inconnu de SIRENE."),
    ],
)
def test_one_that_sirene_cannot_have_is_rejected_and_the_right_one_is_found(
    declared: str, codes: list[str], reason: str
) -> None:
    found = linked([an_ege(declared=declared)], [a_siret()])
    assert verdicts(found) == {declared: "rejected", OURS: "accepted"}
    assert checks(found, declared) == codes
    assert found.filter(siret=declared)["reason"].item() == reason


def test_spaces_among_its_digits_are_a_finding_only() -> None:
    found = linked([an_ege(declared=f"{OURS[:3]} {OURS[3:6]} {OURS[6:9]} {OURS[9:]}")], [a_siret()])
    assert verdicts(found) == {OURS: "accepted"}
    assert checks(found, OURS) == ["forme"]


def test_nothing_but_spaces_declares_nothing() -> None:
    assert linked([an_ege(declared="  ")], []).is_empty()


def test_la_poste_has_a_key_of_its_own() -> None:
    found = linked([an_ege(declared=LA_POSTE, ej_siren=None)], [a_siret(LA_POSTE)])
    assert verdicts(found) == {LA_POSTE: "accepted"}


def test_the_head_office_of_another_commune_gives_way_to_the_sibling_at_this_address() -> None:
    head = a_siret(commune=BREST, number="1", street_name="DU PORT", signs=["SIEGE"])
    found = linked([an_ege(declared=OURS)], [head, a_siret(OUR_ANNEX)])
    assert verdicts(found) == {OURS: "rejected", OUR_ANNEX: "accepted"}
    assert checks(found, OURS) == ["autre_commune"]


def test_the_head_office_alone_is_for_a_person_to_judge() -> None:
    found = linked([an_ege(declared=OURS)], [a_siret(commune=BREST)])
    assert verdicts(found) == {OURS: "review"}


def test_a_head_office_that_looks_like_nothing_is_rejected() -> None:
    head = a_siret(commune=BREST, number="1", street_name="DU PORT", signs=["SIEGE"], denomination="LES DUNES")
    assert verdicts(linked([an_ege(declared=OURS, ej_siren=OTHER[:9], ej_name="CCAS")], [head])) == {OURS: "rejected"}


def test_an_arrondissement_is_its_commune() -> None:
    ege = an_ege(declared=OURS, commune=LYON_3)
    assert verdicts(linked([ege], [a_siret(commune=LYON)])) == {OURS: "accepted"}
    assert verdicts(linked([ege], [a_siret(commune=LYON_6)])) == {OURS: "accepted"}


def test_a_former_commune_is_the_one_of_today() -> None:
    assert verdicts(linked([an_ege(declared=OURS, commune="01003")], [a_siret(commune="01165")])) == {OURS: "accepted"}


def test_a_commune_that_nobody_knows_confirms_nothing() -> None:
    found = linked([an_ege(declared=OURS, commune="99999")], [a_siret()])
    assert verdicts(found) != {OURS: "accepted"}
    assert "Commune inconnue" in only(found)["reason"]


def test_a_closed_one_gives_way_to_who_took_over_even_twice() -> None:
    rows = [a_siret(active=False), a_siret(OTHER, active=False), a_siret(OUR_THIRD)]
    found = linked([an_ege(declared=OURS)], rows, successions=[took_over(OURS, OTHER), took_over(OTHER, OUR_THIRD)])
    assert verdicts(found) == {OURS: "rejected", OUR_THIRD: "accepted"}
    assert checks(found, OURS) == ["ferme"]
    assert found.filter(siret=OUR_THIRD)["parts"].item()["heir"]


def test_an_heir_of_another_unit_without_a_name_in_common_is_accepted_at_the_same_address() -> None:
    heir = a_siret(OTHER, signs=["SAS KORIAN"], denomination="KORIAN")
    rows = [a_siret(active=False), heir]
    assert verdicts(linked([an_ege(declared=OURS)], rows)).get(OTHER) != "accepted"
    found = linked([an_ege(declared=OURS)], rows, successions=[took_over(OURS, OTHER)])
    assert verdicts(found)[OTHER] == "accepted"
    assert "Successeur" in found.filter(siret=OTHER)["reason"].item()


def test_a_cycle_of_successions_ends() -> None:
    rows = [a_siret(active=False), a_siret(OTHER, active=False)]
    found = linked([an_ege(declared=OURS)], rows, successions=[took_over(OURS, OTHER), took_over(OTHER, OURS)])
    assert verdicts(found) == {OURS: "rejected"}


def test_both_closed_agree() -> None:
    found = linked([an_ege(declared=OURS, open=False)], [a_siret(active=False)])
    assert (verdicts(found), checks(found, OURS)) == ({OURS: "accepted"}, [])


def test_nothing_is_looked_for_when_the_ege_is_closed() -> None:
    assert linked([an_ege(open=False)], [a_siret()]).is_empty()


def test_a_masked_one_is_confirmed_by_its_numbers_alone() -> None:
    link = only(linked([an_ege(declared=OURS)], [], [a_masked()]))
    assert (link["status"], link["parts"]["checks"]) == ("accepted", ["masque"])
    assert [link["parts"][name] for name in ("name", "address", "identifiers", "naf", "distance_m")] == [None] * 5


def test_a_masked_one_is_never_read_even_when_an_open_row_says_more() -> None:
    link = only(linked([an_ege(declared=OURS)], [a_siret()], [a_masked()]))
    assert (link["parts"]["name"], link["parts"]["checks"]) == (None, ["masque"])


def test_a_masked_one_is_never_found_by_itself() -> None:
    assert linked([an_ege()], [a_siret()], [a_masked()]).is_empty()


def test_a_masked_one_of_another_commune_is_not_confirmed() -> None:
    assert verdicts(linked([an_ege(declared=OURS)], [], [a_masked(commune=BREST)])) == {OURS: "rejected"}
