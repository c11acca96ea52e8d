"""Activities in scope, in both nomenclatures, and the category each makes."""

from itertools import product

import polars as pl
import pytest

from etl.sirene.naf import categorie, categorie_no, in_scope
from geo.categories import categories, categories_by_no, family_members
from geo.naf import NAF2025, REV2
from geo.reference.naf import naf_codes, written

COLUMNS = dict.fromkeys(("naf", "nomenclature", "naf25"), pl.String)


@pytest.mark.parametrize(
    ("naf", "nomenclature", "naf25", "expected"),
    [
        ("86.21Z", REV2, None, "lib:medecin-generaliste"),
        ("86.90D", REV2, None, "lib:infirmier-sage-femme"),
        ("86.90D", REV2, "86.94G", "lib:infirmier"),
        ("86.90D", REV2, "86.94H", "lib:sage-femme"),
        ("86.90B", REV2, "86.91Y", "lib:laboratoire"),
        ("86.22A", REV2, "86.91Y", "lib:radiologie"),
        ("86.21Z", REV2, "86.94G", "lib:medecin-generaliste"),
        (None, None, "86.91Y", "lib:imagerie-laboratoire"),
        ("86.94H", NAF2025, None, "lib:sage-femme"),
        ("87.10A", REV2, "87.10G", "lib:hebergement-medicalise-personnes-agees"),
        ("47.78A", REV2, "47.74G", "lib:opticien"),
        ("85.3A", "NAF1993", None, None),
        ("86.21Z", "NAF1993", None, None),
        ("56.10A", REV2, "56.11G", None),
        (None, None, None, None),
    ],
)
def test_an_activity_makes_its_category(
    naf: str | None, nomenclature: str | None, naf25: str | None, expected: str | None
) -> None:
    row = {"naf": naf, "nomenclature": nomenclature, "naf25": naf25}
    assert pl.DataFrame([row], schema=COLUMNS).select(categorie()).item() == expected


def test_to_be_in_scope_is_to_have_a_category() -> None:
    codes = [None, "56.10A", *(each.code for each in naf_codes())]
    every = list(product(codes, (None, REV2, NAF2025, "NAF1993"), codes))
    frame = pl.DataFrame(every, schema=COLUMNS, orient="row")
    found = frame.select(code=categorie(), scope=in_scope())
    assert found["scope"].to_list() == [code is not None for code in found["code"]]


def test_every_code_makes_a_category_that_exists_and_every_category_of_ours_has_a_code() -> None:
    made = {each.categorie for each in naf_codes()}
    assert made == {code for code in categories() if code.startswith("lib:")}


def test_numbers_of_our_categories_never_meet_finess_s() -> None:
    ours = [each for each in categories().values() if each.code.startswith("lib:")]
    assert all(each.no >= 10_000 for each in ours)
    assert len(categories_by_no()) == len(categories())
    assert pl.select(categorie_no(pl.lit("lib:pharmacie"))).item() == categories()["lib:pharmacie"].no


def test_independent_professionals_are_one_family_and_other_structures_another() -> None:
    professionals, others = family_members("lib"), family_members("sirene")
    assert {"lib:medecin-generaliste", "lib:dentiste", "lib:infirmier"} <= set(professionals)
    assert {"lib:pharmacie", "lib:ambulance", "lib:aide-a-domicile"} <= set(others)
    assert len(professionals) + len(others) == len([code for code in categories() if code.startswith("lib:")])


def test_no_code_is_a_family_without_name() -> None:
    assert family_members("") == ()


def test_a_label_stands_on_one_line_spaced_once() -> None:
    assert [each.libelle for each in naf_codes() if each.libelle != written(each.libelle)] == []
