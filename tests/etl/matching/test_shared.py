"""Several EGE may share one SIRET: each is judged on its own address."""

from tests.etl.matching.registers import BREST, OUR_ANNEX, OURS, a_masked, a_siret, an_ege, linked

DAY_CENTRE = "29Z000029"


def test_two_ege_at_one_door_share_their_siret() -> None:
    both = [an_ege(declared=OURS), an_ege(DAY_CENTRE, declared=OURS, names=["ACCUEIL DE JOUR"], categorie="207")]
    found = linked(both, [a_siret()])
    assert found.select("finess", "status").rows() == [("29Z000011", "accepted"), (DAY_CENTRE, "accepted")]


def test_the_head_office_repeated_on_remote_sites_is_theirs_no_more() -> None:
    there = an_ege(DAY_CENTRE, declared=OURS, commune=BREST, number="3", street="QU DU PORT")
    found = linked([an_ege(declared=OURS), there], [a_siret()])
    assert dict(found.select("finess", "status").iter_rows()) == {"29Z000011": "accepted", DAY_CENTRE: "review"}


def test_the_head_office_repeated_in_its_own_commune_neither() -> None:
    there = an_ege(DAY_CENTRE, declared=OURS, number="3", street="QU DU PORT", names=["FOYER DU PORT"])
    found = linked([an_ege(declared=OURS), there], [a_siret()])
    status = dict(found.select("finess", "status").iter_rows())
    assert status == {"29Z000011": "accepted", DAY_CENTRE: "review"}
    assert found.filter(finess=DAY_CENTRE)["reason"].item() == "SIRET déclaré aussi par d’autres adresses."


def test_one_declared_alone_but_whose_sibling_stands_at_the_address_is_not_right() -> None:
    head = a_siret(number="3", street_name="DU PORT", street_kind="QUAI", signs=["SIEGE"])
    found = linked([an_ege(declared=OURS)], [head, a_siret(OUR_ANNEX)])
    assert dict(found.select("siret", "status").iter_rows()) == {OURS: "rejected", OUR_ANNEX: "accepted"}


def test_a_masked_one_declared_from_two_addresses_is_for_a_person() -> None:
    there = an_ege(DAY_CENTRE, declared=OURS, number="3", street="QU DU PORT")
    found = linked([an_ege(declared=OURS), there], [], [a_masked()])
    assert found["status"].to_list() == ["review", "review"]
