"""Who leaves the field stays as a closed structure, and only what happens in the world is an opening."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.etl.conftest import MakeInstance
from tests.etl.finess.test_history import DAY_1, a_day
from tests.etl.instance import Instance
from tests.etl.registers.people import NOVEMBER, Person, load_pages, load_stock
from tests.etl.registers.test_links import REST, SECOND, changes, declaring

LEAVES, STAYS, LINKED, TO_COME = Person(12), Person(34), Person(78), Person(56)
A_BAKERY = {"activitePrincipaleEtablissement": "10.71C", "activitePrincipaleNAF25Etablissement": "10.71Y"}
BORDEAUX = {
    "codePostalEtablissement": "33000",
    "libelleCommuneEtablissement": "BORDEAUX",
    "codeCommuneEtablissement": "33063",
}
LATER = "2026-11-21T21:52:02.598"
IN_NOVEMBER = {TO_COME.siret: {"dateCreationEtablissement": date(2026, 11, 1)}}


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One that FINESS declares, three that SIRENE alone knows, one of whom opens in November."""
    folder = tmp_path_factory.mktemp("octobre")
    with make_instance() as instance:
        day = a_day(folder, DAY_1, declaring(LINKED.siret), declaring(None, SECOND), *REST)
        assert instance.refresh(day).state == "published"
        report = load_stock(instance, folder, LEAVES, STAYS, LINKED, TO_COME, changed=IN_NOVEMBER)
        assert report.state == "published", report
        yield instance


def is_open(instance: Instance, person: Person) -> list[bool]:
    return [row[0] for row in instance.rows(f"SELECT open FROM structure WHERE id = '{person.id}'")]


def kinds(instance: Instance, person: Person) -> list[str]:
    return [kind for structure, kind, *_ in changes(instance) if structure == person.id]


def test_who_leaves_the_field_is_a_closed_structure_and_comes_back_as_it_was(told: Instance, tmp_path: Path) -> None:
    row = f"SELECT name, categorie_no, address_lines, lon, lat, open FROM structure WHERE id = '{LEAVES.id}'"
    before = told.rows(row)
    assert load_pages(told, tmp_path, LEAVES.entry(**A_BAKERY)).state == "published"
    assert (is_open(told, LEAVES), kinds(told, LEAVES)) == ([False], ["closed"])
    assert told.differences() == []
    assert load_pages(told, tmp_path, LEAVES.entry(LATER)).state == "published"
    assert (told.rows(row), kinds(told, LEAVES)) == (before, ["closed", "reopened"])


def test_a_link_that_ends_because_a_practice_moved_tells_no_opening(told: Instance, tmp_path: Path) -> None:
    assert is_open(told, LINKED) == []
    assert load_pages(told, tmp_path, LINKED.entry(**BORDEAUX)).state == "published"
    assert (is_open(told, LINKED), kinds(told, LINKED)) == ([True], [])


def test_an_opening_that_was_announced_is_told_once_it_comes(told: Instance, tmp_path: Path) -> None:
    assert is_open(told, TO_COME) == []
    load_stock(told, tmp_path, LEAVES, STAYS, LINKED, TO_COME, day=NOVEMBER, changed=IN_NOVEMBER)
    assert (is_open(told, TO_COME), kinds(told, TO_COME)) == ([True], ["opened"])
