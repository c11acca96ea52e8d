"""Which register is heard for each field of a structure that both know, as geo/precedence.py says."""

from collections.abc import Iterator
from typing import Any

import pytest

from geo.precedence import EVERY, PRECEDENCE, TRUSTED_FIRST
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_address, an_ege, many
from tests.etl.instance import Instance
from tests.etl.registers.people import Person, load_stock
from tests.places import LILLE

NURSE, ELSEWHERE, ALONE = Person(12), Person(34), Person(56)
EGE, PLACED = "590000001", "590000002"
COLUMNS = {
    "name": "name",
    "other_names": "other_names || aliases",
    "categorie": "categorie_no",
    "naf": "naf",
    "siret": "siret",
    "siren": "siren",
    "entite_juridique": "ej_finess",
    "address": "address_lines",
    "phones": "phones",
    "open": "open",
    "position": "position_source",
}


@pytest.fixture(scope="module")
def both(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One at its commune's centre and one at its door in FINESS, each declaring an establishment of SIRENE."""
    eges = [
        an_ege(EGE, "CABINET DES LILAS", adresse=[an_address(LILLE, point={})], about=declaring(EGE, NURSE)),
        an_ege(PLACED, "CABINET DES ROSES", about=declaring(PLACED, ELSEWHERE)),
    ]
    folder = tmp_path_factory.mktemp("deux-registres")
    with make_instance() as instance:
        assert instance.refresh(a_file(folder, *eges, *many(5, first=3))).state == "published"
        assert load_stock(instance, folder, NURSE, ELSEWHERE, ALONE).state == "published"
        yield instance


def declaring(finess: str, person: Person) -> dict[str, str]:
    return {"egeId": finess, "numFinessEge": finess, "nomEgeLong": f"CABINET {finess}", "siret": person.siret}


def told(instance: Instance, structure: str) -> dict[str, Any]:
    columns = ", ".join(f"{column} AS {field}" for field, column in COLUMNS.items())
    (row,) = instance.rows(f"SELECT {columns} FROM structure WHERE id = '{structure}'")
    return dict(row._mapping)


def test_every_field_of_the_table_is_looked_at() -> None:
    assert set(COLUMNS) == set(PRECEDENCE)


def test_where_finess_comes_first_its_word_stands(both: Instance) -> None:
    first = {field for field, registers in PRECEDENCE.items() if registers[0] == "finess"} - {"position"}
    row, sirene = told(both, f"f{EGE}"), told(both, f"s{ALONE.siret}")
    assert first == {"name", "categorie", "siren", "entite_juridique", "address", "phones", "open"}
    assert (row["name"], row["phones"], row["open"]) == (f"CABINET {EGE}", ["03 20 00 00 00"], True)
    assert row["siren"] == NURSE.siren
    assert row["entite_juridique"] is not None
    assert row["categorie"] != sirene["categorie"]
    assert not any(NURSE.street.casefold() in line.casefold() for line in row["address"])


def test_where_every_register_is_heard_all_are(both: Instance) -> None:
    assert {field for field, registers in PRECEDENCE.items() if registers[0] == EVERY} == {"other_names", "siret"}
    assert told(both, f"f{EGE}")["siret"] == [NURSE.siret]


def test_sirene_alone_tells_the_activity(both: Instance) -> None:
    assert PRECEDENCE["naf"] == ("sirene",)
    assert sorted(told(both, f"f{EGE}")["naf"]) == ["2025:86.94G", "86.90D"]


def test_the_more_precise_point_is_heard_and_finess_s_where_both_are_as_precise(both: Instance) -> None:
    order = ("administrator", "finess", "finess_ancien", "sirene", "geocoder", "commune")
    assert PRECEDENCE["position"] == order
    assert [{"insee": "sirene"}.get(source, source) for source in TRUSTED_FIRST] == list(order)
    assert told(both, f"f{EGE}")["position"] == "insee"
    assert told(both, f"f{PLACED}")["position"] == "finess"


def test_of_what_sirene_alone_knows_it_tells_all(both: Instance) -> None:
    row = told(both, f"s{ALONE.siret}")
    assert (row["siret"], row["siren"], row["position"], row["phones"]) == ([ALONE.siret], ALONE.siren, "insee", [])
