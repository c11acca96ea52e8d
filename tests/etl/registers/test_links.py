"""One structure per place: what a link gives, what its end takes back, and what people decided through every load."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.registers import acts
from etl.rollback import rollback
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import an_address, an_ege, many
from tests.etl.finess.test_history import DAY_1, DAY_2, DAY_3, a_day
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import NOVEMBER, Person, load_pages, load_stock
from tests.places import LILLE

LINKED, OTHER = Person(12), Person(34)
EGE, SECOND = "590000001", "590000002"
REST = many(30, first=3)


def declaring(siret: str | None, finess: str = EGE, **fields: Any) -> dict[str, Any]:
    """An establishment of FINESS at its commune's centre that declares a SIRET."""
    about = {"siret": siret} if siret else {}
    return an_ege(
        finess,
        f"CABINET {finess}",
        **({"adresse": [an_address(LILLE, point={})]} | fields),
        about={"egeId": finess, "numFinessEge": finess, "nomEgeLong": f"CABINET {finess}", **about},
    )


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An establishment of FINESS that declares one of two practitioners."""
    folder = tmp_path_factory.mktemp("octobre")
    with make_instance() as instance:
        day = a_day(folder, DAY_1, declaring(LINKED.siret), declaring(None, SECOND), *REST)
        assert instance.refresh(day).state == "published"
        report = load_stock(instance, folder, LINKED, OTHER)
        assert report.state == "published", report
        yield instance


@pytest.fixture
def linked(october: Instance, make_instance: MakeInstance) -> Iterator[Instance]:
    with make_instance(like=october) as instance:
        yield instance


def acting(instance: Instance) -> acts.Instance:
    return acts.Instance(instance.engine, instance.home, instance.search)


def structures(instance: Instance) -> list[str]:
    return [row[0] for row in instance.rows("SELECT id FROM structure WHERE register = 'sirene' ORDER BY id")]


def row(instance: Instance, finess: str = EGE) -> Any:
    """All that is told of a structure of FINESS."""
    [(found,)] = instance.rows(
        f"SELECT to_jsonb(s) - 'load_id' - 'row_hash' FROM structure AS s WHERE id = 'f{finess}'"
    )
    return found


def changes(instance: Instance) -> list[tuple[Any, ...]]:
    return [
        tuple(each) for each in instance.rows("SELECT structure, kind, before, after FROM structure_change ORDER BY id")
    ]


def test_what_finess_declares_is_one_structure_with_the_activity_and_the_place_that_insee_knows(
    linked: Instance,
) -> None:
    assert structures(linked) == [OTHER.id]
    told = row(linked)
    assert (told["naf"], told["position_source"]) == (["2025:86.94G", "86.90D"], "insee")
    assert [round(told["lon"], 4), round(told["lat"], 4)] == [round(LINKED.lon, 4), round(LINKED.lat, 4)]


def test_the_name_of_a_natural_person_is_not_given_to_the_structure(linked: Instance) -> None:
    assert row(linked)["aliases"] == []


def test_a_second_day_of_finess_keeps_what_sirene_gives(linked: Instance, tmp_path: Path) -> None:
    before = row(linked)
    renamed = an_ege("590000003", about={"nomEgeLong": "NOUVEAU NOM"})
    linked.refresh(a_day(tmp_path, DAY_2, declaring(LINKED.siret), declaring(None, SECOND), renamed, *REST[1:]))
    assert row(linked) == before
    assert structures(linked) == [OTHER.id]


def test_the_end_of_a_link_takes_back_exactly_what_it_gave(
    linked: Instance, tmp_path: Path, make_instance: MakeInstance
) -> None:
    day_2 = a_day(tmp_path, DAY_2, declaring(None), declaring(None, SECOND), *REST)
    assert linked.refresh(day_2).state == "published"
    assert structures(linked) == [LINKED.id, OTHER.id]
    with make_instance() as alone:
        alone.refresh(day_2)
        assert row(linked) == row(alone)
    assert linked.rows("SELECT count(*) FROM structure_own") == [(0,)]


def test_a_link_that_is_refused_brings_the_second_structure_and_undone_takes_it_away(linked: Instance) -> None:
    before = row(linked)
    acts.decide(acting(linked), EGE, LINKED.siret, "rejected", "A. Vérificateur", "ce n’est pas elle")
    assert structures(linked) == [LINKED.id, OTHER.id]
    assert (row(linked)["naf"], row(linked)["siret"], row(linked)["position_source"]) == ([], [], "commune")
    acts.undo_decision(acting(linked), EGE, LINKED.siret)
    assert (structures(linked), row(linked)) == ([OTHER.id], before)
    assert linked.differences() == []


def test_decisions_survive_every_load_and_every_return(linked: Instance, tmp_path: Path) -> None:
    loads = dict(map(tuple, linked.rows("SELECT pipeline, max(id) FROM load GROUP BY pipeline")))
    acts.decide(acting(linked), EGE, LINKED.siret, "rejected", "A. Vérificateur", "ce n’est pas elle")
    acts.decide(acting(linked), SECOND, OTHER.siret, "accepted", "A. Vérificateur", "vue sur place")
    decided = [LINKED.id]
    assert structures(linked) == decided
    linked.refresh(a_day(tmp_path, DAY_2, declaring(LINKED.siret), declaring(None, SECOND), *REST))
    assert structures(linked) == decided
    load_stock(linked, tmp_path, LINKED, OTHER, day=NOVEMBER)
    assert structures(linked) == decided
    for pipeline in ("finess", "sirene"):
        rollback(linked.engine, linked.search, loads[pipeline], home=linked.home)
        assert structures(linked) == decided
    assert row(linked, SECOND)["siret"] == [OTHER.siret]
    assert linked.differences() == []


def test_a_number_that_finess_publishes_no_more_lets_its_practitioner_be_a_structure(
    linked: Instance, tmp_path: Path
) -> None:
    report = linked.refresh(a_day(tmp_path, DAY_2, declaring(None, SECOND), *REST))
    assert report.state == "published", report
    assert structures(linked) == [LINKED.id, OTHER.id]
    linked.refresh(a_day(tmp_path, DAY_3, declaring(LINKED.siret), declaring(None, SECOND), *REST))
    assert structures(linked) == [OTHER.id]


def test_two_establishments_that_declare_one_number_stay_two_structures(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, declaring(LINKED.siret), declaring(LINKED.siret, SECOND), *REST))
    load_stock(instance, tmp_path, LINKED, OTHER)
    assert structures(instance) == [OTHER.id]
    assert row(instance)["siret"] == row(instance, SECOND)["siret"] == [LINKED.siret]


def test_two_practitioners_at_one_door_stay_two(linked: Instance, tmp_path: Path) -> None:
    neighbour = Person(56)
    changed = {neighbour.siret: OTHER.address}
    load_stock(linked, tmp_path, LINKED, OTHER, neighbour, day=NOVEMBER, changed=changed)
    assert structures(linked) == [OTHER.id, neighbour.id]


def test_a_first_stock_tells_no_change_and_links_never_do(linked: Instance, tmp_path: Path) -> None:
    acts.decide(acting(linked), EGE, LINKED.siret, "rejected", "A. Vérificateur", "ce n’est pas elle")
    acts.undo_decision(acting(linked), EGE, LINKED.siret)
    assert changes(linked) == []


def test_what_the_register_changes_is_told_once(linked: Instance, tmp_path: Path) -> None:
    new, closing = Person(56), Person(78)
    load_stock(linked, tmp_path, LINKED, OTHER, closing, day=NOVEMBER)
    assert changes(linked) == [(closing.id, "opened", None, "open")]
    entries = [
        OTHER.entry(enseigne1Etablissement="CABINET NEUF"),
        closing.entry(etatAdministratifEtablissement="F"),
        new.entry(),
    ]
    for _ in range(2):
        load_pages(linked, tmp_path, *entries, accept=["closed"])
    assert [each[:2] for each in changes(linked)[1:]] == [
        (OTHER.id, "renamed"),
        (new.id, "opened"),
        (closing.id, "closed"),
    ]


def test_the_number_of_a_masked_practitioner_that_a_person_linked_is_no_longer_told(
    linked: Instance, tmp_path: Path
) -> None:
    """FINESS does not publish it: what is told of the structure is what FINESS publishes."""
    before = row(linked, SECOND)
    acts.decide(acting(linked), SECOND, OTHER.siret, "accepted", "A. Vérificateur", "vue sur place")
    assert row(linked, SECOND)["siret"] == [OTHER.siret]
    load_pages(linked, tmp_path, OTHER.hidden_entry())
    assert row(linked, SECOND) == before
    assert places(linked, OTHER.secrets) == []


def test_a_declared_practitioner_who_hides_leaves_the_structure_as_finess_publishes_it(
    linked: Instance, tmp_path: Path, make_instance: MakeInstance
) -> None:
    load_pages(linked, tmp_path, LINKED.hidden_entry())
    with make_instance() as alone:
        alone.refresh(a_day(tmp_path, DAY_1, declaring(LINKED.siret), declaring(None, SECOND), *REST))
        assert row(linked) == row(alone)
    assert places(linked, LINKED.secrets, [(LINKED.lon, LINKED.lat)]) == []
    (link,) = linked.rows(
        f"SELECT reason, parts->>'address' FROM link WHERE siret = '{LINKED.siret}' AND valid_to IS NULL"
    )
    said = "SIRET déclaré confirmé par ses numéros et sa commune (diffusion partielle), d’une autre entité juridique."
    assert tuple(link) == (said, None)
